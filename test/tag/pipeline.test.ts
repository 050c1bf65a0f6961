// From answers of providers to priced rows: the files that the module wrote, read and rated by the pipeline as it is.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openTag, type ProblemCounts } from '../../src/tag/tag.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { run } from '../golden/company.js';
import { chatCompletion, embeddings, message, response, vectorMatches } from './answers.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));
vi.setConfig({ hookTimeout: 120_000 });

const PIPELINE = `name: shop
currency: USD
start: 2026-07
as_of: 2026-07-31
registry: { features: features.yaml, aliases: ["builtin:aliases.csv"] }
prices: { negotiated: [own.csv], list: ["builtin:list.csv", "builtin:vector.csv", "builtin:tools.csv"] }
sources:
  - { id: tagged, kind: usage, files: ["logs/ai/*.jsonl"], tokens: exclusive }
`;
const FEATURE = (id: string): string =>
  `  - { id: ${id}, name: ${id}, team: core, cost_center: CC-1, category: product, owners: { feature: Ann Lee } }\n`;
const OWN = `provider,sku,meter,unit,price,currency,tier,valid_from,source,note
openai,gpt-5-mini,input_tokens,1M,0.125,USD,flex,2025-01-01,contract,
openai,gpt-5-mini,cache_read_tokens,1M,0.0125,USD,flex,2025-01-01,contract,
openai,gpt-5-mini,output_tokens,1M,1,USD,flex,2025-01-01,contract,
openai,gpt-5-mini,search_queries,1K,10,USD,flex,2025-01-01,contract,
acme,ocr,tool_calls,1,0.02,USD,,2025-01-01,contract,
`;

let folder = '';
let problems: Partial<ProblemCounts> = {};
let ask: (select: string) => Promise<readonly string[]> = async () => [];

async function record(): Promise<void> {
  const tag = openTag({ folder: join(folder, 'logs/ai'), tags: { environment: 'prod', event_time: '2026-07-14T10:00:00Z' } });
  const chat = { feature_id: 'chat', customer_id: 'acme' };
  const search = { feature_id: 'search', customer_id: 'globex' };
  tag.openai(chatCompletion(), chat);
  tag.openai(response(), search);
  tag.openai(
    {
      object: 'chat.completion.chunk',
      model: 'gpt-4o-2024-08-06',
      choices: [],
      usage: { prompt_tokens: 1000, completion_tokens: 100 },
    },
    chat,
  );
  tag.anthropic(message(), chat);
  tag.embedding(embeddings(), search);
  tag.vectorQuery(vectorMatches(), { ...search, provider: 'pinecone', model: 'serverless-standard' });
  tag.toolCall({ ...chat, provider: 'tavily', model: 'search-basic', tool_name: 'web_search', search_queries: 2 });
  tag.toolCall({ ...chat, provider: 'acme', model: 'ocr', tool_name: 'read_receipt' });
  // Without a price, and nothing is charged for it.
  tag.toolCall({ ...chat, provider: 'own', model: 'calculator', tool_name: 'sum', tool_calls: 0 });
  const call = tag.call(search);
  call.failed({ provider: 'openai', model: 'gpt-5-mini' });
  call.openai(chatCompletion({ usage: { prompt_tokens: 100, completion_tokens: 10 } }));
  tag.openai(chatCompletion(), { ...chat, cache: 'hit' });
  await tag.close();
  problems = tag.problems();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'showback-tagged-'));
  await writeFile(join(folder, 'pipeline.yaml'), PIPELINE);
  await writeFile(join(folder, 'features.yaml'), `features:\n${FEATURE('chat')}${FEATURE('search')}`);
  await writeFile(join(folder, 'own.csv'), OWN);
  await record();
  // A file that somebody still writes is not read.
  await mkdir(join(folder, 'logs/ai'), { recursive: true });
  await writeFile(join(folder, 'logs/ai/usage.2026-07-14T10.there.1.aaaaaaaaaaaa.0001.jsonl.open'), '{"event_id":"half');
  const { warehousePath } = await run({ folder, pipelineFile: join(folder, 'pipeline.yaml') });
  ask = async (select) => {
    await using warehouse = await openDuckDb({ path: warehousePath, readOnly: true, threads: 1 });
    return (await warehouse.rows(select)).map((row) => Object.values(row).join(' '));
  };
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('has a row of cost for every meter of every feature, at the price of its class of tokens', async () => {
  const rows = await ask(`SELECT feature_id, provider, sku, meter, trim(rtrim(CAST(sum(amount) AS VARCHAR), '0'), '.') AS amount
    FROM marts.showback_feature_day WHERE usage_date = DATE '2026-07-14' AND amount <> 0 GROUP BY ALL ORDER BY ALL`);
  expect(rows).toEqual([
    'chat acme ocr tool_calls 0.02',
    // 4,096 at 0.30, 1,500 at 3.75, 500 at 6.00, 800 at 3.00 and 300 at 15.00 a million; 3 searches at 10 a thousand.
    'chat anthropic claude-sonnet-4-5 cache_read_tokens 0.0012288',
    'chat anthropic claude-sonnet-4-5 cache_write_1h_tokens 0.003',
    'chat anthropic claude-sonnet-4-5 cache_write_tokens 0.005625',
    'chat anthropic claude-sonnet-4-5 input_tokens 0.0024',
    'chat anthropic claude-sonnet-4-5 output_tokens 0.0045',
    'chat anthropic claude-sonnet-4-5 search_queries 0.03',
    'chat openai gpt-4o input_tokens 0.0025',
    'chat openai gpt-4o output_tokens 0.001',
    // 9,000 at 0.025, 3,000 at 0.25 and 900 at 2.00 a million; the answer from our own cache costs nothing.
    'chat openai gpt-5-mini cache_read_tokens 0.000225',
    'chat openai gpt-5-mini input_tokens 0.00075',
    'chat openai gpt-5-mini output_tokens 0.0018',
    'chat tavily search-basic search_queries 0.016',
    // The flex prices of 2,952, 2,048 and 700, and the standard ones of 100 and 10.
    'search openai gpt-5-mini cache_read_tokens 0.0000256',
    'search openai gpt-5-mini input_tokens 0.000394',
    'search openai gpt-5-mini output_tokens 0.00072',
    'search openai gpt-5-mini search_queries 0.02',
    'search openai text-embedding-3-small embedding_tokens 0.000048',
    'search pinecone serverless-standard vector_read_units 0.000096',
  ]);
});

it('refuses no record, and leaves nothing unpriced or without a feature', async () => {
  expect(await ask('SELECT file, reason FROM marts.rejected_record')).toEqual([]);
  expect(await ask('SELECT model, meter FROM marts.unpriced_usage')).toEqual([]);
  expect(await ask("SELECT amount FROM marts.showback_feature_month WHERE feature_id = '(unallocated)'")).toEqual([]);
  expect(Object.entries(problems).filter(([, count]) => count > 0)).toEqual([]);
});

it('has each customer', async () => {
  const rows = await ask('SELECT DISTINCT customer_id, feature_id FROM marts.showback_customer_month ORDER BY ALL');
  expect(rows).toEqual(['acme chat', 'globex search']);
});
