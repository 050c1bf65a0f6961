// Parts of one CSV, each with the header, → one CSV. Bytes of lines stay as they are.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
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

interface RawLine {
  readonly record: readonly string[];
  /** Without its last sign, which ends the line. */
  readonly raw: string;
}

async function* knownLines(
  chunks: AsyncIterable<Buffer>,
  column: string,
  known: Day,
  counted: (left: number) => void,
): AsyncIterable<Buffer> {
  const lines = pipeline(
    Readable.from(chunks),
    parse({ raw: true, relax_quotes: true, relax_column_count: true }),
    () => undefined,
  );
  let at: number | null = null;
  try {
    for await (const { record, raw } of lines as AsyncIterable<RawLine>) {
      const isHeader = at === null;
      at ??= record.findIndex((name) => name.trim().toLowerCase() === column.toLowerCase());
      const day = /^\d{4}-\d{2}-\d{2}/.exec(record[at] ?? '')?.[0];
      // A line without a day is told when it is read, and not lost here.
      if (!isHeader && day !== undefined && day > known) counted(1);
      else yield Buffer.from(`${raw}\n`);
    }
  } catch (error) {
    throw error instanceof CsvError ? new PartsProblem(error.message) : error;
  }
}
