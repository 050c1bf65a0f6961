// What the command line asks of a run, and what it gets back.
import type { Listener } from '../kernel/event.js';
import type { Day, Month } from '../kernel/period.js';
import type { Retention } from '../pipeline/pipeline.js';
import type { OtherPrices } from '../pipeline/price-book.js';
import type { Step } from './plan.js';

/** Nothing given: every month from the pipeline's start through its as-of day. */
export interface RunScope {
  /** Publish this month only, as of its last day; months published before stay beside it. */
  readonly month?: Month;
  /** Publish the month of this day, through this day. */
  readonly date?: Day;
  /** Evidence and schedules count through this day. */
  readonly asOf?: Day;
}

export interface RunRequest {
  readonly pipelineFile: string;
  readonly scope: RunScope;
  /** Run although nothing changed. */
  readonly force: boolean;
  /** Seconds to wait for a run that holds the lock; none when absent. */
  readonly wait?: number;
  /** Engine threads; every core when absent. */
  readonly threads?: number;
  readonly listener: Listener;
  readonly now: () => Date;
  /** Where the keys are that sources name; none when absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Stops the run where it stands when it aborts, with a `Stopped` as its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface RunResult {
  readonly outcome: 'published' | 'unchanged';
  readonly runId: string;
  readonly asOf: Day;
  readonly months: readonly Month[];
  readonly outDir: string;
  readonly warehousePath: string;
  readonly pipeline: string;
  readonly currency: string;
}

/** What is checked besides configuration and models: whether sources can be read, or all that a run would read. */
export type CheckDepth = 'configuration' | 'connections' | 'data';

/** `from` and `to` are both done. */
export interface BackfillRequest extends Omit<RunRequest, 'scope'> {
  readonly from: Month;
  /** The month of the as-of day when absent. */
  readonly to?: Month;
  /** Evidence counts through this day, for every month. */
  readonly asOf?: Day;
}

export interface BackfillResult {
  readonly published: readonly Month[];
  /** Made of the same inputs before. */
  readonly unchanged: readonly Month[];
  /** What is published at the end. */
  readonly last: RunResult;
}

/** Bytes that a model reads, all its queries together, or all logs: `logs`. */
export interface ScanPart {
  readonly what: string;
  readonly bytes: number;
}

/** What a run on Athena will scan. */
export interface ScanEstimate {
  readonly bytes: number;
  /** Of those, what is known to be scanned: a run that may scan less does not begin. */
  readonly known: number;
  /** `measured`: models as in the run before · `sizes`: what reads the evidence, at most; of models over models nothing is known yet. */
  readonly basis: 'measured' | 'sizes';
  /** Null: none. */
  readonly budget: number | null;
  /** Logs first, then the models that scan the most. */
  readonly parts: readonly ScanPart[];
}

export interface Planned {
  readonly steps: readonly Step[];
  /** Null where nothing runs on Athena. */
  readonly scan: ScanEstimate | null;
}

export interface PastStep {
  readonly step: string;
  readonly seconds: number;
  /** What it made or went through, where that can be counted. */
  readonly rows?: number;
  readonly files?: number;
  readonly bytes?: number;
}

export interface PastRun {
  readonly runId: string;
  readonly startedAt: string;
  /** Null: the run never finished; it was killed or is still at work. */
  readonly finishedAt: string | null;
  /** `stopped`: by a signal, in an orderly way. */
  readonly outcome: 'published' | 'unchanged' | 'failed' | 'stopped' | null;
  readonly asOf: Day;
  readonly months: readonly Month[];
  readonly steps: readonly PastStep[];
  readonly failure: string | null;
}

export interface GcRequest {
  readonly pipelineFile: string;
  /** Tell what would go, and remove nothing. */
  readonly dryRun: boolean;
  /** Seconds to wait for a run that holds the lock; at once when absent. */
  readonly wait?: number;
  readonly listener: Listener;
  readonly now: () => Date;
}

/**
 * `leftover`: of a killed run · `published-run`: below the output folder · `run`: in the state, of a run that is published no more ·
 * `delivery`: landed, and replaced by a newer one · `unnamed`: landed by a run that was killed before it noted so · `lake-file` ·
 * of runs on Athena that never ended, `athena-notes`: their queries, in the state; `athena-table`: a table or view; `athena-run`: their
 * folder on S3 · `upload`: a log on S3 that the landing has no more · `s3-run`: published on S3 · `athena-partition`: of a run that is
 * not on S3 any more.
 */
export type WasteKind =
  | 'leftover'
  | 'published-run'
  | 'run'
  | 'delivery'
  | 'unnamed'
  | 'lake-file'
  | 'athena-notes'
  | 'athena-table'
  | 'athena-run'
  | 'upload'
  | 'athena-partition'
  | 's3-run';

/** A file that goes, or a folder with all that is in it. A table or a partition counts as one file. */
export interface Waste {
  readonly kind: WasteKind;
  /** Of a file or folder, here or on S3; of a table, `database.table`. */
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

export interface GcResult {
  readonly retention: Retention;
  /** What was looked for. */
  readonly kinds: readonly WasteKind[];
  /** In the order in which it went. */
  readonly waste: readonly Waste[];
  /** What stays although nobody may need it, and why. */
  readonly notes: readonly string[];
}

/** `from` and `to` are the beginnings of ids of runs; without them the newest delivery and the last before it that told otherwise. */
export interface DiffRequest extends Omit<RunRequest, 'scope' | 'wait'> {
  readonly sourceId: string;
  readonly month: Month;
  readonly from?: string;
  readonly to?: string;
}

/** What counted of a source when a run was made. */
export interface Delivery {
  /** Null: it landed, and no run was published since. */
  readonly run: string | null;
  /** When that run began. */
  readonly at: string | null;
  readonly files: number;
  readonly bytes: number;
}

/** Equal lines of a delivery, together. Amounts are exact, in the basis of the source. */
export interface LineSide {
  readonly lines: number;
  readonly amount: string | null;
  /** What the provider asks, whatever the basis. */
  readonly billed: string | null;
  readonly quantity: string | null;
  /** The first of them: `file:row`. */
  readonly place: string | null;
}

export interface LineChange {
  readonly change: 'added' | 'removed' | 'changed';
  /** The words of the bill. */
  readonly what: string;
  readonly account: string;
  readonly category: string | null;
  readonly invoiceId: string | null;
  readonly chargeStart: string | null;
  readonly chargeEnd: string | null;
  /** Why the line cannot be read; null where it can. */
  readonly rejected: string | null;
  readonly currency: string | null;
  readonly before: LineSide;
  readonly after: LineSide;
  readonly difference: string;
}

export interface DeliveryDiff {
  readonly sourceId: string;
  readonly month: Month;
  /** Null: nothing was delivered before. */
  readonly before: Delivery | null;
  readonly after: Delivery;
  readonly lines: readonly LineChange[];
  /** Of the whole month, lines that stayed among it. */
  readonly totals: readonly {
    readonly currency: string;
    readonly before: string;
    readonly after: string;
    readonly difference: string;
  }[];
  readonly unchanged: number;
}

/** Months rated again at other prices. `from` and `to` are both done. */
export interface RerateRequest extends Omit<RunRequest, 'scope' | 'wait' | 'force'> {
  readonly from: Month;
  readonly to: Month;
  readonly prices: OtherPrices;
  /** How the book is called where people are told of it; null where there is none. */
  readonly bookName: string | null;
}

/** Exact amounts; null where there is usage without a price, so that nobody can say. */
export interface Rerating {
  readonly was: string | null;
  readonly is: string | null;
  readonly difference: string | null;
}

/**
 * `rated`: usage × prices, whether or not a bill covers it · `borne`: what stands in the statement, where a bill stays what it is and is
 * split by other weights. The two are never added.
 */
export type Track = 'rated' | 'borne';

export interface FeatureRerating extends Rerating {
  readonly month: Month;
  readonly currency: string;
  readonly track: Track;
  /** Null: the whole month. */
  readonly featureId: string | null;
}

/** Usage as the log calls it. */
export interface Unpriced {
  readonly month: Month;
  readonly provider: string;
  readonly model: string;
  readonly serviceTier: string;
  readonly meter: string;
  readonly quantity: string;
}

export interface SkuRerating extends Rerating, Unpriced {
  readonly currency: string;
  /** What the model means at the other prices. */
  readonly sku: string;
}

export interface Rerated {
  /** The run whose evidence it is, and the day through which it counts. */
  readonly runId: string;
  readonly asOf: Day;
  /** Month by month; of each currency and track the dearest first, and the whole month last. */
  readonly features: readonly FeatureRerating[];
  readonly skus: readonly SkuRerating[];
  /** At the other prices; accepted by nobody. */
  readonly unpriced: readonly Unpriced[];
}
