// Marts come back from Athena: the files of a table there become a table here.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { ObjectStore } from '../store/store.js';
import { literal } from '../warehouse/sql-quote.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import type { RunTable } from './athena-tables.js';
import { createEmpty } from './build.js';
import type { Model } from './catalog.js';

/** Brings the files of a table to a folder. Gives their paths. */
export async function downloaded(store: ObjectStore, { name, prefix }: RunTable, dir: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const page of store.list(prefix)) {
    for (const { key, etag } of page.filter(({ bytes }) => bytes > 0)) {
      const file = join(dir, `${name}-${files.length}.parquet`);
      await store.download(key, file, { etag });
      files.push(file);
    }
  }
  return files;
}

/** The table of `model` with the rows of Parquet files. Gives their number. */
export async function filled(local: Warehouse, model: Model, files: readonly string[]): Promise<string> {
  await createEmpty(local, model);
  const columns = model.contract.columns.map((column) => `"${column.name}"`).join(', ');
  for (const file of files)
    await local.run(`INSERT INTO ${model.name} (${columns}) SELECT ${columns} FROM read_parquet(${literal(file)})`);
  const [there] = await local.rows(`SELECT count(*) AS n FROM ${model.name}`);
  return there?.['n'] ?? '0';
}

export function lostRows(model: Model, expected: number, found: string, location: string): Failure {
  const message = `${model.name} has ${expected} rows on Athena, and ${found} in its files`;
  const remedy =
    'somebody else writes or removes files there: let nothing but showback write below its output folder, then run again';
  return new Failure('unavailable', [{ code: 'athena/files-differ', message, remedy, place: { file: location } }]);
}
