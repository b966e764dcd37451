import { tableLines } from '../../src/cli/table';

describe('a table', () => {
  it('has aligned columns under headings in plain words', () => {
    const rows = [
      { model: 'Country', localOnly: 0, at: new Date('2024-05-06T07:08:09Z') },
      { model: 'Organisation', localOnly: 1234, at: null },
    ];
    expect(tableLines(rows)).toEqual([
      'Model         Local only  At',
      'Country                0  2024-05-06T07:08:09.000Z',
      'Organisation        1234  -',
    ]);
  });

  it('of nothing has no lines', () => {
    expect(tableLines([])).toEqual([]);
  });
});
