// Where models are built, and where a run is published besides the output folder.
import type { Place } from '../kernel/failure.js';

/** Where models are built. Of no figure: every engine gives the same marts. */
export type EngineConfig = { readonly kind: 'duckdb' } | AthenaEngineConfig;

export interface AthenaEngineConfig extends AthenaCatalog {
  readonly kind: 'athena';
  readonly output: S3Folder;
  /** Bytes that a run may scan, or null. */
  readonly scanBudget: number | null;
  readonly concurrency: number;
  readonly deadlineSeconds: number;
}

export interface AthenaCatalog {
  readonly workgroup: string;
  readonly database: string;
  /** Null: as the environment says. */
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly place: Place;
}

/** How a server that speaks S3 is reached. Credentials are the environment's. */
export interface S3Server {
  /** Null: as the environment says. */
  readonly region: string | null;
  /** Null: that of AWS. */
  readonly endpoint: string | null;
  readonly pathStyle: boolean;
}

/** A folder of a bucket. */
export interface S3Folder extends S3Server {
  readonly bucket: string;
  /** Without `/` at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

export interface S3Publish {
  readonly folder: S3Folder;
  readonly keepDays: number;
  readonly catalog: AthenaCatalog | null;
}
