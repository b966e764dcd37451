import type { Answer } from './exchanger';
import type { DecodedPage, DialectRequest } from './dialects/dialect';
import type { LegacyRecord } from './entity';
import { PageProgress } from './page-progress';
import type { StreamedAnswer } from './streaming/streamed-answer';
import { resolveAddress } from './urls';

/** What following pages needs of the client. */
export interface PageSource {
  readonly root: string;
  /**
   * Sends a read to an absolute address.
   *
   * @param streamed - takes parts of the page while it arrives; the answer is the rest of it.
   */
  read(request: DialectRequest, url: string, streamed?: StreamedAnswer): Promise<Answer>;
  decode(answer: Answer): DecodedPage;
  /** @throws MalformedAnswerError */
  decodePart(part: unknown): readonly LegacyRecord[];
}

/** Pages of one request, followed to their end. */
export async function* followPages(
  source: PageSource,
  request: DialectRequest,
): AsyncGenerator<readonly LegacyRecord[], void, undefined> {
  const links = new Links(source.root, `${source.root}/${request.path}`);
  while (links.at !== undefined) {
    const answer = await source.read(request, links.at);
    const { records, next } = source.decode(answer);
    links.follow(next, answer, records.map(keyOf));
    yield records;
  }
}

function keyOf({ key }: LegacyRecord): string {
  return key;
}

/** The way from page to page, which ends. */
export class Links {
  private readonly seen = new Set<string>();
  private readonly progress = new PageProgress();

  /** @param at - where the page is that is to be read; undefined behind the last one. */
  constructor(
    private readonly root: string,
    public at: string | undefined,
  ) {}

  /**
   * Go on from the page that was read.
   *
   * @param next - as its answer has it.
   * @param keys - of its records.
   * @returns where to.
   * @throws LegacyResponseError when that leads elsewhere, or back, or nowhere for long.
   */
  follow(next: string | undefined, answer: Answer, keys: readonly string[]): string | undefined {
    const { at } = this;
    if (at === undefined) return undefined;
    this.seen.add(at);
    this.at = next === undefined ? undefined : nextAddress(this.root, from(at, next), answer);
    this.staysAt(at, answer);
    if (this.at !== undefined && this.seen.has(this.at)) {
      throw answer.unreadable('its next page is one that was there already, so there is no end');
    }
    if (this.at !== undefined) this.progress.note(keys, answer);
    return this.at;
  }

  /** NOTE: records of another entity set would be taken for those of this one. */
  private staysAt(before: string, answer: Answer): void {
    if (this.at === undefined) return;
    const [asked, given] = [before, this.at].map((url) => resourceOf(this.root, url));
    if (asked === undefined || given === undefined || asked === given) return;
    throw answer.unreadable('its next page is one of another entity set');
  }
}

/** What a path asks for, where it is a single name below the service root: `AccountSet`. */
function resourceOf(root: string, url: string): string | undefined {
  const { pathname } = new URL(url);
  const below = pathname.slice(new URL(`${root}/`).pathname.length);
  return /^\w+(?=(?:\(\))?$)/.exec(below)?.[0].toLowerCase();
}

/** NOTE: an address in an answer is relative to what was asked for: a bare `?$skiptoken=…`, too. */
function from(url: string, next: string): string {
  return URL.canParse(next, url) ? new URL(next, url).href : next;
}

/** NOTE: the next request carries the login, so it must go where the first one went. */
export function nextAddress(root: string, next: string, answer: Answer): string {
  const address = resolveAddress(next, root);
  if (address === undefined) throw answer.unreadable('its next page has no readable address');
  if (address.origin !== new URL(root).origin) {
    throw answer.unreadable(
      `its next page is at ${address.origin}, which is not the service: it is not followed, ` +
        'because the login would go there',
    );
  }
  address.username = '';
  address.password = '';
  // It is not sent, so the page would be the same.
  address.hash = '';
  return address.href;
}

/** What {@link delivered} must know of a plan. */
export interface Delivery {
  readonly requests: readonly unknown[];
  readonly limit: number;
  readonly merge?: (records: readonly LegacyRecord[]) => LegacyRecord[];
}

/**
 * Turn the pages of a plan's requests into the pages of its answer: cut at the limit, and where
 * there were several requests, each record once and in order.
 */
export async function* delivered(
  pages: AsyncGenerator<readonly LegacyRecord[], void, undefined>,
  { requests, limit, merge }: Delivery,
): AsyncGenerator<readonly LegacyRecord[], void, undefined> {
  const seen = requests.length > 1 ? new Set<string>() : undefined;
  const collected: LegacyRecord[] = [];
  let left = limit;
  for await (const page of pages) {
    const fresh = seen === undefined ? page : page.filter((record) => isNew(seen, record));
    if (merge !== undefined) {
      collected.push(...fresh);
      continue;
    }
    yield fresh.length > left ? fresh.slice(0, left) : fresh;
    left -= fresh.length;
    if (left <= 0) return;
  }
  if (merge !== undefined) yield merge(collected);
}

function isNew(seen: Set<string>, { key }: LegacyRecord): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

/**
 * Go through several lists of pages in their order, with the first pages of the next ones under
 * way already.
 *
 * @param ahead - how many lists are started at a time, from 1.
 */
export async function* inParallel<Page>(
  lists: readonly AsyncGenerator<Page, void, undefined>[],
  ahead: number,
): AsyncGenerator<Page, void, undefined> {
  const started: Promise<IteratorResult<Page, void>>[] = [];
  const startUpTo = (end: number): void => {
    for (const list of lists.slice(started.length, end)) {
      const first = list.next();
      // A failure is met when its turn comes; until then it must not count as unhandled.
      first.catch(() => undefined);
      started.push(first);
    }
  };
  for (const [index, list] of lists.entries()) {
    startUpTo(index + ahead);
    let step = await started[index];
    while (step !== undefined && step.done !== true) {
      yield step.value;
      step = await list.next();
    }
  }
}
