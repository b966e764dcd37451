import { Writable } from 'node:stream';
import pino from 'pino';
import {
  auth,
  createLegacyClient,
  exchangeLog,
  type Logger,
  withSecretsRemoved,
} from '../../../legacy-client';
import { account, guid, name } from '../entities';
import { json, startServer } from '../scripted-server';

type Line = Readonly<Record<string, unknown>>;

/** A real pino, and the lines that it has written. */
function pinoInMemory(): { logger: Logger; lines: () => Line[]; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk.toString());
      done();
    },
  });
  const text = (): string => chunks.join('');
  const lines = (): Line[] =>
    text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  return {
    logger: pino({ level: 'debug', base: undefined, timestamp: false }, stream),
    lines,
    text,
  };
}

describe('logging with pino', () => {
  it('writes a line for each exchange, without values and credentials', async () => {
    const server = await startServer((_request, response, number) => {
      if (number === 1) json(response, { d: { results: [] } });
      else json(response, { error: { message: { value: 'no' } } }, { status: 403 });
    });
    const { logger, lines, text } = pinoInMemory();
    const client = createLegacyClient({
      baseUrl: server.root,
      dialect: 'dynamics2011',
      auth: auth.basic({ username: 'made-up', password: 'Secret-Pass' }),
      onExchange: exchangeLog(logger),
    });
    try {
      await client.list(account, { filter: { op: 'eq', property: name, value: 'Secret Name' } });
      await client.get(account, guid(1)).catch(() => undefined);
    } finally {
      client.close();
      await server.close();
    }
    expect(lines()).toMatchObject([
      { level: 20, msg: 'A request to the legacy system', method: 'GET', status: 200, attempt: 1 },
      { level: 40, msg: 'A request to the legacy system failed', status: 403, outcome: 'refused' },
    ]);
    expect(lines()[0]).toMatchObject({ entitySet: 'AccountSet' });
    expect(text()).not.toContain('Secret');
  });

  it('takes secrets out of details, wherever they are', () => {
    const { logger, lines, text } = pinoInMemory();
    const log = withSecretsRemoved(logger);
    log.error(
      {
        model: 'Organisation',
        reason:
          'postgres://app:Hidden-1@db.example/app: refused, sent Authorization: Bearer Hidden-22',
        asked: "GET https://user:Hidden-3@crm.example/AccountSet?$filter=Name%20eq%20'Hidden-4'",
        settings: { password: 'Hidden-5', list: [{ clientSecret: 'Hidden-6' }, 'token=Hidden-7'] },
        cause: new Error('client_secret="Hidden-8 more"; all else stays'),
        at: new Date(0),
        rows: 3,
      },
      'Something failed',
    );
    expect(text()).not.toContain('Hidden');
    expect(lines()).toMatchObject([
      {
        ...{ level: 50, msg: 'Something failed', model: 'Organisation', rows: 3 },
        ...{ settings: { password: '[secret]' }, at: '1970-01-01T00:00:00.000Z' },
        asked: expect.stringContaining('https://crm.example/AccountSet?$filter') as string,
        cause: expect.stringContaining('all else stays') as string,
      },
    ]);
  });

  it('a logger that fails, or lacks a level, changes nothing', () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const broken = (): never => {
      throw new Error('no space left');
    };
    const log = withSecretsRemoved({ info: broken, warn: broken, error: broken });
    log.warn({ reason: 'x' }, 'A warning');
    log.debug({}, 'Nobody listens');
    expect(warned).toHaveBeenCalledTimes(1);
    expect(warned).toHaveBeenCalledWith('The logger failed: Error');
    warned.mockRestore();
  });

  it('details that refer to themselves end somewhere', () => {
    const { logger, text } = pinoInMemory();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    withSecretsRemoved(logger).info(circle, 'A circle');
    expect(text()).toContain('[left out]');
  });
});
