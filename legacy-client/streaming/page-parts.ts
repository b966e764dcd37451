import type { LinkedPage } from '../client';
import type { DialectRequest } from '../dialects/dialect';
import type { LegacyRecord } from '../entity';
import type { Answer } from '../exchanger';
import { Links, type PageSource } from '../pager';
import { Handover } from './handover';
import { StreamedAnswer } from './streamed-answer';

/**
 * Pages of one request, followed to their end; large ones in parts, each as soon as it has come. The
 * last part of a page has the address of the next one.
 */
export async function* followParts(
  source: PageSource,
  request: DialectRequest,
  begin = `${source.root}/${request.path}`,
): AsyncGenerator<LinkedPage, void, undefined> {
  const links = new Links(source.root, begin);
  while (links.at !== undefined) {
    const fresh = new FreshRecords();
    const answer = yield* partsOf(source, request, { url: links.at, fresh });
    const { records, next } = source.decode(answer);
    const left = fresh.of(records);
    const address = links.follow(next, answer, fresh.keys());
    yield { records: left, next: address ?? null };
  }
}

async function* partsOf(
  source: PageSource,
  request: DialectRequest,
  { url, fresh }: { readonly url: string; readonly fresh: FreshRecords },
): AsyncGenerator<LinkedPage, Answer, undefined> {
  const handover = new Handover<readonly LegacyRecord[]>();
  const streamed = new StreamedAnswer((part) => handover.put(fresh.of(source.decodePart(part))));
  const reading = source.read(request, url, streamed).finally(() => {
    handover.end();
  });
  // It is met when all that came before is taken.
  reading.catch(() => undefined);
  try {
    for await (const records of handover.items()) {
      if (records.length > 0) yield { records, next: undefined };
    }
    return await reading;
  } finally {
    handover.end();
  }
}

/** NOTE: an answer that breaks off is asked for again, and has the records again that were taken. */
class FreshRecords {
  private readonly taken = new Set<string>();

  /** Of all that was taken. */
  keys(): readonly string[] {
    return [...this.taken];
  }

  of(records: readonly LegacyRecord[]): readonly LegacyRecord[] {
    return records.filter(({ key }) => {
      const isFresh = !this.taken.has(key);
      if (isFresh) this.taken.add(key);
      return isFresh;
    });
  }
}
