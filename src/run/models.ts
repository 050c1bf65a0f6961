// The models of the package, parsed once where that is possible.
import { join } from 'node:path';
import type { Catalog } from '../model/catalog.js';
import { cachedCatalog, shipCatalog } from '../model/catalog-cache.js';
import { readTrinoMacros, type TrinoMacros } from '../model/trino-macros.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { PACKAGE_DIR, packageVersion, readText } from './state.js';

const SHIPPED = { sqlDir: join(PACKAGE_DIR, 'sql'), shippedDir: join(PACKAGE_DIR, 'dist') };

/** The models in the order in which they are built. A copy that the build did not ship is kept in `stateDir`, where one is given. */
export async function modelsOf(warehouse: Warehouse, stateDir: string | null): Promise<Catalog> {
  const cacheDir = stateDir === null ? null : join(stateDir, 'cache');
  return cachedCatalog({ ...SHIPPED, cacheDir }, warehouse, await versionsOf(warehouse));
}

/** @public A step of the build: `node .ci/models.mjs`. */
export async function shipModels(): Promise<void> {
  await using warehouse = await openDuckDb({ threads: 1 });
  await shipCatalog(SHIPPED, warehouse, await versionsOf(warehouse));
}

/** The macros as Athena is sent them. */
export async function trinoMacros(): Promise<TrinoMacros> {
  return readTrinoMacros(await readText(join(PACKAGE_DIR, 'sql', 'macros', 'trino.sql')));
}

/** Of the program and of the engine: either may read the same bytes otherwise. */
export async function versionsOf(warehouse: Warehouse): Promise<string> {
  const [engine] = await warehouse.rows('SELECT version() AS version');
  return `showback ${await packageVersion()}, DuckDB ${engine?.['version'] ?? ''}`;
}
