// Parts of one CSV, each with the header, → one CSV. Bytes of lines stay as they are.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Day } from '../kernel/period.js';
import type { BringOptions } from './arrival.js';

export interface Part {
  readonly name: string;
  readonly read: () => AsyncIterable<Buffer>;
}

export interface Joined {
  readonly sha256: string;
  readonly bytes: number;
  /** Lines of days that are not known yet, which were left out. */
  readonly leftOut: number;
}

/** Parts that do not belong together. */
export class PartsProblem extends Error {
  override readonly name = 'PartsProblem';
}

const LONGEST_HEADER = 1024 * 1024;
/** The engine reads none that is longer. */
const LONGEST_LINE = 16_000_000;
const NEWLINE = 0x0a;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** `known`: the last day whose lines are taken, in `column`; null: all are. */
export async function joinParts(
  parts: readonly Part[],
  target: string,
  { column, known, signal, onBytes }: BringOptions & { readonly column: string; readonly known: Day | null },
): Promise<Joined> {
  await using file = await open(target, 'w');
  const hash = createHash('sha256');
  let [bytes, leftOut] = [0, 0];
  const counted = (left: number): void => void (leftOut += left);
  for await (const chunk of known === null ? joined(parts) : knownLines(joined(parts), column, known, counted)) {
    signal?.throwIfAborted();
    await file.writeFile(chunk);
    hash.update(chunk);
    bytes += chunk.length;
    onBytes?.(chunk.length);
  }
  await file.sync();
  return { sha256: hash.digest('hex'), bytes, leftOut };
}

async function* joined(parts: readonly Part[]): AsyncIterable<Buffer> {
  let first: string | null = null;
  for (const part of parts) {
    let last = NEWLINE;
    let head: Buffer | null = Buffer.alloc(0);
    for await (const chunk of part.read()) {
      let rest = chunk;
      if (head !== null) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(NEWLINE);
        if (end === -1 && head.length <= LONGEST_HEADER) continue;
        const header = headerText(head.subarray(0, end === -1 ? undefined : end));
        if (first !== null && header !== first) throw otherHeader(part.name);
        rest = first === null ? withoutMark(head) : head.subarray(end + 1);
        first = header;
        head = null;
      }
      if (rest.length === 0) continue;
      last = rest.at(-1) ?? NEWLINE;
      yield rest;
    }
    // All of it was one line: the header, whose end is missing.
    if (head !== null && first !== null && headerText(head) !== first) throw otherHeader(part.name);
    if (head !== null && first === null) {
      first = headerText(head);
      last = 0;
      yield withoutMark(head);
    }
    if (last !== NEWLINE) yield Buffer.from('\n');
  }
}

function otherHeader(name: string): PartsProblem {
  return new PartsProblem(`\`${name}\` has another header than the part before it`);
}

function withoutMark(head: Buffer): Buffer {
  return head.subarray(0, 3).equals(BOM) ? head.subarray(3) : head;
}

function headerText(line: Buffer): string {
  return withoutMark(line).toString('utf8').replace(/\r$/, '');
}

/** Lines end where no quote is open. Signs are bytes here, so that all that is kept stays what it was. */
async function* knownLines(
  chunks: AsyncIterable<Buffer>,
  column: string,
  known: Day,
  counted: (left: number) => void,
): AsyncIterable<Buffer> {
  let rest = '';
  let at: number | null = null;
  const kept = (line: string): string => {
    const isHeader = at === null;
    at ??= placeOf(line, column);
    const day = /^\d{4}-\d{2}-\d{2}/.exec(cellOf(line, at) ?? '')?.[0];
    // A line without a day is told when it is read, and not lost here.
    if (isHeader || day === undefined || day <= known) return line;
    counted(1);
    return '';
  };
  for await (const chunk of chunks) {
    const text = rest + chunk.toString('latin1');
    let [start, lot] = [0, ''];
    for (let end = endOfLine(text, 0); end !== -1; end = endOfLine(text, start)) {
      lot += kept(text.slice(start, end + 1));
      start = end + 1;
    }
    rest = text.slice(start);
    if (rest.length > LONGEST_LINE) throw new PartsProblem('a line of it has no end');
    yield Buffer.from(lot, 'latin1');
  }
  yield Buffer.from(rest === '' ? '' : kept(rest), 'latin1');
}

function endOfLine(text: string, start: number): number {
  let isQuoted = false;
  for (let from = start; ; ) {
    const end = text.indexOf('\n', from);
    if (end === -1) return -1;
    const part = text.slice(from, end);
    for (let quote = part.indexOf('"'); quote !== -1; quote = part.indexOf('"', quote + 1)) isQuoted = !isQuoted;
    if (!isQuoted) return end;
    from = end + 1;
  }
}

function placeOf(header: string, column: string): number {
  for (let at = 0; ; at += 1) {
    const cell = cellOf(header, at);
    if (cell === null) return -1;
    if (cell.trim().toLowerCase() === column.toLowerCase()) return at;
  }
}

/** Null: the line has not as many cells. */
function cellOf(line: string, at: number): string | null {
  let [cell, from, isQuoted] = [0, 0, false];
  for (let index = 0; index <= line.length; index += 1) {
    if (line[index] === '"') isQuoted = !isQuoted;
    if (index < line.length && (line[index] !== ',' || isQuoted)) continue;
    if (cell === at) return line.slice(from, index).replaceAll(/^"|"\s*$/g, '');
    cell += 1;
    from = index + 1;
  }
  return null;
}
