// lake/: what landed, as typed Parquet. A lake file is named after the bytes it came from and the reader that read them,
// so it is written once, and a changed reader or configuration makes new ones.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { BILL_COLUMNS } from '../kernel/bill-lines.js';
import { diskFailure, type Doing } from '../kernel/disk-failure.js';
import type { Listener } from '../kernel/event.js';
import { Failure } from '../kernel/failure.js';
import { USAGE_COLUMNS } from '../kernel/usage-event.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import type { LandedFile, Tabulate } from '../source/source.js';
import { openDuckDb } from './duckdb.js';
import { type Days, readSidecar, seal, type Sidecar, writeUnit } from './lake-file.js';
import { type LakeTable, type LakeUnit, unitsOf } from './lake-units.js';
import { noteUse } from './lake-uses.js';
import { billTableOf } from './load-bill.js';
import { UnclosedQuote } from './load-csv.js';
import { isBeyondRecords, type LeftOut } from './load-usage.js';
import { EngineError } from './warehouse.js';

/** Raise it when the same bytes would be read differently. */
const READER_VERSION = 10;

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
  /** Of records that are no usage, why, and how many: neither among the records nor among the rejects. */
  readonly leftOut: readonly LeftOut[];
}

/** A lake file of usage. */
export interface UsageUnit {
  readonly key: string;
  readonly path: string;
  readonly columns: readonly string[];
  readonly rejected: number;
  readonly days: Days;
}

export interface Lake {
  readonly files: readonly LoadedFile[];
  readonly usage: readonly UsageUnit[];
  /** Columns that at least one lake file of a table has. */
  readonly columns: Readonly<Record<LakeTable, readonly string[]>>;
}

/** Reads what is not in the lake yet; every file's own problem is in one Failure, and the lake keeps what could be read. */
export async function loadLake(
  files: readonly LandedFile[],
  configs: readonly SourceConfig[],
  options: LakeOptions,
): Promise<Lake> {
  refuseReceipts(files);
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

/** A receipt is no log: its one line would be an event without anything. */
function refuseReceipts(files: readonly LandedFile[]): void {
  const problems = files.flatMap(({ name, receipt }) => {
    if (receipt === undefined) return [];
    const message = `\`${name}\` lies on S3 alone: a run on Athena took it from bucket to bucket`;
    const remedy = 'run once with `engine: { kind: duckdb }`, which fetches the objects that are still there, then ask again';
    return [{ code: 'athena/log-stays', message, remedy, place: { file: name } }];
  });
  if (problems.length > 0) throw new Failure('user', problems);
}

/** What the workers share. */
interface Loading {
  /** The largest first, so that they end together. */
  readonly queue: LakeUnit[];
  readonly done: Map<LakeUnit, Sidecar>;
  readonly failures: Failure[];
  readonly told: (unit: LakeUnit, sidecar: Sidecar | undefined) => void;
}

async function loadAll(
  missing: readonly LakeUnit[],
  done: Map<LakeUnit, Sidecar>,
  options: LakeOptions,
): Promise<readonly Failure[]> {
  const total = missing.reduce((sum, unit) => sum + unit.bytes, 0);
  let [read, rows] = [0, 0];
  const told: Loading['told'] = (unit, sidecar) => {
    read += unit.bytes;
    rows += Object.values(sidecar?.files ?? {}).reduce((sum, { records }) => sum + records, 0);
    options.listener({ kind: 'progress', step: 'load the lake', done: read, total, unit: 'bytes', rows });
  };
  const loading: Loading = { queue: [...missing].sort((a, b) => b.bytes - a.bytes), done, failures: [], told };
  const workers = Array.from({ length: Math.min(options.threads, missing.length) }, async () => loadFrom(loading, options));
  const ends = await Promise.allSettled(workers);
  // No worker is left writing when the first error goes up.
  const lost = ends.find((end) => end.status === 'rejected');
  if (lost !== undefined) throw lost.reason as Error;
  return loading.failures;
}

/** Takes units until there are none. The disk takes one file while the engine reads the next. */
async function loadFrom({ queue, done, failures, told }: Loading, options: LakeOptions): Promise<void> {
  await using engine = await openDuckDb(engineOptions(options));
  let sealing = Promise.resolve();
  const stop = (error: unknown): never => {
    queue.length = 0;
    throw diskFailure(error, doing(options)) ?? error;
  };
  try {
    for (let unit = queue.shift(); unit !== undefined; unit = queue.shift()) {
      const next = unit;
      const written = await writeUnit(engine, next, options).catch(
        (error: unknown) => unitFailure(error, next, options) ?? stop(error),
      );
      await sealing.catch(stop);
      if (written instanceof Failure) failures.push(written);
      else {
        sealing = seal(written, pathOf(next, options));
        sealing.catch(() => undefined);
        done.set(next, written.sidecar);
      }
      told(next, done.get(next));
    }
    await sealing.catch(stop);
  } finally {
    await sealing.catch(() => undefined);
  }
}

/** Null where it is not of this file alone. */
function unitFailure(error: unknown, unit: LakeUnit, options: LakeOptions): Failure | null {
  return options.signal?.aborted === true || diskFailure(error, doing(options)) !== null ? null : readFailure(error, unit);
}

function doing({ lakeDir }: LakeOptions): Doing {
  return { doing: 'load the lake', place: lakeDir };
}

function engineOptions({ threads, memoryMiB, tempDirectory, signal }: LakeOptions): Parameters<typeof openDuckDb>[0] {
  return {
    threads: 1,
    signal,
    ...(memoryMiB === undefined ? {} : { memoryLimit: `${Math.floor(memoryMiB / threads)}MiB` }),
    ...(tempDirectory === undefined ? {} : { tempDirectory }),
  };
}

function lakeOf(units: readonly LakeUnit[], done: ReadonlyMap<LakeUnit, Sidecar>, options: LakeOptions): Lake {
  const columns: Record<LakeTable, Set<string>> = {
    usage_event: new Set(),
    focus_line: new Set(),
    cur_line: new Set(),
    openai_cost: new Set(),
    anthropic_cost: new Set(),
    openai_usage: new Set(),
    anthropic_usage: new Set(),
    invoice_line: new Set(),
  };
  const files = units.flatMap((unit) => {
    const sidecar = done.get(unit);
    for (const name of sidecar?.columns ?? []) columns[unit.table].add(name);
    return unit.files.map((landed) => {
      const { records, rejected } = sidecar?.files[landed.name] ?? { records: 0, rejected: 0 };
      const leftOut = (sidecar?.leftOut ?? []).filter(({ file }) => file === landed.name);
      return { landed, table: unit.table, lakePath: pathOf(unit, options), records, rejected, leftOut };
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
          ...(config.kind === 'json-costs' ? [config.json, config.pull !== null] : []),
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
