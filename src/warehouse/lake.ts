// lake/: what landed, as typed Parquet. A lake file is named after the bytes it came from and the reader that read them,
// so it is written once, and a changed reader or configuration makes new ones.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BILL_COLUMNS } from '../kernel/bill-lines.js';
import { diskFailure } from '../kernel/disk-failure.js';
import type { Listener } from '../kernel/event.js';
import { Failure } from '../kernel/failure.js';
import type { Day } from '../kernel/period.js';
import { LAKE_COLUMNS, USAGE_COLUMNS } from '../kernel/usage-event.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import type { LandedFile, Tabulate } from '../source/source.js';
import { openDuckDb } from './duckdb.js';
import { type LakeTable, type LakeUnit, unitsOf } from './lake-units.js';
import { noteUse } from './lake-uses.js';
import { billTableOf, writeBill } from './load-bill.js';
import { UnclosedQuote } from './load-csv.js';
import { isBeyondRecords, writeUsage } from './load-usage.js';
import { literal } from './sql-quote.js';
import { EngineError, type Warehouse } from './warehouse.js';

/** Raise it when the same bytes would be read differently. */
const READER_VERSION = 6;

export interface LakeOptions {
  /** `<state>/lake`, absolute. */
  readonly lakeDir: string;
  /** Absolute. Whoever collects the lake is told that this pipeline needs these files; without it they are anybody's. */
  readonly pipelineFile?: string;
  /** Engine instances at work, each with one thread: one a core. */
  readonly threads: number;
  /** Of all instances together, in MiB. */
  readonly memoryMiB?: number;
  readonly tempDirectory?: string;
  readonly listener: Listener;
  readonly tabulate: Tabulate;
  readonly signal?: AbortSignal | undefined;
}

/** One landed file in the lake. Records = loaded + rejected. */
export interface LoadedFile {
  readonly landed: LandedFile;
  readonly table: LakeTable;
  /** The Parquet file that holds its records, perhaps with those of others. */
  readonly lakePath: string;
  readonly records: number;
  readonly rejected: number;
}

/** A lake file of usage. */
export interface UsageUnit {
  readonly key: string;
  readonly path: string;
  readonly columns: readonly string[];
  readonly rejected: number;
  /** First and last UTC day of its events; null where none has a time. */
  readonly days: readonly [first: Day, last: Day] | null;
}

export interface Lake {
  readonly files: readonly LoadedFile[];
  readonly usage: readonly UsageUnit[];
  /** Columns that at least one lake file of a table has. */
  readonly columns: Readonly<Record<LakeTable, readonly string[]>>;
}

/** Beside every lake file: written last, so that where it is, the lake file is whole. */
interface Sidecar {
  readonly columns: readonly string[];
  readonly files: Readonly<Record<string, { readonly records: number; readonly rejected: number }>>;
  readonly days: UsageUnit['days'];
}

/** Reads what is not in the lake yet; every file's own problem is in one Failure, and the lake keeps what could be read. */
export async function loadLake(
  files: readonly LandedFile[],
  configs: readonly SourceConfig[],
  options: LakeOptions,
): Promise<Lake> {
  await mkdir(options.lakeDir, { recursive: true });
  const units = unitsOf(files, configs, fingerprint);
  if (options.pipelineFile !== undefined)
    await noteUse(
      options.lakeDir,
      options.pipelineFile,
      units.map((unit) => unit.key),
    );
  const done = new Map<LakeUnit, Sidecar>();
  const missing: LakeUnit[] = [];
  for (const unit of units) {
    const sidecar = await readSidecar(pathOf(unit, options));
    if (sidecar === null) missing.push(unit);
    else done.set(unit, sidecar);
  }
  const failures = await loadAll(missing, done, options);
  if (failures.length > 0) throw failureOf(failures);
  return lakeOf(units, done, options);
}

