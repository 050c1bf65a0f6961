// A source brings evidence to `landing/`, unchanged, and says what its totals should be. It knows files, never tables.
import type { Listener } from '../kernel/event.js';
import type { Month } from '../kernel/period.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import type { ObjectVersion } from '../store/store.js';

export type SourceKind = SourceConfig['kind'];

/** One file as received, content-addressed in landing. */
export interface LandedFile {
  readonly sourceId: string;
  /** Path below the company folder (or key in the bucket), `/` separated: what people are shown. */
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Absolute path of the landed copy. */
  readonly path: string;
  /** What a re-delivery replaces: a billing period `2026-08`, or the file's own name. */
  readonly unit: string;
  /** Orders deliveries of overlapping content: the later text wins. */
  readonly delivery: string;
  /** Of an object that stays on S3: the bytes of its receipt, which is what lies at `path`, and what `sha256` is of. */
  readonly receipt?: number;
}

/** What lands of an object that stays on S3: which one, in which state. */
export interface Receipt {
  readonly text: string;
  /** Of the text. */
  readonly sha256: string;
  readonly name: string;
  readonly object: ObjectVersion;
}

/** A landing on S3: objects go there from bucket to bucket, and their bytes never come here. */
export interface RemoteLanding {
  /** Whether an object of this name goes there. */
  readonly takes: (name: string) => boolean;
  /** Brings one, unless it is there; `PreconditionFailed` where it changed or went. Before the first, `all` that were listed are noted as needed. */
  readonly bring: (receipt: Receipt, all: readonly Receipt[]) => Promise<void>;
}

/** What the evidence itself says its total is: a printed total, a row count, a manifest's count. Text, exact. */
export interface ControlTotal {
  readonly sourceId: string;
  readonly control: 'printed_total' | 'row_count' | 'stated_count';
  /** File, invoice or period that the total is of. */
  readonly scope: string;
  readonly currency: string | null;
  readonly expected: string;
}

/** Milliseconds for one request and before the second try, and bytes of an answer. */
export interface Patience {
  readonly deadline?: number;
  readonly pause?: number;
  readonly largest?: number;
  /** Milliseconds until something that a provider makes has to be ready. */
  readonly ready?: number;
}

/** What a source that asks a provider needs of the world. */
export interface Outside {
  /** First month of the books. */
  readonly start: Month;
  readonly now: () => Date;
  /** Keys by the names that the pipeline gives them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of requests, where the usual ones do not fit. */
  readonly patience?: Patience;
}

export interface LandRequest<Config extends SourceConfig = SourceConfig> {
  readonly config: Config;
  /** Company folder, absolute. */
  readonly root: string;
  /** `landing/`, absolute. */
  readonly landingDir: string;
  readonly listener: Listener;
  readonly outside: Outside;
  /** Where models are built of what lies on S3. */
  readonly remote?: RemoteLanding | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Landing {
  readonly files: readonly LandedFile[];
  readonly controls: readonly ControlTotal[];
}

/** A line of a bill as text by column, without where it came from: `row` and `reject` are filled, absent columns are null. */
export type TextRow = Readonly<Record<string, string | null>>;

/** A bill file as lines of text, and what the file itself says its totals are. */
export interface Tabulation {
  readonly rows: readonly TextRow[];
  readonly controls: readonly ControlTotal[];
}

/** What reads one landed bill file that the engine has no reader for. Nothing becomes a number. */
export type Tabulate = (file: LandedFile, config: SourceConfig) => Promise<Tabulation>;
