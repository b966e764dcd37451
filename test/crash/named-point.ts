import type { Socket } from 'node:net';

/** Moments of a write that a process can know by what it exchanges with its servers. */
export const pointNames = [
  'noted',
  'before the request',
  'request sent',
  'request answered',
  'before COMMIT',
  'COMMIT sent',
  'COMMIT answered',
  'before the undo',
  'undo sent',
  'undo answered',
  'before the intents end',
  'intents ended',
] as const;
export type PointName = (typeof pointNames)[number];

/** A named moment, and how often it has come before: 1 for the first time. */
export interface NamedPoint {
  readonly name: PointName;
  readonly nth: number;
}

/** What a process sends that matters here. */
type Sending = 'intents' | 'request' | 'COMMIT' | 'ROLLBACK' | 'end of intents' | 'other';

type Moment = 'before' | 'sent' | 'answered';

const moments: Readonly<Record<PointName, readonly [Sending | 'undo', Moment]>> = {
  noted: ['intents', 'answered'],
  'before the request': ['request', 'before'],
  'request sent': ['request', 'sent'],
  'request answered': ['request', 'answered'],
  'before COMMIT': ['COMMIT', 'before'],
  'COMMIT sent': ['COMMIT', 'sent'],
  'COMMIT answered': ['COMMIT', 'answered'],
  'before the undo': ['undo', 'before'],
  'undo sent': ['undo', 'sent'],
  'undo answered': ['undo', 'answered'],
  'before the intents end': ['end of intents', 'before'],
  'intents ended': ['end of intents', 'answered'],
};

function sendingOf(text: string): Sending {
  // A read is GET; MERGE is POST with a header.
  if (/^(POST|PATCH|PUT|MERGE|DELETE) \//.test(text)) return 'request';
  if (text.includes('INSERT INTO dual_write_intents')) return 'intents';
  if (text.includes('DELETE FROM dual_write_intents')) return 'end of intents';
  if (text.includes('COMMIT;\0')) return 'COMMIT';
  return /ROLLBACK(;| TO)/.test(text) ? 'ROLLBACK' : 'other';
}

/** Watches what the process exchanges for a named point, and strikes there. */
export class PointWatch {
  readonly #sending: Sending | 'undo';
  readonly #moment: Moment;
  #left: number;
  #isRolledBack: boolean;
  readonly #awaited = new WeakSet<Socket>();

  /**
   * @param isRecovery - what recovery sends to the CRM is an undo from the beginning.
   */
  constructor(
    { name, nth }: NamedPoint,
    isRecovery: boolean,
    private readonly strike: () => void,
  ) {
    [this.#sending, this.#moment] = moments[name];
    this.#left = nth;
    this.#isRolledBack = isRecovery;
  }

  /** Something is about to be sent. */
  beforeWrite(socket: Socket, data: unknown): void {
    const text = Buffer.isBuffer(data) ? data.toString('latin1') : String(data);
    const plain = sendingOf(text);
    if (plain === 'ROLLBACK') this.#isRolledBack = true;
    const sending = plain === 'request' && this.#isRolledBack ? 'undo' : plain;
    if (sending !== this.#sending) return;
    this.#left -= 1;
    if (this.#left !== 0) return;
    if (this.#moment === 'before') this.strike();
    // NOTE: node holds a request's head back until its body has been written, too.
    else if (this.#moment === 'sent') setImmediate(this.strike);
    else this.#awaited.add(socket);
  }

  /** Something has arrived, and nobody has seen it yet. */
  beforePush(socket: Socket): void {
    if (this.#awaited.has(socket)) this.strike();
  }
}
