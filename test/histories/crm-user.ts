import * as oracle from './oracle';
import type { Stage } from './stage';
import { type Cell, type Cells, modelOf, type Shape, shapes } from './state';

/** What users of the CRM itself do; the library hears nothing of it. */
export class CrmUser {
  constructor(private readonly stage: Stage) {}

  async create(name: string, cells: Cells): Promise<void> {
    const { logicalName, name: own } = this.#shape(name);
    const values = { ...(await this.#values(name, cells)), [own.property]: name };
    await this.stage.world.sandbox.createAsLegacyUser(logicalName, values);
    this.stage.tally.edits += 1;
  }

  async edit(name: string, cells: Cells): Promise<void> {
    const { logicalName } = this.#shape(name);
    const values = await this.#values(name, cells);
    await this.stage.world.sandbox.editAsLegacyUser(logicalName, await this.#key(name), values);
    this.stage.tally.edits += 1;
  }

  async delete(name: string): Promise<void> {
    const { logicalName } = this.#shape(name);
    await this.stage.world.sandbox.deleteAsLegacyUser(logicalName, await this.#key(name));
    this.stage.tally.edits += 1;
  }

  #shape(name: string): Shape {
    return shapes[modelOf(name)];
  }

  #key(name: string): Promise<string> {
    return oracle.keyOf(this.stage.world, name);
  }

  async #values(name: string, cells: Cells): Promise<Record<string, Cell>> {
    const { texts, numbers, link } = this.#shape(name);
    const properties: Readonly<Record<string, string>> = { ...texts, ...numbers };
    const values: Record<string, Cell> = {};
    for (const [attribute, cell] of Object.entries(cells)) {
      const property = properties[attribute];
      if (property !== undefined) values[property] = cell;
      else values[link.property] = cell === null ? null : await this.#key(String(cell));
    }
    return values;
  }
}
