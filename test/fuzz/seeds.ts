// A valid file for every reader, and the name that the reader finds it under.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CUR_NEEDED, FOCUS_MANDATORY } from '../../src/kernel/bill-lines.js';
import { bake } from '../hostile/recipe.js';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures');
const fixture = async (name: string) => readFile(path.join(FIXTURES, name));

const EVENTS = `SELECT 'e' || i AS event_id, '2026-07-01T00:00:00Z' AS event_time, 'openai' AS provider, 'm' AS model, i AS input_tokens,
  'f' || (i % 3) AS feature_id FROM range(200) AS r(i)`;

function focusCell(name: string): string {
  if (name.endsWith('Cost')) return '1.25';
  if (name.endsWith('PeriodStart')) return '2026-07-01T00:00:00Z';
  if (name.endsWith('PeriodEnd')) return '2026-08-01T00:00:00Z';
  return name === 'BillingCurrency' ? 'USD' : 'x';
}

const FOCUS = [FOCUS_MANDATORY, ...Array.from({ length: 8 }, () => FOCUS_MANDATORY.map(focusCell))]
  .map((row) => row.join(','))
  .join('\n');
const FOCUS_SELECT = `SELECT ${FOCUS_MANDATORY.map((name) => `'${focusCell(name)}' AS ${name}`).join(', ')} FROM range(50)`;
function curCell(name: string): string {
  if (name.endsWith('_cost')) return '1.25';
  if (name.endsWith('_start_date')) return '2026-07-01T00:00:00Z';
  if (name.endsWith('_end_date')) return '2026-08-01T00:00:00Z';
  return { line_item_currency_code: 'USD', line_item_line_item_type: 'Usage' }[name] ?? 'x';
}

const CUR_NAMES = [...CUR_NEEDED, 'line_item_resource_id'];
const CUR_TAGS = `"{""user_feature"":""chat""}"`;
const CUR = [[...CUR_NAMES, 'resource_tags'], ...Array.from({ length: 8 }, () => [...CUR_NAMES.map(curCell), CUR_TAGS])]
  .map((row) => row.join(','))
  .join('\n');
const CUR_SELECT = `SELECT ${CUR_NAMES.map((name) => `'${curCell(name)}' AS ${name}`).join(', ')}, MAP {'user_feature': 'chat'} AS resource_tags FROM range(50)`;
const INVOICE = `Invoice,From,To,Item,Amount\n${'A,2026-07-01,2026-07-31,storage,5.00\nA,2026-07-01,2026-07-31,"egress, far",1.25\n'.repeat(3)},,,Total,18.75\n`;
const CSV = `event_id,event_time,provider,model,input_tokens\n${Array.from({ length: 9 }, (_, at) => `e${at},2026-07-01T00:00:00Z,openai,m,${at}`).join('\n')}\n`;
const LINE = { event_time: '2026-07-01T00:00:00Z', provider: 'openai', model: 'm', input_tokens: 5, prompt: 'say "hi" \\n' };

export const AWS_DATA = 'in/data/BILLING_PERIOD=2026-07/';
export const LEGACY_DATA = 'in/20260701-20260801/';
const CUR_FILE = Buffer.from(`${CUR}\n`);
const FOCUS_FILE = Buffer.from(`${FOCUS}\n`);

/** Files that a seed names and that stay whole. */
export const BESIDE: Readonly<Record<string, Readonly<Record<string, Buffer>>>> = {
  'aws-export': { [`${AWS_DATA}a.csv`]: FOCUS_FILE, [`${AWS_DATA}b.csv`]: FOCUS_FILE },
  'cur-legacy': { [`${LEGACY_DATA}a.csv`]: CUR_FILE, [`${LEGACY_DATA}b.csv`]: CUR_FILE },
};

interface Seed {
  readonly name: string;
  readonly bytes: Buffer;
}

export const SEEDS: Readonly<Record<string, () => Promise<Seed>>> = {
  'pipeline-yaml': async () => ({ name: 'pipeline.yaml', bytes: await fixture('errors/.base/books/pipeline.yaml') }),
  'registry-yaml': async () => ({ name: 'rules.yaml', bytes: await fixture('errors/.base/books/rules.yaml') }),
  'features-yaml': async () => ({ name: 'features.yaml', bytes: await fixture('errors/.base/books/features.yaml') }),
  'fixed-costs-yaml': async () => ({ name: 'fixed_costs.yaml', bytes: await fixture('errors/.base/books/fixed_costs.yaml') }),
  'csv-books': async () => ({ name: 'prices.csv', bytes: await fixture('errors/.base/books/prices.csv') }),
  'usage-jsonl': async () => ({
    name: 'in/a.jsonl',
    bytes: Buffer.from(Array.from({ length: 12 }, (_, at) => `${JSON.stringify({ event_id: `e${at}`, ...LINE })}\n`).join('')),
  }),
  'usage-csv': async () => ({ name: 'in/a.csv', bytes: Buffer.from(CSV) }),
  'usage-parquet': async () => ({ name: 'in/a.parquet', bytes: await bake({ parquet: EVENTS }) }),
  'focus-csv': async () => ({ name: 'in/a.csv', bytes: FOCUS_FILE }),
  'focus-parquet': async () => ({ name: 'in/a.parquet', bytes: await bake({ parquet: FOCUS_SELECT }) }),
  'aws-export': async () => ({
    name: 'in/metadata/BILLING_PERIOD=2026-07/focus-Manifest.json',
    bytes: Buffer.from(
      JSON.stringify(
        {
          executionId: 'x',
          dataFiles: [
            { s3Uri: 's3://b/data/BILLING_PERIOD=2026-07/a.csv', size: FOCUS_FILE.length },
            's3://b/data/BILLING_PERIOD=2026-07/b.csv',
          ],
        },
        null,
        1,
      ),
    ),
  }),
  'cur-csv': async () => ({ name: 'in/a.csv', bytes: CUR_FILE }),
  'cur-parquet': async () => ({ name: 'in/a.parquet', bytes: await bake({ parquet: CUR_SELECT }) }),
  'cur-legacy': async () => ({
    name: `${LEGACY_DATA}report-Manifest.json`,
    bytes: Buffer.from(
      JSON.stringify({ assemblyId: 'x', reportKeys: ['cur/20260701-20260801/a.csv', 'cur/20260701-20260801/b.csv'] }, null, 1),
    ),
  }),
  'openai-costs': async () => ({ name: 'in/a.json', bytes: await fixture('sources/openai-costs/2026-07-01.json') }),
  'anthropic-costs': async () => ({ name: 'in/a.json', bytes: await fixture('sources/anthropic-costs/week.json') }),
  'openai-usage': async () => ({ name: 'in/a.json', bytes: await fixture('sources/openai-usage/completions.json') }),
  'anthropic-usage': async () => ({ name: 'in/a.json', bytes: await fixture('sources/anthropic-usage/week.json') }),
  'json-costs': async () => ({ name: 'in/a.json', bytes: await fixture('sources/openai-costs/2026-07-01.json') }),
  'invoice-csv': async () => ({ name: 'in/a.csv', bytes: Buffer.from(INVOICE) }),
};