async function loadAll(
  missing: readonly LakeUnit[],
  done: Map<LakeUnit, Sidecar>,
  options: LakeOptions,
): Promise<readonly Failure[]> {
  const queue = [...missing].sort((a, b) => b.bytes - a.bytes);
  const failures: Failure[] = [];
  const total = missing.reduce((sum, unit) => sum + unit.bytes, 0);
  let [read, rows] = [0, 0];
  const work = async () => {
    await using engine = await openDuckDb(engineOptions(options));
    // The disk takes one file while the engine reads the next.
    let sealing = Promise.resolve();
    const stop = (error: unknown): never => {
      queue.length = 0;
      throw diskFailure(error, { doing: 'load the lake', place: options.lakeDir }) ?? error;
    };
    for (let unit = queue.shift(); unit !== undefined; unit = queue.shift()) {
      try {
        const { aside, sidecar } = await writeUnit(engine, unit, options);
        await sealing.catch(stop);
        sealing = seal(aside, sidecar, pathOf(unit, options));
        sealing.catch(() => undefined);
        done.set(unit, sidecar);
        rows += Object.values(sidecar.files).reduce((sum, { records }) => sum + records, 0);
      } catch (error) {
        await sealing.catch(stop);
        if (diskFailure(error, { doing: '', place: '' }) !== null || options.signal?.aborted === true) stop(error);
        failures.push(readFailure(error, unit));
      }
      read += unit.bytes;
      options.listener({ kind: 'progress', step: 'load the lake', done: read, total, unit: 'bytes', rows });
    }
    await sealing.catch(stop);
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(options.threads, missing.length) }, work));
  // No worker is left writing when the first error goes up.
  const lost = ends.find((end) => end.status === 'rejected');
  if (lost !== undefined) throw lost.reason as Error;
  return failures;
}

function engineOptions({ threads, memoryMiB, tempDirectory, signal }: LakeOptions): Parameters<typeof openDuckDb>[0] {
  return {
    threads: 1,
    signal,
    ...(memoryMiB === undefined ? {} : { memoryLimit: `${Math.floor(memoryMiB / threads)}MiB` }),
    ...(tempDirectory === undefined ? {} : { tempDirectory }),
  };
}

interface Written {
  readonly aside: string;
  readonly sidecar: Sidecar;
}

