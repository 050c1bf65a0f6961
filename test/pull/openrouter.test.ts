// Activity of OpenRouter by the declaration that docs/pull.md has, against what its API is documented to do.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readPipeline } from '../../src/pipeline/read.js';
import type { JsonCostsSource } from '../../src/pipeline/pipeline.js';
import { Company } from '../contract/company.js';
import { readPage } from '../docs/page.js';
import { failureOf } from './failure-of.js';
import { type Asked, type FaultyServer, type Reply, startFaultyServer } from './faulty-server.js';

vi.setConfig({ testTimeout: 30_000 });

const ROOT = join(import.meta.dirname, '../..');
const KEY = 'sk-or-v1-management-key-of-the-tests';
let server: FaultyServer;
let today: string;
const days = new Map<string, readonly string[]>();

beforeEach(async () => {
  days.clear();
  server = await startFaultyServer(answerTo);
});
afterEach(async () => server.close());

/** https://openrouter.ai/docs/api-reference/analytics/get-activity */
function answerTo({ request, url }: Asked): Reply {
  const refused = (code: number, message: string) => ({ status: code, body: JSON.stringify({ error: { code, message } }) });
  if (url.pathname !== '/api/v1/activity') return refused(404, 'Not Found');
  if (request.headers.authorization !== `Bearer ${KEY}`) return refused(403, 'Only management keys can fetch activity');
  const date = url.searchParams.get('date') ?? '';
  const age = (Date.parse(today) - Date.parse(date)) / 86_400_000;
  if (!(age >= 1 && age <= 30)) return refused(400, 'Date must be within the last 30 (completed) UTC days');
  return { status: 200, body: `{"data":[${(days.get(date) ?? []).join(',')}]}` };
}

function activity(date: string, usage: string, more = ''): string {
  return `{"date":"${date}","model":"openai/gpt-4.1","model_permaslug":"openai/gpt-4.1-2025-04-14","endpoint_id":"550e8400","provider_name":"OpenAI","usage":${usage},"byok_usage_inference":0,"requests":5,"prompt_tokens":50,"completion_tokens":125,"reasoning_tokens":25${more}}`;
}

/** The source as the page declares it, asked of the server of the tests. */
async function declared(company: Company): Promise<JsonCostsSource> {
  const block = readPage(ROOT, 'docs/pull.md').blocks.find(({ text }) => text.includes('openrouter.ai'))?.text ?? '';
  await company.copy(join(ROOT, 'fixtures/cases/api-that-nobody-foresaw/features.yaml'), 'features.yaml');
  const head = 'name: shop\ncurrency: USD\nstart: 2026-07\nregistry: { features: features.yaml }\nsources:\n';
  await company.write('pipeline.yaml', `${head}${block.replace('https://openrouter.ai', server.url)}\n`);
  const { sources: read } = await readPipeline(company.path('pipeline.yaml'));
  const source = read.find(({ id }) => id === 'openrouter');
  if (source?.kind !== 'json-costs') throw new Error('the page declares no openrouter');
  return source;
}

async function land(company: Company, day: string, key = KEY) {
  today = day;
  const config = await declared(company);
  const outside = {
    start: '2026-07',
    now: () => new Date(`${day}T03:00:00Z`),
    env: { OPENROUTER_MANAGEMENT_KEY: key },
    patience: { pause: 5 },
  };
  return { config, landing: company.land(config, outside) };
}

async function rows(company: Company, day: string, sql: string): Promise<readonly object[]> {
  const { config, landing } = await land(company, day);
  return company.askFiles((await landing).files, [config], sql);
}

const LINES =
  'SELECT charge_start, item, quantity, amount, currency FROM raw.invoice_line WHERE empty IS NULL ORDER BY charge_start, "row"';

test('usage is dollars, a line a day and endpoint', async () => {
  days.set('2026-07-01', [activity('2026-07-01', '0.015'), activity('2026-07-01', '1.5e-7')]);
  await using company = await Company.make();
  const of = { charge_start: '2026-07-01', item: 'openai/gpt-4.1', quantity: '5', currency: 'USD' };
  expect(await rows(company, '2026-07-04', LINES)).toEqual([
    { ...of, amount: '0.015' },
    { ...of, amount: '1.5e-7' },
  ]);
});

test('what a provider bills for a key of our own is not charged here, too', async () => {
  days.set('2026-07-01', [activity('2026-07-01', '0.0006').replace('"byok_usage_inference":0', '"byok_usage_inference":0.012')]);
  await using company = await Company.make();
  expect(await rows(company, '2026-07-04', LINES)).toMatchObject([{ amount: '0.0006' }]);
});

test('sums of floating point numbers count to the digits that are true', async () => {
  days.set('2026-07-01', [activity('2026-07-01', String(0.1 + 0.2)), activity('2026-07-01', '123456.78901234567')]);
  await using company = await Company.make();
  expect(await rows(company, '2026-07-04', LINES)).toMatchObject([
    { amount: '0.300000000000000' },
    { amount: '123456.789012346' },
  ]);
});

test('days are those of UTC, and the one that is not over is not asked for', async () => {
  await using company = await Company.make();
  await (await land(company, '2026-07-04')).landing;
  expect(server.log).toEqual(['/api/v1/activity?date=2026-07-01', '/api/v1/activity?date=2026-07-02']);
});

test('only the last 30 days are asked for; older ones stay as they came, or are told to be lost', async () => {
  days.set('2026-07-05', [activity('2026-07-05', '7')]);
  await using company = await Company.make();
  await (await land(company, '2026-07-20')).landing;
  server.log.length = 0;
  days.clear();
  expect(await rows(company, '2026-08-19', LINES)).toMatchObject([{ charge_start: '2026-07-05', amount: '7' }]);
  expect(
    server.log
      .map((line) => line.slice(-10))
      .toSorted()
      .at(0),
  ).toBe('2026-07-20');
  expect(
    server.log
      .map((line) => line.slice(-10))
      .toSorted()
      .at(-1),
  ).toBe('2026-08-17');
  expect(company.notes).toEqual([
    'source `openrouter`: 2026-07-19 was never pulled to its end, and the API tells of the last 30 days alone: what was spent then is not billed here',
  ]);
});

test('a key that calls models is told to be the wrong one', async () => {
  await using company = await Company.make();
  const { landing } = await land(company, '2026-07-03', 'sk-or-v1-that-calls-models');
  const [problem] = (await failureOf(landing)).problems;
  expect(problem).toMatchObject({
    code: 'pull/forbidden',
    remedy: expect.stringContaining('OPENROUTER_MANAGEMENT_KEY') as string,
  });
  expect(problem?.message).toContain('Only management keys can fetch activity');
  expect(JSON.stringify(problem)).not.toContain('calls-models');
});
