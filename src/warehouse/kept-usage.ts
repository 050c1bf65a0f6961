// The sums of usage by day, kept from run to run: a night reads the events of the days that its new files touch, and no others.
// Invariant: a day's sums are kept only where no record of the day, and no record that shares a key with one of them, came or went.
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Day, Month } from '../kernel/period.js';
import { monthOf } from '../kernel/period.js';
import type { Lake, UsageUnit } from './lake.js';
import { sumsDir } from './lake-uses.js';
import type { FreshDays } from './lake-views.js';
import { literal } from './sql-quote.js';
import type { Warehouse } from './warehouse.js';

/** A file with its hash: what a crash of the machine tore is no sum. */
interface KeptFile {
  readonly name: string;
  readonly sha256: string;
}

/** `kept.json`: written last. What it does not name is left over. */
interface Kept {
  /** Hash of all but the events and the as-of day that sums depend on. */
  readonly identity: string;
  readonly asOf: Day;
  /** Keys of the lake files that the sums are made of. */
  readonly units: readonly string[];
  readonly months: Readonly<Record<Month, KeptFile>>;
  readonly duplicates: KeptFile;
}

export interface KeptUsageOptions {
  /** `<state>/lake`, absolute. */
  readonly lakeDir: string;
  /** Absolute. Sums are kept for each pipeline: several may share a lake. */
  readonly pipelineFile: string;
  /** Asked for when days are read: a run without news does not wait for it. */
  readonly identity: () => string;
  readonly asOf: Day;
  /** Read everything again. */
  readonly anew: boolean;
}

const MANIFEST = 'kept.json';

/** Of a month without usage. */
const NO_SUMS = 'none';

export class KeptUsage {
  readonly #options: KeptUsageOptions;
  readonly #dir: string;
  #kept: Kept | null = null;
  #fresh: FreshDays | null = null;
  #units: readonly string[] = [];
  #identity = '';
  #months: Readonly<Record<Month, KeptFile>> | null = null;

  constructor(options: KeptUsageOptions) {
    this.#options = options;
    this.#dir = sumsDir(options.lakeDir, options.pipelineFile);
  }

