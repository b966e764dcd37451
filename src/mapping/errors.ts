/** A mapping that cannot work; thrown when the legacy system is connected, before any request. */
export class MappingError extends Error {
  readonly model: string;

  constructor(model: string, problems: readonly string[]) {
    super(`The mapping of ${model} cannot work: ${problems.join(' ')}`);
    this.name = 'MappingError';
    this.model = model;
  }
}
