// The golden company of a declared API, asking a server of the tests in place of its files.
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeclaredServer } from './declared-server.js';

const CASE = join(import.meta.dirname, '../../fixtures/cases/api-that-nobody-foresaw');

const SOURCE = `  - id: vendor
    kind: json-costs
    provider: vendor
    pull:
      url: URL/v1/costs
      query: { start: "{from}", end: "{to}" }
      headers: { Authorization: { env: VENDOR_KEY, prefix: "Bearer " } }
      page: { kind: cursor, param: cursor, next: meta.next, more: meta.more }
    records: data.items
    map: { charge_start: day, item: sku, amount: cost, project: owner.project }
    constants: { currency: USD }
    amount_unit: cents
    total: { amount: meta.total, count: meta.count }
`;

/** A folder that whoever asks for it removes. */
export async function declaredCompany({ url }: DeclaredServer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'showback-declared-'));
  await cp(CASE, folder, { recursive: true });
  const file = join(folder, 'pipeline.yaml');
  const pipeline = await readFile(file, 'utf8');
  await writeFile(file, `${pipeline.slice(0, pipeline.indexOf('  - id: vendor'))}${SOURCE}`.replace('URL', url));
  return folder;
}
