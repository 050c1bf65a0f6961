import { readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';

export * from '../../dist/model/catalog.js';

export async function readCatalog() {
  return deserialize(readFileSync(process.env.CRASH_CATALOG));
}
