// An address of a provider that is not there: which one, and what of the source it may be about.
import { afterEach, expect, test } from 'vitest';
import type { ApiPull } from '../../src/pipeline/pipeline.js';
import type { Outside } from '../../src/source/source.js';
import { BILL, BILLED_USAGE, Company } from '../contract/company.js';
import { type CostServer, startCostServer, type Vendor } from './cost-server.js';
import { failureOf } from './failure-of.js';

let server: CostServer;

afterEach(async () => server.close());

async function start(vendor: Vendor): Promise<void> {
  server = await startCostServer(vendor);
}

function outside(): Outside {
  const now = () => new Date('2026-07-03T03:00:00Z');
  return { start: '2026-07', now, env: { KEY: server.key }, patience: { pause: 5, deadline: 10_000 } };
}

function pullOf(endpoints: readonly string[], groupBy: readonly string[]): ApiPull {
  return { keyVariable: 'KEY', url: server.url, groupBy, endpoints, from: null, trailingDays: 10, lagDays: 0 };
}

const URL_ALONE = 'check `pull.url`; leave it out for the address of the provider';

test('of one endpoint of several names that one', async () => {
  await start('openai');
  server.plan({ kind: 'status', status: 404 }, 1, (address) => address.includes('/images'));
  await using company = await Company.make();
  const pull = pullOf(['completions', 'images', 'embeddings'], ['model']);
  const failure = await failureOf(company.land({ ...BILLED_USAGE, kind: 'openai-usage', files: [], pull }, outside()));
  expect(failure.problems).toMatchObject([
    {
      code: 'pull/not-found',
      place: { file: `${server.url}/v1/organization/usage/images` },
      remedy: `${URL_ALONE}; where there is no \`images\`, name the others in \`pull.endpoints\``,
    },
  ]);
});

test('of analytics, which is a choice, names the choice', async () => {
  await start('anthropic');
  server.plan({ kind: 'status', status: 404 });
  await using company = await Company.make();
  const pull = pullOf(['analytics'], ['model']);
  const config = { ...BILLED_USAGE, kind: 'anthropic-usage', provider: 'anthropic', files: [], pull } as const;
  const failure = await failureOf(company.land(config, outside()));
  expect(failure.problems[0]?.remedy).toBe(`${URL_ALONE}; where there is no \`analytics\`, leave \`pull.endpoint\` out`);
});

test('where there is nothing to choose names the address alone', async () => {
  await start('openai');
  server.plan({ kind: 'status', status: 404 });
  await using company = await Company.make();
  const pull = pullOf([], ['project_id']);
  const config = { ...BILL, kind: 'openai-costs', provider: 'openai', basis: 'billed', files: [], pull } as const;
  const failure = await failureOf(company.land(config, outside()));
  expect(failure.problems[0]?.remedy).toBe(URL_ALONE);
});
