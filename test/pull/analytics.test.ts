// Anthropic's analytics: rows instead of buckets, and a watermark. A day that ends after it is no day of zero and no bill: it stays estimated.
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AnthropicCostsSource, AnthropicUsageSource, ApiPull } from '../../src/pipeline/pipeline.js';
import { connect } from '../../src/source/connect.js';
import type { Outside } from '../../src/source/source.js';
import type { Row } from '../../src/warehouse/warehouse.js';
import { BILL, BILLED_USAGE, Company } from '../contract/company.js';
import { type CostServer, startCostServer } from './cost-server.js';

vi.setConfig({ testTimeout: 30_000 });

let server: CostServer;

beforeEach(async () => {
  server = await startCostServer('anthropic');
  server.refreshedAt = '2026-07-04T06:30:00Z';
});

afterEach(async () => server.close());

function outside(today: string): Outside {
  return {
    start: '2026-07',
    now: () => new Date(`${today}T08:00:00Z`),
    env: { KEY: server.key },
    patience: { pause: 5, deadline: 2000 },
  };
}

function pullOf(groupBy: readonly string[]): ApiPull {
  return { keyVariable: 'KEY', url: server.url, groupBy, endpoints: ['analytics'], from: null, trailingDays: 10, lagDays: 0 };
}

function costs(): AnthropicCostsSource {
  const pull = pullOf(['model', 'workspace_id', 'service_tier', 'context_window', 'inference_geo']);
  return { ...BILL, kind: 'anthropic-costs', provider: 'anthropic', basis: 'billed', files: [], pull };
}

function usage(): AnthropicUsageSource {
  return { ...BILLED_USAGE, kind: 'anthropic-usage', provider: 'anthropic', files: [], pull: pullOf(['model', 'workspace_id']) };
}

function cost(amount: string, tokenType = 'output_tokens'): string {
  return `"group":{"model":"claude-opus-5","cost_type":"tokens","token_type":"${tokenType}","workspace_id":null,"api_key_id":null},"cost":{"amount":"${amount}","list_amount":"999","currency":"USD","requests":null}`;
}

/** What was landed, as another company reads it from a file. */
async function rawOf(config: AnthropicCostsSource | AnthropicUsageSource, text: string, sql: string): Promise<readonly Row[]> {
  await using company = await Company.make({ 'in/a.json': text });
  return await company.ask([{ ...config, pull: null, files: ['in/*'] }], sql);
}

async function landedText(config: AnthropicCostsSource | AnthropicUsageSource, today: string): Promise<string> {
  await using company = await Company.make();
  const { files } = await company.land(config, outside(today));
  return await readFile(files[0]?.path ?? '', 'utf8');
}

