export type {
  FailNext,
  FaultTarget,
  JournalEntry,
  JournalPart,
  Sandbox,
  SandboxControl,
  SandboxRecord,
} from './control';
export { sandboxLogins } from './login';
export type { SandboxCredentials, SandboxLogin } from './login/gate';
export { connectSandbox } from './remote';
export { runSandbox, type RunSandboxOptions } from './run';
export {
  exampleSchema,
  type DeleteRule,
  type SandboxEntity,
  type SandboxManyToMany,
  type SandboxProperty,
  type SandboxSchema,
} from './schema';
export { startSandbox, type SandboxAddresses, type SandboxOptions } from './server';
export { startSandboxProcess, type SandboxProcessOptions } from './start-process';
export type { OnWrite } from './store/store';
