// A source brings evidence to `landing/`, unchanged, and says what its totals should be. It knows files, never tables.
import type { Listener } from '../kernel/event.js';
import type { SourceConfig } from '../pipeline/pipeline.js';

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
}

/** What the evidence itself says its total is: a printed total, a row count, a manifest's count. Text, exact. */
export interface ControlTotal {
  readonly sourceId: string;
  readonly control: 'printed_total' | 'row_count';
  /** File, invoice or period that the total is of. */
  readonly scope: string;
  readonly currency: string | null;
  readonly expected: string;
}

export interface LandRequest {
  readonly config: SourceConfig;
  /** Company folder, absolute. */
  readonly root: string;
  /** `landing/`, absolute. */
  readonly landingDir: string;
  readonly listener: Listener;
}

export interface Landing {
  readonly files: readonly LandedFile[];
  readonly controls: readonly ControlTotal[];
}
