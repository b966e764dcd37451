const { createTypeScriptImportResolver } = require('eslint-import-resolver-typescript');
const importX = require('eslint-plugin-import-x');
const tseslint = require('typescript-eslint');

const LIBRARY = [
  'src/model',
  'src/revisions',
  'src/transfer',
  'src/jobs',
  'src/mapping',
  'src/sync',
  'src/load',
  'src/introspect',
  'src/exit',
  'src/console',
  'legacy-client',
];

/**
 * Which folder may import which. Imports point one way only: see docs/ARCHITECTURE.md.
 *
 * A folder may always import from itself and from installed packages, and nothing that is not
 * named here. On the day of the exit legacy-client, migrators, src/mapping, src/sync and src/exit are
 * deleted; so nothing that stays may name one of them, but for the roots that put all together.
 */
const LAYERS = [
  { folder: 'legacy-client', imports: [] },
  { folder: 'src/model', imports: [] },
  { folder: 'src/revisions', imports: ['src/model'] },
  { folder: 'src/transfer', imports: ['src/model', 'src/revisions'] },
  { folder: 'src/jobs', imports: ['src/model', 'src/revisions', 'src/transfer'] },
  {
    folder: 'src/console',
    imports: ['src/model', 'src/revisions', 'src/transfer', 'src/jobs'],
    advice: 'The console survives the exit: the composition root hands it what it shows of sync.',
  },
  { folder: 'src/mapping', imports: ['src/model', 'legacy-client'] },
  {
    folder: 'src/sync',

    imports: ['src/model', 'src/revisions', 'src/mapping', 'legacy-client'],
  },
  {
    folder: 'src/load',

    imports: ['src/model', 'src/revisions', 'src/jobs', 'src/mapping', 'src/sync', 'legacy-client'],
  },
  { folder: 'src/introspect', imports: ['src/mapping', 'legacy-client'] },
  {
    folder: 'src/exit',

    imports: [
      'src/model',
      'src/revisions',
      'src/transfer',
      'src/mapping',
      'src/sync',
      'legacy-client',
    ],
  },
  { folder: 'src/cli', imports: [...LIBRARY, 'src/index.ts'] },
  { folder: 'src/index.ts', imports: [...LIBRARY, 'src/cli/config.ts'] },
  {
    // Every model but the one base class, which is the line that changes at the exit.
    folder: 'models',
    target: ['./models/!(base).ts', './models/*/**/*'],
    imports: ['src/model'],
    advice: 'A model mentions the library in models/base.ts only.',
  },
  { folder: 'models/base.ts', imports: ['src/index.ts', 'src/model'] },
  { folder: 'migrators', imports: ['src/index.ts', 'models'] },
  { folder: 'src/example', imports: [...LIBRARY, 'src/index.ts', 'models', 'migrators'] },
  { folder: 'src/main.ts', imports: ['src', 'models', 'migrators', 'legacy-client'] },
];

/** The client proper is published alone; the sandbox is a server for laptops and tests. */
const CLIENT_WITHOUT_SANDBOX = {
  target: ['./legacy-client/*.ts', './legacy-client/!(sandbox)/**/*'],
  from: './legacy-client/sandbox',
  message: 'The client does not know the sandbox.',
};

function zoneOf({ folder, target, imports, advice }) {
  const may = imports.length > 0 ? `only ${imports.join(', ')}` : 'nothing of the project';
  return {
    target: target ?? `./${folder}`,
    from: '.',
    except: ['./node_modules', `./${folder}`, ...imports.map((name) => `./${name}`)],
    message: `${folder} imports ${may}.${advice ? ` ${advice}` : ''}`,
  };
}

/**
 * The rules on imports, complete with parser and resolver, for a tree of this shape below a root.
 *
 * @param {string} root
 * @returns {import('eslint').Linter.Config}
 */
function importConfig(root) {
  // NOTE: without the settings of this one, no-cycle passes whatever the files say.
  const typescript = importX.flatConfigs.typescript;
  return {
    files: ['**/*.ts'],
    plugins: typescript.plugins,
    languageOptions: { parser: tseslint.parser },
    settings: {
      ...typescript.settings,
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: root })],
    },
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        { basePath: root, zones: [...LAYERS.map(zoneOf), CLIENT_WITHOUT_SANDBOX] },
      ],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
    },
  };
}

module.exports = { importConfig };
