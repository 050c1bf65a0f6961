// One lake file and its sidecar: written aside, made durable, then named.
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BILL_COLUMNS } from '../kernel/bill-lines.js';
import type { Day } from '../kernel/period.js';
import { LAKE_COLUMNS } from '../kernel/usage-event.js';
import type { LakeUnit } from './lake-units.js';
import { type BillReaders, billTableOf, writeBill } from './load-bill.js';
import { type LeftOut, writeUsage } from './load-usage.js';
import { literal } from './sql-quote.js';
import type { Warehouse } from './warehouse.js';

/** First and last UTC day of the events of a file; null where none has a time. */
export type Days = readonly [first: Day, last: Day] | null;

export interface WriteOptions extends BillReaders {
  readonly lakeDir: string;
}

/** Beside every lake file: written last, so that where it is, the lake file is whole. */
export interface Sidecar {
  readonly columns: readonly string[];
  readonly files: Readonly<Record<string, { readonly records: number; readonly rejected: number }>>;
  /** What is no usage; absent where there is none. */
  readonly leftOut?: readonly LeftOut[];
  readonly days: Days;
}

export interface Written {
  readonly aside: string;
  readonly sidecar: Sidecar;
}

/** The file aside, and what is told of it. */
export async function writeUnit(engine: Warehouse, unit: LakeUnit, options: WriteOptions): Promise<Written> {
  const aside = path.join(options.lakeDir, `${randomUUID()}.new`);
  try {
    const { columns, leftOut } = await writeAside(engine, unit, aside, options);
    const counts = await engine.rows(
      `SELECT file, CAST(count(*) AS VARCHAR) AS records, CAST(count(reject) AS VARCHAR) AS rejected FROM read_parquet(${literal(aside)}) GROUP BY file`,
    );
    const found = new Map(
      counts.map((row) => [row['file'], { records: Number(row['records']), rejected: Number(row['rejected']) }]),
    );
    const sidecar: Sidecar = {
      columns,
      days: columns.includes('event_time') ? await daysIn(engine, aside) : null,
      files: Object.fromEntries(unit.files.map((file) => [file.name, found.get(file.name) ?? { records: 0, rejected: 0 }])),
      ...(leftOut.length === 0 ? {} : { leftOut }),
    };
    return { aside, sidecar };
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** Made durable, then renamed, the sidecar last. */
export async function seal({ aside, sidecar }: Written, target: string): Promise<void> {
  try {
    await rename(await synced(aside), target);
    await writeFile(aside, JSON.stringify(sidecar));
    await rename(await synced(aside), sidecarOf(target));
  } finally {
    await rm(aside, { force: true });
  }
}

async function daysIn(engine: Warehouse, lakePath: string): Promise<Days> {
  const day = (moment: string): string => `CAST(CAST(${moment}(event_time) AS DATE) AS VARCHAR)`;
  const [row] = await engine.rows(`SELECT ${day('min')} AS first, ${day('max')} AS last FROM read_parquet(${literal(lakePath)})`);
  const [first, last] = [row?.['first'] ?? null, row?.['last'] ?? null];
  return first === null || last === null ? null : [first, last];
}

async function writeAside(
  engine: Warehouse,
  unit: LakeUnit,
  aside: string,
  options: WriteOptions,
): Promise<{ readonly columns: readonly string[]; readonly leftOut: readonly LeftOut[] }> {
  if (unit.config.kind === 'usage') {
    const { fields, leftOut } = await writeUsage(engine, unit.files, unit.config, aside);
    return { columns: [...LAKE_COLUMNS.map(([name]) => name), ...fields], leftOut };
  }
  await writeBill(engine, unit.files[0], unit.config, options, aside);
  return { columns: BILL_COLUMNS[billTableOf(unit.config.kind)], leftOut: [] };
}

async function synced(file: string): Promise<string> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  return file;
}

function sidecarOf(lakePath: string): string {
  return lakePath.replace(/\.parquet$/, '.json');
}

export async function readSidecar(lakePath: string): Promise<Sidecar | null> {
  try {
    return JSON.parse(await readFile(sidecarOf(lakePath), 'utf8')) as Sidecar;
  } catch {
    return null;
  }
}
