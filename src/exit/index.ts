export { ExitError } from './errors';
export { type ExitStep, parseExitList } from './exit-list';
export { carryOut, type Removal } from './removal';
export { type ExitOptions, legacySchemaOf, readExitList, runExit } from './run-exit';
export { dropLegacyColumns, dropStatements, type ExitModels, type LegacySchema } from './schema';
