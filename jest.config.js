const { availableParallelism } = require('node:os');

/** Packages that exist only as ES modules, which jest's CommonJS cannot load as they are. */
const ES_MODULE_PACKAGES = ['iso-3166'];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      {
        swcrc: false,
        // NOTE: es2022 keeps native class fields, as `tsc` and `tsx` do. A model attribute written
        // without `declare` would then hide Sequelize's accessor in the tests too, not only in
        // production.
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULE_PACKAGES.join('|')})/)`],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testTimeout: 30_000,
  // PostgreSQL and the sandbox need their share of the processor.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
};
