import { ExitError, parseExitList } from '../../src/exit';

const list = (...lines: string[]): string =>
  ['# How to leave', '', '```exit', ...lines, '```', 'The end.'].join('\n');

describe('the exit list', () => {
  it('is read from the fenced blocks of the page', () => {
    const page = list(
      '# what goes',
      'delete src/sync',
      '',
      'replace models/base.ts',
      "  - export { Old as Base } from '../src';",
      "  + export { New as Base } from '../src';",
      '  +',
      '  +   indented();',
      'remove-lines src/main.ts',
      'remove-lines knip.json',
      '  - "legacy-client",',
      'uninstall @scope/name',
      'drop-columns legacyId legacyVersion',
    );
    expect(parseExitList(`${page}\n${list('drop-tables dual_write_known')}`)).toEqual([
      { verb: 'delete', path: 'src/sync' },
      {
        verb: 'replace',
        path: 'models/base.ts',
        old: ["export { Old as Base } from '../src';"],
        replacement: ["export { New as Base } from '../src';", '', '  indented();'],
      },
      { verb: 'remove-lines', path: 'src/main.ts', lines: [] },
      { verb: 'remove-lines', path: 'knip.json', lines: ['"legacy-client",'] },
      { verb: 'uninstall', packageName: '@scope/name' },
      { verb: 'drop-columns', attributes: ['legacyId', 'legacyVersion'] },
      { verb: 'drop-tables', tables: ['dual_write_known'] },
    ]);
  });

  it.each([
    [['destroy src'], "Line 4: 'destroy src' begins with none of delete, replace"],
    [['toString src'], 'begins with none of'],
    [['delete'], "'delete' says not of what."],
    [['delete a b'], 'one path is needed'],
    [['delete ../other'], "'../other' is not a plain path below the project's folder."],
    [['delete /etc'], 'is not a plain path'],
    [['delete .'], 'is not a plain path'],
    [['delete src/../..'], 'is not a plain path'],
    [['delete src/'], 'is not a plain path'],
    [['delete src', '  - line'], "no lines with - or + may follow 'delete'."],
    [['replace a.ts'], "'replace' needs at least one line with -."],
    [['replace a.ts', '  + new'], "'replace' needs at least one line with -."],
    [['replace a.ts', '  - a', '  + b', '  - c'], 'the lines with - come first'],
    [['remove-lines a.ts', '  + new'], "'remove-lines' puts nothing in the place"],
    [['uninstall a b'], "'uninstall' is followed by one package."],
  ])('is refused with %j', (lines, problem) => {
    expect(() => parseExitList(list(...lines))).toThrow(problem);
  });

  it('is refused with every problem at once', () => {
    const refusal = catchError(() => parseExitList(list('destroy a', 'delete b', 'delete')));
    expect(refusal).toBeInstanceOf(ExitError);
    expect((refusal as ExitError).problems).toHaveLength(2);
  });

  it('is refused when it is missing or never ends', () => {
    expect(() => parseExitList('# How to leave')).toThrow('no block that begins with ```exit');
    expect(() => parseExitList('```exit\ndelete src')).toThrow('Line 1: the block is never closed');
  });
});

function catchError(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('There was no error.');
}
