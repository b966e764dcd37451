// Names come from a document that anybody may have written: none may leave the place that it is put in.

/** A text as a string of TypeScript. */
export function quoted(text: string): string {
  return `'${oneLine(text).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A text for a comment: in one line, and without the end of a comment. */
export function commented(text: string): string {
  return oneLine(text).replaceAll('*/', '* /');
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
