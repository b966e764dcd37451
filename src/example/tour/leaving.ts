import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { carryOut, readExitList } from '../../exit';
import type { Narrator } from './narrator';

const project = path.resolve(__dirname, '../../..');
const notCopied = new Set(['.git', 'node_modules', 'dist', 'coverage']);
const baseClass = path.join('models', 'base.ts');

/** Carry the exit out on a copy of this project, and tell what is left of the library. */
export async function tellLeaving(narrator: Narrator): Promise<void> {
  narrator.chapter('And on the last day the library leaves, tried here on a copy of this project');
  const copy = await mkdtemp(path.join(tmpdir(), 'dual-write-tour-'));
  try {
    for (const name of await readdir(project)) {
      if (notCopied.has(name)) continue;
      await cp(path.join(project, name), path.join(copy, name), { recursive: true });
    }
    const before = await readFile(path.join(copy, baseClass), 'utf8');
    const { deleted, changed } = await carryOut(copy, readExitList(copy));
    const after = await readFile(path.join(copy, baseClass), 'utf8');
    narrator.say('command', 'npx dual-write exit');
    narrator.say('deletes', deleted.filter((name) => !name.startsWith('test/')).join(', '));
    narrator.say('edits', changed.filter((name) => /^(src|models)\//.test(name)).join(', '));
    narrator.say(baseClass, before.trim());
    narrator.say('becomes', after.trim());
    narrator.say('stays', 'the models, the data, the versions, and every ordinary Sequelize call');
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
