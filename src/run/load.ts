// What landed → the lake → the raw tables. On the embedded engine they are views of the lake.
import { join } from 'node:path';
import type { LandedFile } from '../source/source.js';
import { tabulate } from '../source/registry.js';
import { type Lake, type LoadedFile, loadLake } from '../warehouse/lake.js';
import { createRawViews } from '../warehouse/lake-views.js';
import { type Amounts, modelOf, type RunContext } from './execute.js';

/** A landed file and the number of its records. */
export interface Counted {
  readonly landed: LandedFile;
  readonly records: number;
  /** Records that are no usage. */
  readonly leftOut?: LoadedFile['leftOut'];
}

export async function loadHere(context: RunContext): Promise<Amounts> {
  const lake = await lakeOf(context, context.files);
  const fresh = (await context.kept?.restore(context.warehouse, lake)) ?? null;
  await context.warehouse.run(createRawViews(lake, fresh));
  return told(context, lake.files);
}

/** The lake of these files, read where it is not yet there. */
export async function lakeOf(context: RunContext, files: readonly LandedFile[]): Promise<Lake> {
  return loadLake(files, context.pipeline.sources, {
    lakeDir: join(context.pipeline.stateDir, 'lake'),
    pipelineFile: context.pipeline.file,
    threads: context.threads,
    tempDirectory: join(context.pipeline.stateDir, 'tmp'),
    listener: context.listener,
    tabulate,
    signal: context.signal,
  });
}

/** Tells the models, and who looks on, what landed. */
export async function told(context: RunContext, files: readonly Counted[]): Promise<Amounts> {
  const rows = files.map(({ landed: file, records }) => ({
    source_id: file.sourceId,
    file: file.name,
    sha256: file.sha256,
    bytes: String(file.bytes),
    records: String(records),
    unit: file.unit,
    delivery: file.delivery,
  }));
  await context.engine.fill(modelOf(context, 'run.landed_file'), rows);
  tellOfEmptyFiles(context, files);
  tellOfLeftOut(context, files);
  return {
    rows: files.reduce((sum, { records }) => sum + records, 0),
    bytes: context.files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** A file without records is no error, but often a sign of one. */
function tellOfEmptyFiles({ pipeline, listener }: RunContext, files: readonly Counted[]): void {
  for (const { id } of pipeline.sources) {
    const empty = files.filter(({ landed, records }) => landed.sourceId === id && records === 0);
    if (empty.length === 0) continue;
    const others = empty.length === 1 ? '' : ` and ${empty.length - 1} more`;
    listener({
      kind: 'note',
      level: 'info',
      message: `source \`${id}\`: no records in \`${empty[0]?.landed.name ?? ''}\`${others}`,
    });
  }
}

/** Traces hold far more than usage, and nobody should wonder where it went. */
function tellOfLeftOut({ pipeline, listener }: RunContext, files: readonly Counted[]): void {
  for (const { id } of pipeline.sources) {
    const counts = new Map<string, number>();
    for (const { landed, leftOut = [] } of files) {
      if (landed.sourceId !== id) continue;
      for (const { why, records } of leftOut) counts.set(why, (counts.get(why) ?? 0) + records);
    }
    if (counts.size === 0) continue;
    const parts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([why, records]) => `${records} ${why}`);
    listener({ kind: 'note', level: 'info', message: `source \`${id}\`: no usage, and left out: ${parts.join(', ')}` });
  }
}
