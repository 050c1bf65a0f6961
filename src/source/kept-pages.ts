// Pages that came of an answer that is not whole yet, in a file beside it: a run that is stopped or killed goes on where it was.
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import type { Page, Position } from './page.js';

interface Line extends Page {
  readonly at: Position;
}

export class KeptPages {
  readonly #file: string;
  #lines: Line[];

  private constructor(file: string, lines: Line[]) {
    this.#file = file;
    this.#lines = lines;
  }

  /** What an earlier try left there, as far as it is whole. */
  static async open(file: string): Promise<KeptPages> {
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = linesIn(text);
    const whole = lines.map((line) => lineText(line)).join('');
    if (whole !== text) await writeFile(file, whole);
    return new KeptPages(file, lines);
  }

  get pages(): readonly Page[] {
    return this.#lines;
  }

  async keep(at: Position, { text, next }: Page): Promise<void> {
    const line = { at, next, text };
    await appendFile(this.#file, lineText(line));
    this.#lines.push(line);
  }

  async drop(): Promise<void> {
    this.#lines = [];
    await rm(this.#file, { force: true });
  }
}

function lineText({ at, next, text }: Line): string {
  return `${JSON.stringify({ at, next, text })}\n`;
}

/** Lines from the first on, each of which begins where the one before it leads. A killed run leaves a part of its last one. */
function linesIn(text: string): Line[] {
  const lines: Line[] = [];
  for (const written of text.split('\n').slice(0, -1)) {
    const line = lineIn(written);
    const before = lines.at(-1);
    if (line === null || line.at !== (before?.next ?? null) || (before !== undefined && before.next === null)) break;
    lines.push(line);
  }
  return lines;
}

function lineIn(written: string): Line | null {
  try {
    const { at, next, text } = JSON.parse(written) as Partial<Line>;
    const isPosition = (position: unknown): position is Position => position === null || typeof position === 'string';
    return isPosition(at) && isPosition(next) && typeof text === 'string' ? { at, next, text } : null;
  } catch {
    return null;
  }
}
