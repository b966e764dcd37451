/** Where lines that leave at the exit begin. */
const removalBegins = 'exit: remove from here';
/** Where they end. */
const removalEnds = 'exit: remove to here';

/** A text after an edit, or what stands against it. */
export type Edited = { readonly text: string } | { readonly problem: string };

function indentOf(line: string): string {
  return /^\s*/.exec(line)?.[0] ?? '';
}

/**
 * Replace adjacent lines, compared without the white space around them. The new ones are indented
 * as the first old one is.
 */
export function replaceLines(
  text: string,
  old: readonly string[],
  replacement: readonly string[],
): Edited {
  const lines = text.split('\n');
  const places = lines.flatMap((_, index) =>
    old.every((wanted, offset) => lines[index + offset]?.trim() === wanted.trim()) ? [index] : [],
  );
  const [place] = places;
  if (place === undefined) return { problem: `has no line '${old.join('⏎')}'` };
  if (places.length > 1) return { problem: `has ${places.length} lines '${old.join('⏎')}'` };
  const indent = indentOf(lines[place] ?? '');
  const fresh = replacement.map((line) => (line === '' ? '' : indent + line));
  return { text: joined(lines.slice(0, place), fresh, lines.slice(place + old.length)) };
}

/**
 * Remove lines, compared as {@link replaceLines} does; without any, all that stands between the
 * markers, and the lines with the markers.
 */
export function removeLines(text: string, lines: readonly string[]): Edited {
  if (lines.length === 0) return removeMarkedLines(text);
  let edited: Edited = { text };
  for (const line of lines) {
    if ('problem' in edited) return edited;
    edited = replaceLines(edited.text, [line], []);
  }
  return edited;
}

function removeMarkedLines(text: string): Edited {
  const kept: string[][] = [[]];
  let isInside = false;
  for (const [index, line] of text.split('\n').entries()) {
    const begins = line.includes(removalBegins);
    const ends = line.includes(removalEnds);
    if (begins === isInside && (begins || ends)) {
      return { problem: `has a marker without its partner in line ${index + 1}` };
    }
    if (begins) isInside = true;
    else if (ends) {
      isInside = false;
      kept.push([]);
    } else if (!isInside) kept.at(-1)?.push(line);
  }
  if (isInside) return { problem: `has a '${removalBegins}' without its end` };
  if (kept.length === 1) return { problem: `has no '${removalBegins}'` };
  return { text: joined(...kept) };
}

/** Join parts of a text; where two meet, one blank line is enough, and none beside a bracket. */
function joined(...parts: readonly (readonly string[])[]): string {
  const lines: string[] = [];
  for (const part of parts) {
    const rest = [...part];
    const isAfterOpening = lines.length === 0 || /[{([]$/.test(lines.at(-1) ?? '');
    if (rest[0] === '' && rest.length > 1 && (lines.at(-1) === '' || isAfterOpening)) rest.shift();
    if (lines.at(-1) === '' && /^\s*[})\]]/.test(rest[0] ?? '')) lines.pop();
    lines.push(...rest);
  }
  return lines.join('\n').replace(/\n+$/, '\n');
}

/** Take a package out of a package.json. */
export function uninstallFrom(packageJson: string, packageName: string): Edited {
  const manifest = JSON.parse(packageJson) as Record<string, Record<string, string> | undefined>;
  let isFound = false;
  for (const group of ['dependencies', 'devDependencies'] as const) {
    const packages = manifest[group];
    if (!packages || !(packageName in packages)) continue;
    isFound = true;
    manifest[group] = Object.fromEntries(
      Object.entries(packages).filter(([name]) => name !== packageName),
    );
  }
  if (!isFound) return { problem: `does not depend on ${packageName}` };
  return { text: `${JSON.stringify(manifest, null, 2)}\n` };
}
