import { readFileSync } from 'node:fs';
import { calcPrice } from '@pydantic/genai-prices';
import { expect, it } from 'vitest';
import { loadCatalogue } from '../../src/pipeline/rates-catalogue.js';
import { catalogueGaps } from '../../src/pipeline/rates-gaps.js';
import { aliasRows, bookRows } from '../property/price-book.js';

const page = readFileSync(new URL('../../docs/prices.md', import.meta.url), 'utf8');

it('docs/prices.md counts what the list does not carry, by cause', async () => {
  const counted = catalogueGaps(await loadCatalogue()).map(({ cause, models }) => `| ${cause} | ${models.length} |`);
  const documented = page.split('\n').slice(page.split('\n').indexOf('| cause | models |') + 2);
  expect(documented.slice(0, counted.length + 1)).toEqual([...counted, '']);
});

it('docs/prices.md says how large the books are', async () => {
  const { providers } = await loadCatalogue();
  const list = bookRows('rates/list.csv');
  const skus = new Set(list.map((row) => `${row.provider}/${row.sku}`));
  const lent = new Set(list.filter((row) => row.note.startsWith('price of ')).map((row) => `${row.provider}/${row.sku}`));
  const without = (meter: string): number =>
    skus.size - new Set(list.filter((row) => row.meter === meter).map((row) => `${row.provider}/${row.sku}`)).size;
  const unmatched = [...new Set(list.map((row) => `${row.provider}\t${row.sku}`))].filter((key) => {
    const [providerId = '', sku = ''] = key.split('\t');
    return calcPrice({}, sku, { providerId }) === null && !lent.has(`${providerId}/${sku}`);
  });
  const facts = [
    `${unmatched.length} skus (Bedrock`,
    `| providers | ${providers.length} |`,
    `| models in the catalogue | ${providers.reduce((sum, provider) => sum + provider.models.length, 0).toLocaleString('en')} |`,
    `| of these with a price that the book carries | ${(skus.size - lent.size).toLocaleString('en')} |`,
    `under their own provider | ${lent.size} |`,
    `| rows in \`list.csv\` | ${list.length.toLocaleString('en')} |`,
    `| rows in \`aliases.csv\` | ${aliasRows('rates/aliases.csv').length.toLocaleString('en')} |`,
    `\`output_tokens\` of ${without('output_tokens')} embedding models`,
    `${without('cache_write_1h_tokens').toLocaleString('en')} models that sell no cache writes`,
  ];
  for (const fact of facts) expect(page).toContain(fact);
});
