// What is published now, what of it this run keeps, and the step that replaces it.
import { join } from 'node:path';
import { type Month, monthsThrough } from '../kernel/period.js';
import type { Model } from '../model/catalog.js';
import { rowBreaches } from '../model/verify.js';
import { Failure } from '../kernel/failure.js';
import { arrowBytes } from '../publish/arrow.js';
import { type Manifest, publishRun } from '../publish/directory.js';
import type { RunContext } from './execute.js';
import { ARROW_MARTS, type ExportedFile, exportMarts, orderedSelect, plainColumns, writeWarehouse } from './export.js';
import type { Period } from './parameters.js';
import { writeAside, writeBytes } from './state.js';

export type Published = Manifest;

/** Months that stay as they were published, and the hashes of their files: part of what the run is a function of. */
export function carriedMonths(
  published: Published | null,
  period: Period,
): { readonly months: readonly Month[]; readonly hashes: readonly string[] } {
  const own = new Set(monthsThrough(period.firstMonth, period.lastMonth));
  const months = (published?.months ?? []).filter((month) => !own.has(month));
  const hashes = (published?.files ?? [])
    .filter((file) => file.month !== null && months.includes(file.month) && file.path.endsWith('.parquet'))
    .map((file) => `${file.path} ${file.sha256}`);
  return { months, hashes: hashes.sort() };
}

/** Adds the rows of the carried months to the marts, from the files that are published. */
export async function carryMonths(context: RunContext, published: Published | null): Promise<void> {
  const { months } = carriedMonths(published, context.period);
  if (published === null || months.length === 0) return;
  const current = join(context.pipeline.outDir, 'runs', published.runId);
  for (const mart of martsOf(context)) {
    const paths = months.map(
      (month) => `'${join(current, 'parquet', mart.table, `billing_month=${month}`, 'data.parquet').replaceAll("'", "''")}'`,
    );
    const list = plainColumns(mart);
    await context.warehouse.run(
      `INSERT INTO ${mart.name} (${list}) SELECT ${list} FROM read_parquet([${paths.join(', ')}], hive_partitioning = false)`,
    );
    const breaches = await rowBreaches(context.warehouse, mart);
    if (breaches.length > 0) throw new Failure('check', breaches);
  }
}

/** Writes marts aside, checks nothing away, and flips the published folder to them. */
export async function publishMarts(context: RunContext, published: Published | null, runId: string): Promise<void> {
  const { pipeline, period, warehouse } = context;
  const marts = martsOf(context);
  const months = [
    ...new Set([...monthsThrough(period.firstMonth, period.lastMonth), ...carriedMonths(published, period).months]),
  ].sort();
  await writeRunWarehouse(context, marts, runId);
  await publishRun({
    outDir: pipeline.outDir,
    runId,
    stage: async (dir) => [...(await exportMarts(warehouse, marts, months, dir)), ...(await exportArrow(context, marts, dir))],
    manifest: { pipeline: pipeline.name, asOf: period.asOf, currency: pipeline.currency, months },
  });
}

function martsOf(context: RunContext): readonly Model[] {
  return context.catalog.models.filter((model) => model.layer === 'marts').toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function writeRunWarehouse(context: RunContext, marts: readonly Model[], runId: string): Promise<void> {
  const path = join(context.pipeline.stateDir, 'runs', runId, 'warehouse.duckdb');
  await writeAside(path, (aside) => writeWarehouse(context.warehouse, marts, aside));
}

async function exportArrow(context: RunContext, marts: readonly Model[], dir: string): Promise<readonly ExportedFile[]> {
  const files: ExportedFile[] = [];
  for (const mart of marts.filter((model) => ARROW_MARTS.has(model.table))) {
    const rows = await context.warehouse.rows(orderedSelect(mart, null, plainColumns(mart)));
    const { columns } = mart.contract;
    const cells = rows.map((row) => columns.map((column) => row[column.name] ?? null));
    const path = `arrow/${mart.table}.arrow`;
    await writeBytes(join(dir, path), await arrowBytes(columns, cells, { mart: mart.table, pipeline: context.pipeline.name }));
    files.push({ path, mart: mart.table, month: null, rows: rows.length });
  }
  return files;
}
