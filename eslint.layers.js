const { createTypeScriptImportResolver } = require('eslint-import-resolver-typescript');
const importX = require('eslint-plugin-import-x');
const tseslint = require('typescript-eslint');

/**
 * Which folder may import which. Imports point one way only: see docs/ARCHITECTURE.md.
 *
 * A folder may always import from itself and from installed packages, and nothing that is not
 * named here. Folders marked `leaves` are deleted on the day of the exit; nothing that stays may
 * name one of them.
 */
const LAYERS = [
  { folder: 'legacy-client', leaves: true, imports: [] },
  { folder: 'src/model', imports: [] },
  { folder: 'src/revisions', imports: ['src/model'] },
  { folder: 'src/transfer', imports: ['src/model', 'src/revisions'] },
  { folder: 'src/jobs', imports: ['src/model', 'src/revisions', 'src/transfer'] },
  {
    folder: 'src/console',
    imports: ['src/model', 'src/revisions', 'src/transfer', 'src/jobs'],
    advice: 'The console survives the exit: the composition root hands it what it shows of sync.',
  },
  { folder: 'src/mapping', leaves: true, imports: ['src/model', 'legacy-client'] },
  {
    folder: 'src/sync',
    leaves: true,
    imports: ['src/model', 'src/revisions', 'src/mapping', 'legacy-client'],
  },
  {
    folder: 'src/exit',
    leaves: true,
    imports: [
      'src/model',
      'src/revisions',
      'src/transfer',
      'src/mapping',
      'src/sync',
      'legacy-client',
    ],
  },
  {
    folder: 'src/cli',
    imports: [
      'src/model',
      'src/revisions',
      'src/transfer',
      'src/jobs',
      'src/mapping',
      'src/sync',
      'src/exit',
      'legacy-client',
    ],
  },
  {
    folder: 'src/index.ts',
    imports: [
      'src/model',
      'src/revisions',
      'src/transfer',
      'src/jobs',
      'src/mapping',
      'src/sync',
      'src/exit',
      'src/console',
      'legacy-client',
    ],
  },
  {
    // Every model but the one base class, which is the line that changes at the exit.
    folder: 'models',
    target: 'models/!(base).ts',
    imports: ['src/model'],
    advice: 'A model mentions the library in models/base.ts only.',
  },
  { folder: 'models/base.ts', imports: ['src/index.ts', 'src/model'] },
  { folder: 'migrators', leaves: true, imports: ['src/index.ts', 'models'] },
  {
    folder: 'src/example',
    imports: ['src', 'models', 'migrators', 'legacy-client'],
  },
  { folder: 'src/main.ts', imports: ['src', 'models', 'migrators', 'legacy-client'] },
];

/** The client proper is published alone; the sandbox is a server for laptops and tests. */
const CLIENT_WITHOUT_SANDBOX = {
  target: './legacy-client/!(sandbox)/**/*',
  from: './legacy-client/sandbox',
  message: 'The client does not know the sandbox.',
};

function zoneOf({ folder, target, imports, advice }) {
  const may = imports.length > 0 ? `only ${imports.join(', ')}` : 'nothing of the project';
  return {
    target: `./${target ?? folder}`,
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
