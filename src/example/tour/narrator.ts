const labelWidth = 16;
const width = 110;

/** Prints the tour, aligned. */
export class Narrator {
  #chapter = 0;

  constructor(private readonly print: (line: string) => void) {}

  /** The next numbered heading. */
  chapter(title: string): void {
    this.#chapter += 1;
    this.print('');
    this.print(`${String(this.#chapter).padStart(2)} ${title}`);
  }

  /** A line with a label; long ones are wrapped and stay aligned. */
  say(label: string, text: string): void {
    const [first = '', ...rest] = wrap(text, width - labelWidth - 3);
    this.print(`   ${label.padEnd(labelWidth)}${first}`);
    for (const line of rest) this.print(`   ${' '.repeat(labelWidth)}${line}`);
  }

  /** A line as it is. */
  line(text: string): void {
    this.print(text);
  }
}

function wrap(text: string, columns: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
