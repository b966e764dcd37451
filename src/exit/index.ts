export { ExitError } from './errors';
export { type ExitStep, parseExitList } from './exit-list';
export { carryOut } from './removal';
export { type ExitOptions, legacySchemaOf, readExitList, runExit } from './run-exit';
export { dropLegacyColumns } from './schema';
