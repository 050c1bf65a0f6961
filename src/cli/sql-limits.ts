// How much one question may take, unless it is told otherwise.
import { InvalidArgumentError } from 'commander';
import type { SqlLimits } from './sql-confined.js';

/** A table is for eyes and ends quietly; what programs read must be whole, unless they said how much they want. */
const ROWS = { table: 1000, file: 1_000_000 };
const BYTES = { table: 64_000_000, file: 1_000_000_000 };
export const STANDARD_MEMORY_MB = 1000;
const LEAST_MEMORY_MB = 64;
const THREADS = 2;
export const STANDARD_SECONDS = 60;

export interface LimitOptions {
  readonly limit?: number;
  readonly timeout: number;
  readonly memory: number;
  readonly size?: number;
}

export function limitsOf(isTable: boolean, { limit, timeout, memory, size }: LimitOptions): SqlLimits {
  const kind = isTable ? 'table' : 'file';
  return { rows: limit ?? ROWS[kind], bytes: size ?? BYTES[kind], seconds: timeout, memoryMb: memory, threads: THREADS };
}

/** In whole megabytes. */
export function parseMemory(text: string): number {
  const megabytes = Math.floor(parseSize(text) / 1_000_000);
  if (megabytes < LEAST_MEMORY_MB) throw new InvalidArgumentError(`the engine needs ${LEAST_MEMORY_MB}MB at least.`);
  return megabytes;
}

export function parseSize(text: string): number {
  const match = /^(\d{1,6}(?:\.\d{1,3})?) ?(MB|GB)$/i.exec(text);
  if (match === null) throw new InvalidArgumentError('a size is written as 500MB or 2GB.');
  return Math.round(Number(match[1]) * (match[2]?.toUpperCase() === 'GB' ? 1_000_000_000 : 1_000_000));
}
