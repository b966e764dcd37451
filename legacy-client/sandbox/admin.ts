import type { SandboxControl } from './control';
import { readTagged, writeTagged } from './tagged-json';

/** Where the switches are found: `POST /sandbox/failNext` with a JSON list of arguments. */
export const adminPath = '/sandbox/';

/** The names of all switches and views. */
export const controlMethods = [
  'failNext',
  'delayNext',
  'loseResponse',
  'truncate',
  'throttle',
  'expireLogin',
  'editAsLegacyUser',
  'createAsLegacyUser',
  'deleteAsLegacyUser',
  'expireChangeTokens',
  'shiftClock',
  'records',
  'record',
  'load',
  'journal',
  'clearJournal',
  'pendingFaults',
  'reset',
] as const satisfies readonly (keyof SandboxControl)[];

/** The name of a switch or view. */
export type ControlMethod = (typeof controlMethods)[number];

/** What an admin request is answered with. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

function isControlMethod(name: string): name is ControlMethod {
  return controlMethods.some((method) => method === name);
}

function argumentsIn(body: string): unknown[] {
  const given = body === '' ? [] : readTagged(body);
  return Array.isArray(given) ? Array.from<unknown>(given) : [given];
}

/** Carry out one admin request. Errors are answered, not thrown. */
export async function answerAdmin(
  control: SandboxControl,
  request: { readonly method: string; readonly path: string; readonly body: string },
): Promise<AdminAnswer> {
  const name = request.path.slice(adminPath.length);
  if (request.method !== 'POST' || !isControlMethod(name)) {
    const error = `No such switch: POST ${adminPath}{${controlMethods.join(',')}}`;
    return { status: 404, body: writeTagged({ error }) };
  }
  try {
    const call = control[name].bind(control) as (...values: unknown[]) => Promise<unknown>;
    const result = await call(...argumentsIn(request.body));
    return { status: 200, body: writeTagged({ result }) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { status: 400, body: writeTagged({ error: message }) };
  }
}
