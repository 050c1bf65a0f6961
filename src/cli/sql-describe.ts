// `.tables` and `.describe` for eyes: names beside what they mean, which is wrapped and never cut.
import type { Paint } from './io.js';
import type { Destination } from './sql-destination.js';
import { type AnswerWriter, isNumber, type Terminal } from './sql-output.js';
import { displayWidth, printable } from './width.js';

const GAP = '  ';
/** With less room than this for a meaning, it stands below its name. */
const LEAST = 30;
/** Lines that are longer are hard to read, however wide the window is. */
const WIDEST = 110;

interface Word {
  readonly title: string;
  readonly isRight: boolean;
}

/** The last column holds sentences, the others words or numbers. */
export function glossaryWriter({ write }: Destination, terminal: Terminal, paint: Paint): AnswerWriter {
  let words: readonly Word[] = [];
  const rows: (readonly string[])[] = [];
  return {
    columns: async (columns) => {
      words = columns.map(({ name, type }) => ({ title: name, isRight: isNumber(type) }));
    },
    rows: async (batch) => {
      for (const row of batch) rows.push(row.map((cell) => printable(cell ?? '')));
    },
    end: async () => {
      const width = Math.min(WIDEST, terminal?.columns ?? WIDEST);
      for (const line of glossaryLines(words, rows, width, paint)) await write(`${line}\n`);
    },
  };
}

function glossaryLines(
  words: readonly Word[],
  rows: readonly (readonly string[])[],
  width: number,
  paint: Paint,
): readonly string[] {
  const heads = words.slice(0, -1);
  const titles = words.map(({ title }) => title);
  const widths = heads.map((_, at) => [titles, ...rows].reduce((most, row) => Math.max(most, displayWidth(row[at] ?? '')), 0));
  const before = widths.reduce((sum, each) => sum + each + GAP.length, 0);
  const isBeside = width - before >= LEAST;
  const indent = isBeside ? before : 4;
  const lineOf = (row: readonly string[]): readonly string[] => {
    const head = heads.map(({ isRight }, at) => padded(row[at] ?? '', widths[at] ?? 0, isRight)).join(GAP);
    const told = wrapped(row[heads.length] ?? '', width - indent);
    const [first = '', ...more] = isBeside ? told : ['', ...told];
    return [`${head}${GAP}${first}`.trimEnd(), ...more.map((line) => `${' '.repeat(indent)}${line}`)];
  };
  const [title = '', ...rest] = lineOf(titles);
  return [...[title, ...rest].map((line) => paint('bold', line)), ...rows.flatMap(lineOf)];
}

function padded(text: string, width: number, isRight: boolean): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return isRight ? space + text : text + space;
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && displayWidth(`${line} ${word}`) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