/** The file aside, and what is told of it. */
async function writeUnit(engine: Warehouse, unit: LakeUnit, options: LakeOptions): Promise<Written> {
  const aside = path.join(options.lakeDir, `${randomUUID()}.new`);
  try {
    const columns = await writeAside(engine, unit, aside, options);
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
    };
    return { aside, sidecar };
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** Made durable, then renamed, the sidecar last. */
async function seal(aside: string, sidecar: Sidecar, target: string): Promise<void> {
  try {
    await rename(await synced(aside), target);
    await writeFile(aside, JSON.stringify(sidecar));
    await rename(await synced(aside), sidecarOf(target));
  } finally {
    await rm(aside, { force: true });
  }
}

async function daysIn(engine: Warehouse, lakePath: string): Promise<UsageUnit['days']> {
  const day = (moment: string): string => `CAST(CAST(${moment}(event_time) AS DATE) AS VARCHAR)`;
  const [row] = await engine.rows(`SELECT ${day('min')} AS first, ${day('max')} AS last FROM read_parquet(${literal(lakePath)})`);
  const [first, last] = [row?.['first'] ?? null, row?.['last'] ?? null];
  return first === null || last === null ? null : [first, last];
}

async function writeAside(engine: Warehouse, unit: LakeUnit, aside: string, options: LakeOptions): Promise<readonly string[]> {
  if (unit.config.kind === 'usage') {
    const fields = await writeUsage(engine, unit.files, unit.config, aside);
    return [...LAKE_COLUMNS.map(([name]) => name), ...fields];
  }
  await writeBill(engine, unit.files[0], unit.config, options, aside);
  return BILL_COLUMNS[billTableOf(unit.config.kind)];
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

function lakeOf(units: readonly LakeUnit[], done: ReadonlyMap<LakeUnit, Sidecar>, options: LakeOptions): Lake {
  const columns: Record<LakeTable, Set<string>> = {
    usage_event: new Set(),
    focus_line: new Set(),
    openai_cost: new Set(),
    anthropic_cost: new Set(),
    invoice_line: new Set(),
  };
  const files = units.flatMap((unit) => {
    const sidecar = done.get(unit);
    for (const name of sidecar?.columns ?? []) columns[unit.table].add(name);
    return unit.files.map((landed) => {
      const { records, rejected } = sidecar?.files[landed.name] ?? { records: 0, rejected: 0 };
      return { landed, table: unit.table, lakePath: pathOf(unit, options), records, rejected };
    });
  });
  const usage = units
    .filter((unit) => unit.table === 'usage_event')
    .map((unit) => usageUnit(pathOf(unit, options), unit.key, done.get(unit)));
  const names = Object.entries(columns).map(([table, set]) => [table, [...set]] as const);
  return { files, usage, columns: Object.fromEntries(names) as Record<LakeTable, readonly string[]> };
}

function usageUnit(lakePath: string, key: string, sidecar: Sidecar | undefined): UsageUnit {
  const { columns = [], files = {}, days = null } = sidecar ?? {};
  const rejected = Object.values(files).reduce((sum, file) => sum + file.rejected, 0);
  return { key, path: lakePath, columns, rejected, days };
}

/** Everything but the bytes that decides what is read from them: two sources, or two names, are two readers. */
function fingerprint(files: readonly LandedFile[], config: SourceConfig): string {
  const reader =
    config.kind === 'usage'
      ? [config.map, config.constants, config.tokens, config.statedCost, config.format, USAGE_COLUMNS]
      : [
          BILL_COLUMNS[billTableOf(config.kind)],
          config.kind === 'invoice-csv' ? config.csv : null,
          config.kind === 'focus' ? config.version : null,
        ];
  const identity = files.map((file) => [file.sourceId, file.name, file.sha256, file.delivery]);
  return createHash('sha256')
    .update(JSON.stringify([READER_VERSION, config.kind, reader, identity]))
    .digest('hex')
    .slice(0, 16);
}

function pathOf(unit: LakeUnit, options: LakeOptions): string {
  return path.join(options.lakeDir, `${unit.key}.parquet`);
}

function sidecarOf(lakePath: string): string {
  return lakePath.replace(/\.parquet$/, '.json');
}

async function readSidecar(lakePath: string): Promise<Sidecar | null> {
  try {
    return JSON.parse(await readFile(sidecarOf(lakePath), 'utf8')) as Sidecar;
  } catch {
    return null;
  }
}

/** The engine could not read the file at all: what is left of it is no month. Anything of our own making goes up as it is. */
function readFailure(error: unknown, unit: LakeUnit): Failure {
  if (error instanceof Failure) return error;
  const isFile = error instanceof UnclosedQuote || (error instanceof EngineError && !isBeyondRecords(error));
  if (!isFile) throw error;
  const names = unit.files.map((file) => `\`${file.name}\``);
  const shown = names.length === 1 ? names[0] : `one of ${names.length} files from ${names[0]} to ${names.at(-1)}`;
  // People know the file by its name, not by where its copy lies.
  const known = unit.files.reduce((text, file) => text.replaceAll(file.path, file.name), error.message);
  const reason = known.split('\n')[0] ?? '';
  return new Failure('unavailable', [
    {
      code: 'source/unreadable',
      message: `${shown} cannot be read: ${reason}`,
      remedy: 'deliver the whole file again; a part of it is not used, so that no month is part of a month',
      place: { file: unit.files[0].name },
    },
  ]);
}

function failureOf(failures: readonly Failure[]): Failure {
  const kind = failures.some((failure) => failure.kind === 'user') ? 'user' : 'unavailable';
  return new Failure(
    kind,
    failures.flatMap((failure) => failure.problems).sort((a, b) => ((a.place?.file ?? '') < (b.place?.file ?? '') ? -1 : 1)),
  );
}
