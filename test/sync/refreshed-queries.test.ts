import { createLegacyClient, type LegacyFilter } from '../../legacy-client';
import { RefreshedQueries } from '../../src/sync/feed/refreshed-queries';

describe('what a process remembers of its refreshes', () => {
  const client = createLegacyClient({ baseUrl: 'http://127.0.0.1:9/', dialect: 'odata4' });
  const { dialect } = client;
  afterAll(() => {
    client.close();
  });

  const at = (ms: number): Date => new Date(1_000_000 + ms);
  const named = (value: string): LegacyFilter => ({
    ...{ op: 'eq', property: { name: 'Name', kind: 'string' }, value },
  });
  const keys = (length: number): string[] => Array.from({ length }, (_, index) => String(index));

  it('finds the same query, or the whole model, no older than wanted', () => {
    const refreshed = new RefreshedQueries(dialect);
    const query = { filter: named('A') };
    refreshed.remember({ model: 'Pet', query, askedAt: at(1), keys: ['1'] });
    expect(refreshed.find('Pet', { filter: named('A') }, at(1))?.keys).toEqual(['1']);
    expect(refreshed.find('Pet', query, at(2))).toBeUndefined();
    expect(refreshed.find('Pet', { filter: named('B') }, at(1))).toBeUndefined();
    expect(refreshed.find('Owner', query, at(1))).toBeUndefined();
    expect(refreshed.find('Pet', { ...query, top: 1 }, at(1))).toBeUndefined();
    refreshed.remember({ model: 'Pet', query: {}, askedAt: at(2), keys: ['1', '2'] });
    expect(refreshed.find('Pet', { filter: named('B') }, at(2))?.keys).toEqual(['1', '2']);
    // The first records of all are not all records.
    const page = { top: 5, orderBy: [] };
    refreshed.remember({ model: 'Owner', query: page, askedAt: at(2), keys: ['3'] });
    expect(refreshed.find('Owner', query, at(1))).toBeUndefined();
    expect(refreshed.find('Owner', page, at(1))?.keys).toEqual(['3']);
  });

  it('forgets the oldest, by number and by size', () => {
    const refreshed = new RefreshedQueries(dialect);
    for (let index = 0; index <= 500; index += 1) {
      refreshed.remember({
        ...{
          model: 'Pet',
          query: { filter: named(String(index)) },
          askedAt: at(index),
          keys: ['1'],
        },
      });
    }
    expect(refreshed.find('Pet', { filter: named('0') }, at(0))).toBeUndefined();
    expect(refreshed.find('Pet', { filter: named('1') }, at(0))).toBeDefined();
    const query = { filter: named('large') };
    refreshed.remember({ model: 'Pet', query, askedAt: at(501), keys: keys(199_999) });
    expect(refreshed.find('Pet', { filter: named('499') }, at(0))).toBeUndefined();
    expect(refreshed.find('Pet', { filter: named('500') }, at(0))).toBeDefined();
    expect(refreshed.find('Pet', query, at(0))?.keys).toHaveLength(199_999);
    // What is too large by itself does not push out all others.
    refreshed.remember({ model: 'Pet', query: {}, askedAt: at(502), keys: keys(200_001) });
    expect(refreshed.find('Pet', {}, at(0))).toBeUndefined();
    expect(refreshed.find('Pet', query, at(0))).toBeDefined();
  });
});
