// Which landed files share a lake file. Large ones have their own; small logs go together, in batches whose borders depend on
// names alone, so that a new file makes one batch be read again and not all that follow.
import { createHash } from 'node:crypto';
import type { BillTable } from '../kernel/bill-lines.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import { billTableOf } from './load-bill.js';
import { compressionOf } from './load-csv.js';
import { type Batch, formatOf } from './load-usage.js';

export type LakeTable = 'usage_event' | BillTable;

export interface LakeUnit {
  /** Name of the lake file. */
  readonly key: string;
  readonly table: LakeTable;
  readonly config: SourceConfig;
  readonly files: Batch;
  readonly bytes: number;
}

const SMALL = 2 * 1024 * 1024;
/** What a night may read again because one small file came: seconds of packed logs. */
const FULL = 8 * 1024 * 1024;
const MOST = 256;

type Fingerprint = (files: readonly LandedFile[], config: SourceConfig) => string;

/** In order of source and name: the order in which everything is read. */
export function unitsOf(
  files: readonly LandedFile[],
  configs: readonly SourceConfig[],
  fingerprint: Fingerprint,
): readonly LakeUnit[] {
  return configs.flatMap((config) => {
    const own = files.filter((file) => file.sourceId === config.id).sort((a, b) => (a.name < b.name ? -1 : 1));
    const table = config.kind === 'usage' ? ('usage_event' as const) : billTableOf(config.kind);
    return batchesOf(own, config).map((batch) => {
      const hash = batch.length === 1 ? batch[0].sha256 : sha256(batch.map((file) => file.sha256).join(' '));
      return {
        key: `${hash}-${fingerprint(batch, config)}`,
        table,
        config,
        files: batch,
        bytes: batch.reduce((sum, file) => sum + file.bytes, 0),
      };
    });
  });
}

function batchesOf(files: readonly LandedFile[], config: SourceConfig): readonly Batch[] {
  const batches: Batch[] = [];
  let open: [LandedFile, ...LandedFile[]] | null = null;
  for (const file of files) {
    if (!isBatched(file, config)) {
      batches.push([file]);
      continue;
    }
    if (open === null || !fits(file, open)) batches.push((open = [file]));
    else open.push(file);
    if (isFull(open)) open = null;
  }
  return batches;
}

/** Spans are told apart by their traces, and those end with their file. */
function isBatched(file: LandedFile, config: SourceConfig): boolean {
  return config.kind === 'usage' && config.format !== 'otlp' && file.bytes <= SMALL && formatOf(file.name, config) === 'jsonl';
}

/** A batch is read by one reader, which tells files apart by their bytes: packed alike, and none twice. */
function fits(file: LandedFile, batch: Batch): boolean {
  return compressionOf(file.name) === compressionOf(batch[0].name) && batch.every((other) => other.sha256 !== file.sha256);
}

/** A border after about every sixty-fourth name, whatever comes before it. */
function isFull(batch: Batch): boolean {
  const last = batch.at(-1)?.name ?? '';
  return sha256(last) < '04' || batch.length >= MOST || batch.reduce((sum, file) => sum + file.bytes, 0) >= FULL;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
