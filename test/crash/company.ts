// One company with every kind of source over two months: as it is before its first run, and with what comes after that.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeParquet } from '../golden/company.js';

/** Thousands of small files: in memory where there is room, since a killed process leaves the same there. */
export const ROOM = hasRoom('/dev/shm') ? '/dev/shm' : tmpdir();

function hasRoom(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > 4 * 1024 ** 3;
}

const CASES = join(import.meta.dirname, '../../fixtures/cases');
const BASE = join(import.meta.dirname, '../../fixtures/errors/.base/running');

const PIPELINE = `name: crash
currency: USD
start: 2026-07
as_of: 2026-08-31
registry: { features: features.yaml, fixed_costs: fixed_costs.yaml, rules: rules.yaml, sku_map: [sku_map.csv], skus: [skus.csv] }
prices: { list: [prices.csv] }
sources:
  - { id: app, kind: usage, files: ["usage/*.jsonl", "usage/*.jsonl.gz"] }
  - { id: table, kind: usage, files: ["usage/*.csv"] }
  - { id: gateway, kind: usage, files: ["usage/*.parquet"] }
  - { id: aws, kind: focus, provider: aws, layout: aws-export, path: bills/aws, version: "1.2", feature_tag: feature }
  - { id: azure, kind: focus, provider: azure, files: ["bills/azure/*.csv"], version: "1.2", feature_tag: feature }
  - { id: openai, kind: openai-costs, provider: openai, files: ["bills/openai/*.json"] }
  - { id: anthropic, kind: anthropic-costs, provider: anthropic, files: ["bills/anthropic/*.json"] }
  - id: vector
    kind: invoice-csv
    provider: vector
    files: ["bills/vector/*.csv"]
    columns: { invoice_id: Invoice, period_start: From, period_end: To, item: Item, amount: Amount }
    currency: USD
    total: { column: Item, equals: Total }
`;

const RULES = `rules:
  - { pool: tagged, match: { "tag:feature": "*" }, method: direct, via: [tag] }
  - { pool: openai, match: { provider: openai }, method: by, driver: rated_cost, usage: { provider: openai } }
  - { pool: anthropic, match: { provider: anthropic }, method: by, driver: rated_cost, usage: { provider: anthropic } }
  - { pool: vector, match: { provider: vector }, method: feature, feature: search }
  - { pool: cluster, match: { entry: cluster }, method: by, driver: gpu_hours, within: [[month]], feeds: [embedder] }
  - { pool: embedder, match: { pool: embedder }, method: by, driver: embedding_tokens, within: [[month]] }
  - { pool: support, match: { entry: support }, method: proportional }
`;

const PRICES = `provider,sku,meter,unit,price,currency,tier,valid_from,source,note
openai,gpt-six,input_tokens,1M,6,USD,,2026-01-01,price page,
anthropic,claude-sonnet-4-5,input_tokens,1M,3,USD,,2026-01-01,price page,
anthropic,claude-sonnet-4-5,output_tokens,1M,15,USD,,2026-01-01,price page,
self_hosted,h100,gpu_hours,1,1,USD,,2026-01-01,weight,
self_hosted,bge,embedding_tokens,1M,1,USD,,2026-01-01,weight,
`;

const SKU_MAP = `provider,item,sku,meter,factor,note
openai,"gpt-six, input",gpt-six,input_tokens,1,
anthropic,Input,claude-sonnet-4-5,input_tokens,1,
anthropic,Output,claude-sonnet-4-5,output_tokens,1,
`;

function event(id: string, time: string, more: object = {}): string {
  const record = {
    event_id: id,
    event_time: time,
    provider: 'openai',
    model: 'gpt-six',
    feature_id: 'chat',
    input_tokens: 7_001,
  };
  return `${JSON.stringify({ ...record, ...more })}\n`;
}

/** A folder that holds the company before its first run. */
export async function makeCompany(): Promise<string> {
  const folder = await mkdtemp(join(ROOM, 'showback-crash-'));
  await cp(join(CASES, 'pools-feed-pools'), folder, { recursive: true });
  for (const name of ['expected', 'case.yaml']) await rm(join(folder, name), { recursive: true });
  const bills: readonly (readonly [string, string])[] = [
    ['aws-month-delivered-again/bills/export', 'bills/aws'],
    ['openai-last-week-pulled-again/bills', 'bills/openai'],
    ['openai-last-week-pulled-again/usage/july.jsonl', 'usage/openai.jsonl'],
    ['anthropic-amounts-are-cents/bills', 'bills/anthropic'],
    ['anthropic-amounts-are-cents/usage/july.jsonl', 'usage/anthropic.jsonl'],
  ];
  for (const [from, to] of bills) await cp(join(CASES, from), join(folder, to), { recursive: true });
  await cp(join(BASE, 'bills/vector'), join(folder, 'bills/vector'), { recursive: true });
  const azure = await readFile(join(BASE, 'bills/aws/2026-07.csv'), 'utf8');
  for (const [name, text] of Object.entries(filesOf(azure))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await writeParquet({ folder, pipelineFile: '' }, 'usage/gateway.csv.txt', 'usage/gateway.parquet');
  return folder;
}

function filesOf(azure: string): Readonly<Record<string, string | Uint8Array>> {
  const header = 'event_id,event_time,provider,model,feature_id,input_tokens\n';
  return {
    'pipeline.yaml': PIPELINE,
    'rules.yaml': RULES,
    'prices.csv': PRICES,
    'sku_map.csv': SKU_MAP,
    'bills/azure/2026-07.csv': azure.replaceAll('111122223333', 'azure-1').replaceAll('AWS', 'Azure'),
    'usage/august.jsonl.gz': gzipSync(event('z1', '2026-08-02T00:00:00Z') + event('z2', '2026-08-30T10:00:00Z')),
    'usage/table.csv': `${header}t1,2026-08-03T00:00:00Z,openai,gpt-six,search,55\nt2,not a time,openai,gpt-six,search,1\n`,
    'usage/gateway.csv.txt': `${header}p1,2026-08-04T00:00:00Z,openai,gpt-six,search,66\n`,
  };
}

/** What comes between the first run and the second: a bill delivered again, a dump pulled again, a late event, a corrected file. */
export async function deliverMore(folder: string): Promise<void> {
  await cp(join(CASES, 'aws-month-delivered-again/then/second-delivery/bills/export'), join(folder, 'bills/aws'), {
    recursive: true,
  });
  await cp(join(CASES, 'openai-last-week-pulled-again/then/second-pull/bills'), join(folder, 'bills/openai'), {
    recursive: true,
  });
  await writeFile(join(folder, 'usage/late.jsonl'), event('late', '2026-07-20T00:00:00Z', { input_tokens: 990_001 }));
  await writeFile(
    join(folder, 'usage/table.csv'),
    'event_id,event_time,provider,model,feature_id,input_tokens\nt1,2026-08-03T00:00:00Z,openai,gpt-six,search,56\n',
  );
}
