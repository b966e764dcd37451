import type { JournalEntry } from '../../../legacy-client/sandbox';

const shownProperties = 3;

/** Say in one line what went over the wire. */
export function describeWire(journal: readonly JournalEntry[]): string {
  if (journal.length === 0) return 'nothing';
  const groups: { text: string; count: number }[] = [];
  for (const entry of journal) {
    const text = describeRequest(entry);
    const last = groups.at(-1);
    if (last?.text === text) last.count += 1;
    else groups.push({ text, count: 1 });
  }
  return groups.map(({ text, count }) => (count > 1 ? `${count} × ${text}` : text)).join(', ');
}

function describeRequest({ method, entitySet, key, body, status }: JournalEntry): string {
  const request = `${method} ${entitySet}${shortKey(key)}${describeBody(method, body)}`;
  if (status === null) return `${request} (no answer)`;
  return status < 400 ? request : `${request} (${status})`;
}

/** `(…57ed)`: enough of a GUID to recognise it. */
function shortKey(key: string | null): string {
  return key === null ? '' : `(…${key.slice(-4)})`;
}

function describeBody(method: string, body: unknown): string {
  if (typeof body !== 'object' || body === null || method === 'POST') return '';
  const names = Object.keys(body);
  const more = names.length > shownProperties ? ', …' : '';
  return ` ${names.slice(0, shownProperties).join(', ')}${more}`;
}