describe('costs by analytics', () => {
  test('are asked for with the groups and the header that the API wants, and land with the days that were asked for', async () => {
    server.days.set('analytics 2026-07-01', [cost('123.45')]);
    const text = await landedText(costs(), '2026-07-06');
    expect(server.log).toEqual([
      `/v1/organizations/analytics/cost?starting_at=2026-07-01T00%3A00%3A00Z&ending_at=2026-07-06T00%3A00%3A00Z&time_bucket_width=1d&${[
        'model',
        'workspace_id',
        'service_tier',
        'context_window',
        'inference_geo',
        'cost_type',
        'token_type',
      ]
        .map((name) => `group_by%5B%5D=${name}&`)
        .join('')}limit=1000`,
    ]);
    expect(text).toContain('{"endpoint":"analytics","from":"2026-07-01","to":"2026-07-06","page":{"data":[');
    expect(text).toContain(cost('123.45'));
  });

  test('of days without a row are zero, of days that the provider did not know in full are nothing', async () => {
    server.days.set('analytics 2026-07-01', [cost('123.45'), cost('6.5', 'uncached_input_tokens')]);
    server.days.set('analytics 2026-07-04', [cost('77')]);
    const text = await landedText(costs(), '2026-07-06');
    const sql = 'SELECT bucket_start[:10] AS day, empty_bucket, amount, token_type FROM raw.anthropic_cost ORDER BY day, "row"';
    expect(await rawOf(costs(), text, sql)).toEqual([
      { day: '2026-07-01', empty_bucket: 'false', amount: '123.45', token_type: 'output_tokens' },
      { day: '2026-07-01', empty_bucket: 'false', amount: '6.5', token_type: 'uncached_input_tokens' },
      { day: '2026-07-02', empty_bucket: 'true', amount: null, token_type: null },
      { day: '2026-07-03', empty_bucket: 'true', amount: null, token_type: null },
      { day: '2026-07-04', empty_bucket: 'early', amount: '77', token_type: 'output_tokens' },
    ]);
  });

  test('of several pages are one answer, and know as far as the page that knows least', async () => {
    server.pageRows = 1;
    server.days.set('analytics 2026-07-01', [
      cost('1'),
      cost('2', 'uncached_input_tokens'),
      cost('3', 'cache_read_input_tokens'),
    ]);
    const text = (await landedText(costs(), '2026-07-03')).replace('2026-07-04T06:30:00Z', '2026-07-02T00:00:00Z');
    expect(server.log).toHaveLength(3);
    const sql = 'SELECT empty_bucket, count(*) AS n, count(DISTINCT delivery) AS deliveries FROM raw.anthropic_cost GROUP BY ALL';
    expect(await rawOf(costs(), text, sql)).toEqual([{ empty_bucket: 'false', n: '3', deliveries: '1' }]);
  });

  test('are not read where a page does not say how far it knows, or the last one is missing', async () => {
    server.days.set('analytics 2026-07-01', [cost('1'), cost('2')]);
    server.pageRows = 1;
    const text = await landedText(costs(), '2026-07-03');
    const cut = `${text.trimEnd().slice(0, text.lastIndexOf('{"endpoint"')).trimEnd().replace(/,$/, '')}]`;
    await expect(rawOf(costs(), cut, 'SELECT 1')).rejects.toThrow('ends before the last page of what was asked for');
    server.refreshedAt = null;
    await expect(landedText(costs(), '2026-07-03')).rejects.toThrow('does not say how far the provider knew');
  });

  test('of a month that is over, whose last days nobody knew when it was asked last, are told', async () => {
    server.refreshedAt = '2026-07-30T12:00:00Z';
    server.days.set('analytics 2026-07-30', [cost('77')]);
    const { pull, ...rest } = costs();
    const hasty = { ...rest, pull: pull === null ? null : { ...pull, lagDays: 0, trailingDays: 1 } };
    await using company = await Company.make();
    await company.land(hasty, outside('2026-08-02'));
    expect(company.notes).toEqual([]);
    await company.land(hasty, outside('2026-08-10'));
    await company.land(hasty, outside('2026-09-20'));
    expect(company.notes[0]).toMatch(
      /from 2026-07-30 on the provider did not know all of 2026-07 .* until a larger `trailing_days`/,
    );
  });

  test('can be asked for by check --connect', async () => {
    await using company = await Company.make();
    const landingDir = company.path('.showback/landing');
    const request = {
      config: costs(),
      root: company.root,
      landingDir,
      listener: () => undefined,
      outside: outside('2026-07-03'),
    };
    expect(await connect(request)).toBe(1);
    expect(server.log).toEqual([expect.stringMatching(/^\/v1\/organizations\/analytics\/cost\?.+&limit=1$/)]);
  });
});

describe('usage by analytics', () => {
  test('has the figures of the report, and those of its own', async () => {
    server.days.set('analytics 2026-07-03', [
      '"group":{"model":"claude-opus-5","workspace_id":"w"},"usage":{"uncached_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":0},"output_tokens":1,"total_tokens":8,"requests":3}',
    ]);
    const text = await landedText(usage(), '2026-07-05');
    const sql = `SELECT endpoint, model, workspace_id, figure, quantity FROM raw.anthropic_usage WHERE figure IS NOT NULL ORDER BY "row"`;
    const whose = { endpoint: 'analytics', model: 'claude-opus-5', workspace_id: 'w' };
    expect(await rawOf(usage(), text, sql)).toEqual([
      { ...whose, figure: 'uncached_input_tokens', quantity: '5' },
      { ...whose, figure: 'cache_creation.ephemeral_5m_input_tokens', quantity: '2' },
      { ...whose, figure: 'cache_creation.ephemeral_1h_input_tokens', quantity: '0' },
      { ...whose, figure: 'output_tokens', quantity: '1' },
      { ...whose, figure: 'total_tokens', quantity: '8' },
      { ...whose, figure: 'requests', quantity: '3' },
    ]);
    const told = `SELECT bucket_start[:10] AS day, empty_bucket FROM raw.anthropic_usage WHERE figure IS NULL ORDER BY day`;
    expect(await rawOf(usage(), text, told)).toEqual([
      { day: '2026-07-01', empty_bucket: 'true' },
      { day: '2026-07-02', empty_bucket: 'true' },
    ]);
  });
});
