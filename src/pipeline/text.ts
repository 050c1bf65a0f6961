// The text of one configuration file: from an offset to a place and to the excerpt that a person is shown.
import type { Place, Problem } from '../kernel/failure.js';

/** A place with the source line and a caret under it. */
export interface Spot {
  readonly place: Place;
  readonly excerpt?: string;
}

export type Report = (problem: Problem) => void;

const LONGEST_LINE = 140;

export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: readonly number[];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  /** `length` characters from `offset` are underlined, as far as they are on one line. */
  at(offset: number, length = 1): Spot {
    const place = this.place(offset);
    return { place, excerpt: this.#excerpt(place.line, place.column, length) };
  }

  place(offset: number): Required<Place> {
    const line = this.#lineOf(offset);
    return { file: this.file, line, column: offset - (this.#lineStarts[line - 1] ?? 0) + 1 };
  }

  line(line: number): Spot {
    return this.at(this.#lineStarts[line - 1] ?? 0, 1);
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  #excerpt(line: number, column: number, length: number): string {
    const start = this.#lineStarts[line - 1] ?? 0;
    const whole = this.text.slice(start, (this.#lineStarts[line] ?? this.text.length + 1) - 1).replace(/\r$/, '');
    // A long line is cut on the left, so that the caret is always in sight.
    const from = column > LONGEST_LINE - 20 ? column - 60 : 0;
    const shown = printable(whole.slice(from, from + LONGEST_LINE));
    const gutter = `${line} | `;
    const before = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
    const carets = '^'.repeat(Math.max(1, Math.min(length, shown.length - before.length)));
    return `${gutter}${shown}\n${' '.repeat(gutter.length - 2)}| ${before}${carets}`;
  }
}

/** Text of a file as it may go to a terminal: control characters cannot act there. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '·');
}

/** A word of the user's inside a message. */
export function quoted(word: string): string {
  const shown = printable(word);
  return `\`${shown.length > 80 ? `${shown.slice(0, 77)}…` : shown}\``;
}

export function problem(code: string, spot: Spot, message: string, remedy: string): Problem {
  return {
    code: `config/${code}`,
    message: withoutKeys(message),
    remedy,
    place: spot.place,
    ...(spot.excerpt === undefined ? {} : { excerpt: withoutKeys(spot.excerpt) }),
  };
}

/** What begins as keys do; what stands before the host of an address; what a header of that name would send. */
const KEYS = [
  /\b(sk-|pcsk_|AKIA)([A-Za-z0-9_-]{5,})/g,
  /(https?:\/\/)([^\s/@"'`]+)(?=@)/g,
  /\b((?:authorization|cookie|password|x-[\w-]*(?:key|token|secret)|(?:api|access|auth)[-_]?(?:key|token))["']?\s*:\s*["']?(?:(?:bearer|basic|token)\s+)?)([^\s"'`{}[\],]{4,})/gi,
];

/** A key that somebody wrote into the file all the same goes no further: logs of cron are read by many. As long as it was, for the caret. */
function withoutKeys(text: string): string {
  return KEYS.reduce(
    (shown, pattern) => shown.replaceAll(pattern, (_, start: string, key: string) => start + '*'.repeat(key.length)),
    text,
  );
}
