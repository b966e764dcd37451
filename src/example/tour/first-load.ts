import type { Model, ModelStatic } from 'sequelize';
import type { Stage } from './stage';

/** Bring everything over with ordinary reads, those models first that others refer to. */
export async function loadEverything({ models, sandbox, narrator }: Stage): Promise<void> {
  narrator.chapter('Ordinary reads bring everything over');
  for (const [name, model] of Object.entries<ModelStatic<Model>>(models)) {
    await sandbox.clearJournal();
    const started = performance.now();
    const rows = await model.findAll();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const requests = (await sandbox.journal()).length;
    narrator.say(
      rows.length === 0 ? 'nothing' : '',
      `${`${name}.findAll()`.padEnd(24)}${String(rows.length).padStart(5)} rows` +
        `${String(requests).padStart(6)} requests${seconds.padStart(7)} s`,
    );
  }
}
