// A company with three months of books: bills of every kind, a schedule, late events, duplicates, rejects and unpriced usage.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bytesBelow, type Company, companyOf } from './company.js';

export const AS_OF = '2026-09-30';
export const MONTHS = ['2026-07', '2026-08', '2026-09'] as const;

/** File below the company's folder → text. */
export type Delivery = Readonly<Record<string, string>>;

const BASE = join(import.meta.dirname, '../../fixtures/errors/.base/running');

/** The company with all its files, or with those of `delivered`. */
export async function threeMonths(
  options: { readonly lookBack?: number; readonly delivered?: Delivery } = {},
): Promise<Company & AsyncDisposable> {
  const company = await companyOf(BASE);
  for (const folder of ['usage', 'bills']) await rm(join(company.folder, folder), { recursive: true });
  const yaml = await readFile(company.pipelineFile, 'utf8');
  const window = options.lookBack === undefined ? '' : `look_back: ${options.lookBack}\n`;
  await writeFile(company.pipelineFile, `${window}${yaml.replace(/^as_of.*\n/m, '')}${OPENAI}`);
  const rules = join(company.folder, 'rules.yaml');
  await writeFile(rules, `${await readFile(rules, 'utf8')}${OPENAI_RULE}`);
  await deliver(company, options.delivered ?? (await allFiles()));
  return company;
}

export async function deliver(company: Company, files: Delivery): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(company.folder, name)), { recursive: true });
    await writeFile(join(company.folder, name), text);
  }
}

export async function allFiles(): Promise<Delivery> {
  const aws = await readFile(join(BASE, 'bills/aws/2026-07.csv'), 'utf8');
  const months = MONTHS.flatMap((month, at) => [
    [`usage/${month}.jsonl`, usageOf(month)],
    [`usage/${month}-late.jsonl`, event(`${month}-late`, `${MONTHS[Math.max(0, at - 1)] ?? month}-20T10:00:00Z`)],
    [`bills/aws/${month}.csv`, aws.replaceAll('2026-08', nextOf(month)).replaceAll('2026-07', month)],
    [`bills/vector/${month}.csv`, invoice(`V-${at},${month}-01,${month}-30,Reads,10.0${at}`, `10.0${at}`)],
    [`bills/openai/${month}.json`, buckets([`${month}-01`, '3.50'], [`${month}-15`, '0.70'])],
  ]);
  return Object.fromEntries([...months, ['bills/vector/half.csv', invoice('V-9,2026-07-16,2026-08-15,Writes,31.00', '31.00')]]);
}

function nextOf(month: string): string {
  return `2026-${String(Number(month.slice(5)) + 1).padStart(2, '0')}`;
}

function usageOf(month: string): string {
  const small = { feature_id: 'search', customer_id: 'acme' };
  const last = `${month}-30T23:59:59Z`;
  return [
    event(`${month}-a`, `${month}-01T00:00:00Z`),
    event(`${month}-b`, last, { ...small, input_tokens: 7 }),
    event(`${month}-b`, last, { ...small, input_tokens: 9, recorded_at: last }),
    event(`${month}-c`, `${month}-15T12:00:00Z`, { input_tokens: -1 }),
    event(`${month}-d`, `${month}-15T12:00:00Z`, { feature_id: 'unknown' }),
    '{"cut',
  ].join('\n');
}

export function event(id: string, time: string, more: object = {}): string {
  const meters = { provider: 'openai', model: 'gpt-six', feature_id: 'chat', input_tokens: 333_333 };
  return JSON.stringify({ event_id: id, event_time: time, ...meters, ...more });
}

export function invoice(line: string, total: string): string {
  return ['Invoice,From,To,Item,Amount', line, `,,,Total,${total}`].join('\n');
}

/** A dump of the cost API: one bucket a day. */
export function buckets(...days: readonly (readonly [day: string, amount: string])[]): string {
  const data = days.map(([day, value]) => {
    const start = Date.parse(`${day}T00:00:00Z`) / 1000;
    const results = [{ amount: { value, currency: 'usd' }, line_item: 'gpt-six, input', project_id: 'p', organization_id: 'o' }];
    return { object: 'bucket', start_time: start, end_time: start + 86_400, results };
  });
  return JSON.stringify({ object: 'page', data });
}

/**
 * Path below `out/current` → bytes, without the manifest, which tells the runs that made the months, and without the one mart that is a
 * function of those runs too (`made: history`): by another way to the same figures, it tells that way.
 */
export async function publishedBytes(company: Company): Promise<Readonly<Record<string, string>>> {
  const found = await bytesBelow(join(company.folder, 'out/current'));
  return Object.fromEntries(
    Object.entries(found).filter(([name]) => name !== 'current.json' && !/\bestimate_movement\b/.test(name)),
  );
}

/** Those of them that are of one month. */
export function ofMonth(bytes: Readonly<Record<string, string>>, month: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(bytes).filter(([name]) => name.includes(month)));
}

const OPENAI = `  - id: openai
    kind: openai-costs
    provider: openai
    files: ["bills/openai/*.json"]
`;

const OPENAI_RULE =
  '  - { pool: tokens, match: { provider: openai }, method: by, driver: rated_cost, within: [[day, sku, meter], [day]] }\n';
