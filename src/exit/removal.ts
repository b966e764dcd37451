import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Edited, removeLines, replaceLines, uninstallFrom } from './edits';
import { ExitError } from './errors';
import type { ExitStep } from './exit-list';

/** What {@link carryOut} has done, or with `dryRun` would have done. */
export interface Removal {
  /** Paths below the root, in the order of the list. */
  readonly deleted: readonly string[];
  /** Paths below the root, each once. */
  readonly changed: readonly string[];
}

const manifest = 'package.json';

/**
 * Carry out the steps that concern files; those that concern the database are left alone.
 *
 * Everything is checked before anything is changed.
 *
 * @param root - the project's folder.
 * @throws ExitError naming every step that does not fit the files; then nothing has been changed.
 */
export async function carryOut(
  root: string,
  steps: readonly ExitStep[],
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<Removal> {
  const plan = planRemoval(root, steps);
  if (!dryRun) {
    for (const [file, text] of plan.texts) await writeFile(path.join(root, file), text);
    for (const file of plan.deleted) await remove(root, file);
  }
  return { deleted: plan.deleted, changed: [...plan.texts.keys()] };
}

interface Plan {
  /** New contents by path. */
  readonly texts: Map<string, string>;
  readonly deleted: string[];
}

function planRemoval(root: string, steps: readonly ExitStep[]): Plan {
  const plan: Plan = { texts: new Map(), deleted: [] };
  const problems: string[] = [];
  for (const step of steps) {
    if (step.verb === 'delete') planDeletion(root, step.path, plan, problems);
  }
  for (const step of steps) {
    const edit = editOf(step);
    if (edit) planEdit(root, edit, plan, problems);
  }
  if (problems.length > 0) {
    throw new ExitError('The exit list does not fit the files. Nothing was changed.', problems);
  }
  return plan;
}

function planDeletion(root: string, file: string, plan: Plan, problems: string[]): void {
  const within = plan.deleted.find((deleted) => isWithin(file, deleted));
  if (within !== undefined) problems.push(`${file} is deleted already, by 'delete ${within}'.`);
  else if (!existsSync(path.join(root, file))) problems.push(`${file} does not exist.`);
  else plan.deleted.push(file);
}

interface Edit {
  readonly path: string;
  apply(text: string): Edited;
}

function editOf(step: ExitStep): Edit | undefined {
  switch (step.verb) {
    case 'replace':
      return { path: step.path, apply: (text) => replaceLines(text, step.old, step.replacement) };
    case 'remove-lines':
      return { path: step.path, apply: (text) => removeLines(text, step.lines) };
    case 'uninstall':
      return { path: manifest, apply: (text) => uninstallFrom(text, step.packageName) };
    case 'delete':
    case 'drop-columns':
    case 'drop-tables':
      return undefined;
  }
}

function planEdit(root: string, edit: Edit, { texts, deleted }: Plan, problems: string[]): void {
  const file = path.join(root, edit.path);
  const deletion = deleted.find((name) => isWithin(edit.path, name));
  if (deletion !== undefined) {
    problems.push(`${edit.path} is to be changed and deleted.`);
    return;
  }
  if (!existsSync(file)) {
    problems.push(`${edit.path} does not exist.`);
    return;
  }
  const edited = edit.apply(texts.get(edit.path) ?? readFileSync(file, 'utf8'));
  if ('problem' in edited) problems.push(`${edit.path} ${edited.problem}.`);
  else texts.set(edit.path, edited.text);
}

function isWithin(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`);
}

/** Delete a path, and the folders above it that hold nothing more. */
async function remove(root: string, file: string): Promise<void> {
  await rm(path.join(root, file), { recursive: true });
  let folder = path.dirname(file);
  while (folder !== '.' && (await readdir(path.join(root, folder))).length === 0) {
    await rmdir(path.join(root, folder));
    folder = path.dirname(folder);
  }
}
