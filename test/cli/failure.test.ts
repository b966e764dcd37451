import { describeFailure, withoutSecrets } from '../../src/cli/failure';

describe('a failure', () => {
  it('is one line, whatever the message', () => {
    const error = new Error('It went wrong.\n  Here,\n\nand there.');
    expect(describeFailure(error, false)).toBe('dual-write: It went wrong. Here, and there.');
  });

  it('keeps a list of problems as a list', () => {
    const error = Object.assign(new Error('Two things:\n  - one\n  - two'), {
      problems: ['one', 'two'],
    });
    expect(describeFailure(error, false)).toBe('dual-write: Two things:\n  - one\n  - two');
  });

  it('takes the message of what is inside, when an error has none', () => {
    const inner = new Error('connect ECONNREFUSED 127.0.0.1:5432');
    const error = Object.assign(new Error(''), {
      name: 'SequelizeConnectionRefusedError',
      parent: new AggregateError([inner]),
    });
    expect(describeFailure(error, false)).toBe(
      'dual-write: SequelizeConnectionRefusedError: AggregateError: connect ECONNREFUSED 127.0.0.1:5432',
    );
  });

  it('can be told of with the stacks of its causes', () => {
    const error = new Error('outer', { cause: new TypeError('inner') });
    const text = describeFailure(error, true);
    expect(text).toMatch(/^dual-write: Error: outer\n +at /);
    expect(text).toMatch(/\ncaused by TypeError: inner\n +at /);
  });

  it('cannot steer the terminal', () => {
    const error = new Error('The CRM says: \u001b[2J\u009b31m\u0007ok\r');
    expect(describeFailure(error, false)).toBe('dual-write: The CRM says: [2J31mok');
  });

  it('may be something that is no error', () => {
    expect(describeFailure('no luck', false)).toBe('dual-write: no luck');
    expect(describeFailure(undefined, true)).toBe('dual-write: undefined');
  });
});

describe('what is said of a failure', () => {
  it.each([
    [
      'postgres://ada:hush%21hush@db.example:5432/app',
      'postgres://ada:[secret]@db.example:5432/app',
    ],
    ['postgres://ada:hush@hush@db.example/app', 'postgres://ada:[secret]@db.example/app'],
    ['password=hush-hush, host=db', 'password=[secret], host=db'],
    ['{"client_secret": "hush hush", "id": 1}', '{"client_secret": [secret], "id": 1}'],
    ['sent Authorization: Bearer abc.def-123456', 'sent Authorization: Bearer [secret]'],
    ['sent Basic YWRhOmh1c2hodXNo==', 'sent Basic [secret]'],
  ])('holds no secret: %s', (text, clean) => {
    expect(withoutSecrets(text)).toBe(clean);
  });

  it.each([
    'There is no postgres://db.example:5432/app',
    'password authentication failed for user "ada"',
    'Basic rules were broken at https://crm.example/a@b',
  ])('is otherwise left alone: %s', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });
});