  /** Fills `run.kept_sum` and `run.kept_duplicate`, and gives the days that must be read; null where that is every day. */
  async restore(warehouse: Warehouse, lake: Lake): Promise<FreshDays | null> {
    this.#units = timed(lake).map(({ key }) => key);
    this.#identity = this.#options.identity();
    this.#kept = await this.#readKept();
    const moved = this.#kept === null || this.#options.anew ? null : await this.#movedUnits(this.#kept, lake);
    if (this.#kept === null || moved === null) return null;
    const days = await movedDays(warehouse, moved);
    this.#fresh = { days, asOf: this.#options.asOf };
    await this.#fill(warehouse, this.#kept, days);
    return this.#fresh;
  }

  /** The hash of the sums of a month of which no day is read again: where it is equal, they are. Null where some day is. */
  sumsOf(month: Month): string | null {
    return this.#kept === null || !this.#isUntouched(month) ? null : (this.#kept.months[month]?.sha256 ?? NO_SUMS);
  }

  /** The same of what this run kept for the next one; null where it kept nothing. */
  keptSumsOf(month: Month): string | null {
    return this.#months === null ? null : (this.#months[month]?.sha256 ?? NO_SUMS);
  }

  /** Keeps what the run summed, for the next one. Months without a fresh day keep their files. */
  async keep(warehouse: Warehouse): Promise<void> {
    const { asOf } = this.#options;
    const before = this.#kept;
    // A look at an earlier day is no reason to forget later ones.
    if (before !== null && before.asOf > asOf) return;
    await mkdir(this.#dir, { recursive: true });
    const told = await warehouse.rows(
      `SELECT DISTINCT strftime(usage_date, '%Y-%m') AS month FROM rating.kept_sum ORDER BY month`,
    );
    const months: Record<Month, KeptFile> = {};
    for (const { month } of told) {
      if (month === null || month === undefined) continue;
      const kept = this.#isUntouched(month) ? before?.months[month] : undefined;
      const rows = `SELECT * FROM rating.kept_sum WHERE strftime(usage_date, '%Y-%m') = ${literal(month)}`;
      months[month] = kept ?? (await this.#write(warehouse, month, rows));
    }
    const duplicates = await this.#write(warehouse, 'duplicates', 'SELECT * FROM staging.usage_duplicate');
    await this.#replace({ identity: this.#identity, asOf, units: this.#units, months, duplicates });
    this.#months = months;
  }

  #isUntouched(month: Month): boolean {
    return this.#fresh !== null && ![...this.#fresh.days].some((day) => monthOf(day) === month);
  }

  async #write(warehouse: Warehouse, what: string, select: string): Promise<KeptFile> {
    const name = `${what}-${randomUUID()}.parquet`;
    const file = path.join(this.#dir, name);
    await warehouse.run(`COPY (${select}) TO ${literal(file)} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw)`);
    return { name, sha256: await hashOf(file) };
  }

  async #replace(kept: Kept): Promise<void> {
    const aside = path.join(this.#dir, `${MANIFEST}.new`);
    await writeFile(aside, JSON.stringify(kept), { flush: true });
    await rename(aside, path.join(this.#dir, MANIFEST));
    const named = new Set([MANIFEST, kept.duplicates.name, ...Object.values(kept.months).map(({ name }) => name)]);
    for (const name of await readdir(this.#dir)) if (!named.has(name)) await rm(path.join(this.#dir, name), { force: true });
  }

  /** Null where nothing is kept, or something else was summed, or a file is not what was written. */
  async #readKept(): Promise<Kept | null> {
    try {
      const kept = JSON.parse(await readFile(path.join(this.#dir, MANIFEST), 'utf8')) as Kept;
      if (kept.identity !== this.#identity) return null;
      for (const { name, sha256 } of [kept.duplicates, ...Object.values(kept.months)]) {
        if ((await hashOf(path.join(this.#dir, name))) !== sha256) return null;
      }
      return kept;
    } catch {
      // Nothing is lost: the sums are made again of the lake.
      return null;
    }
  }

  /** Lake files that came or went since, or whose late events are told of by now; null where nobody can tell what moved. */
  async #movedUnits({ asOf, units }: Kept, lake: Lake): Promise<Moved | null> {
    if (asOf > this.#options.asOf) return null;
    const before = new Set(units);
    const now = new Set(this.#units);
    const isMoved = (unit: UsageUnit): boolean => !before.has(unit.key) || (unit.days !== null && unit.days[1] > asOf);
    const gone = units.filter((key) => !now.has(key)).map((key) => path.join(this.#options.lakeDir, `${key}.parquet`));
    for (const file of gone) if (!(await isThere(file))) return null;
    return {
      paths: [
        ...gone,
        ...timed(lake)
          .filter(isMoved)
          .map((unit) => unit.path),
      ],
      unmoved: timed(lake)
        .filter((unit) => !isMoved(unit))
        .map((unit) => unit.path),
    };
  }

  async #fill(warehouse: Warehouse, { months, duplicates }: Kept, days: ReadonlySet<Day>): Promise<void> {
    const pathsOf = (files: readonly KeptFile[]): string => list(files.map(({ name }) => path.join(this.#dir, name)));
    const fresh = [...days].sort().map((day) => `DATE '${day}'`);
    const isKept = fresh.length === 0 ? 'true' : `usage_date NOT IN (${fresh.join(', ')})`;
    const sums = Object.values(months);
    if (sums.length > 0)
      await warehouse.run(`INSERT INTO run.kept_sum SELECT * FROM read_parquet([${pathsOf(sums)}]) WHERE ${isKept}`);
    await warehouse.run(`
      INSERT INTO run.kept_duplicate SELECT * FROM read_parquet([${pathsOf([duplicates])}]) AS d
      WHERE NOT EXISTS (SELECT 1 FROM moved_key AS m WHERE m.event_key = d.event_key)
        AND NOT EXISTS (SELECT 1 FROM moved_key AS m WHERE m.record_key = d.record_key)`);
  }
}

/** A log without times has no events: an empty one, or rejects alone, which are read anyway. */
function timed(lake: Lake): readonly UsageUnit[] {
  return lake.usage.filter(({ columns }) => columns.includes('event_time'));
}

interface Moved {
  readonly paths: readonly string[];
  readonly unmoved: readonly string[];
}

/**
 * Days of records in files that came or went, and of records that share an event id with one of them: which of the two counts may be
 * another one now. Records without an id are equal in all, and so in their day.
 */
async function movedDays(warehouse: Warehouse, { paths, unmoved }: Moved): Promise<ReadonlySet<Day>> {
  const none = 'SELECT CAST(NULL AS UBIGINT) AS event_key, CAST(NULL AS VARCHAR) AS record_key WHERE false';
  const keys = paths.length === 0 ? none : `SELECT DISTINCT event_key, record_key FROM ${from(paths)} WHERE reject IS NULL`;
  await warehouse.run(`CREATE OR REPLACE TEMP TABLE moved_key AS ${keys}`);
  if (paths.length === 0) return new Set();
  const files = [...paths, ...(await filesThatShare(warehouse, unmoved))];
  const isMoved = 'event_key IN (SELECT event_key FROM moved_key WHERE event_key IS NOT NULL)';
  const rows = await warehouse.rows(
    `SELECT DISTINCT CAST(CAST(event_time AS DATE) AS VARCHAR) AS day FROM ${from(files)}
     WHERE reject IS NULL AND (filename IN (${list(paths)}) OR ${isMoved})`,
  );
  return new Set(rows.flatMap((row) => row['day'] ?? []));
}

/** Few files share an id with what moved, and only of those more than the keys is read. */
async function filesThatShare(warehouse: Warehouse, files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const rows = await warehouse.rows(
    `SELECT DISTINCT filename FROM ${from(files)}
     WHERE event_key IN (SELECT event_key FROM moved_key WHERE event_key IS NOT NULL)`,
  );
  return rows.flatMap((row) => row['filename'] ?? []);
}

function from(files: readonly string[]): string {
  return `read_parquet([${list(files)}], filename = true)`;
}

function list(files: readonly string[]): string {
  return files.map((file) => literal(file)).join(', ');
}

async function hashOf(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const hash = createHash('sha256');
    for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
