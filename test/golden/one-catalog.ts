// The models do not change while tests run: they are read once a file of tests, not once a run. For `vi.mock` of src/model/catalog.ts.
import type * as CatalogModule from '../../src/model/catalog.js';

export async function oneCatalog(original: () => Promise<unknown>): Promise<typeof CatalogModule> {
  const actual = (await original()) as typeof CatalogModule;
  let catalog: ReturnType<typeof actual.readCatalog> | undefined;
  return { ...actual, readCatalog: async (folder, warehouse) => (catalog ??= actual.readCatalog(folder, warehouse)) };
}
