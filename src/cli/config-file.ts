import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineConfig, type DualWriteConfig } from './config';
import { UsageError } from './exit-codes';

/** Looked for in this order, in the folder that the command is started in. */
const usualNames = ['dual-write.config.ts', 'dual-write.config.js', 'dual-write.config.cjs'];

/**
 * Read the configuration file.
 *
 * @param given - its path; without one, the usual names are looked for in the working directory.
 * @throws UsageError when there is none, it cannot be loaded, or it exports no configuration.
 */
export async function readConfigFile(given: string | undefined): Promise<DualWriteConfig> {
  const file = find(given);
  const exported = isTypeScript(file) ? requireTypeScript(file) : await importFile(file);
  const config = configIn(exported);
  if (config) return config;
  throw new UsageError(
    `${shown(file)} exports no configuration. Write export default defineConfig({ connect }), or ` +
      'in a .cjs file module.exports = { connect }.',
  );
}

function find(given: string | undefined): string {
  const candidates = (given === undefined ? usualNames : [given]).map((name) => path.resolve(name));
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file !== undefined) return file;
  throw new UsageError(
    given === undefined
      ? `There is no ${usualNames.join(', ')} here. Write one, or name another with --config.`
      : `There is no file ${given}.`,
  );
}

function shown(file: string): string {
  return path.relative(process.cwd(), file);
}

function isTypeScript(file: string): boolean {
  return /\.[cm]?ts$/.test(file);
}

interface TypeScriptLoader {
  register(): () => void;
}

/** The project's own tsx reads the file, and what it imports: Node 20 reads no TypeScript. */
function requireTypeScript(file: string): unknown {
  const requireFromThere = createRequire(file);
  let loader: TypeScriptLoader;
  try {
    loader = requireFromThere('tsx/cjs/api') as TypeScriptLoader;
  } catch (error) {
    throw new UsageError(
      `${shown(file)} is TypeScript, which needs the package tsx: npm install --save-dev tsx. ` +
        'Or write the configuration in a .js file.',
      { cause: error },
    );
  }
  loader.register();
  return loaded(file, () => requireFromThere(file) as unknown);
}

async function importFile(file: string): Promise<unknown> {
  return loaded(file, () => import(pathToFileURL(file).href) as Promise<unknown>);
}

function loaded<T>(file: string, load: () => T): T {
  const fail = (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${shown(file)} cannot be loaded: ${reason}`, { cause: error });
  };
  try {
    const result = load();
    return result instanceof Promise ? (result.catch(fail) as T) : result;
  } catch (error) {
    return fail(error);
  }
}

/** NOTE: the default of an ES module that was compiled to CommonJS arrives as `default.default`. */
function configIn(exported: unknown): DualWriteConfig | undefined {
  const module = fieldsOf(exported);
  const inner = fieldsOf(module.default);
  const candidates = [exported, module.default, module.config, inner.default, inner.config];
  const config = candidates.find(isConfig);
  return config && defineConfig(config);
}

function isConfig(value: unknown): value is Parameters<typeof defineConfig>[0] {
  return typeof value === 'function' || typeof fieldsOf(value).connect === 'function';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
