// A company whose bill is asked of a declared API, through whole runs: what is on the statement, and what stops it.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RunResult } from '../../src/run/api.js';
import { runPipeline } from '../../src/run/run.js';
import { bytesBelow, valueOf } from '../golden/company.js';
import { declaredCompany } from './declared-folder.js';
import { type DeclaredServer, startDeclaredServer } from './declared-server.js';
import { line } from './declared-source.js';
import { failureOf } from './failure-of.js';

vi.setConfig({ testTimeout: 60_000 });

let server: DeclaredServer;
let folder: string;

beforeEach(async () => {
  server = await startDeclaredServer();
  folder = await declaredCompany(server);
  server.days.set('2026-07-01', [line('2026-07-01', '"2000"'), line('2026-07-01', '"12.345"')]);
  server.days.set('2026-07-02', [line('2026-07-02', '100')]);
  server.total = '"2112.345"';
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function run(today: string): Promise<RunResult> {
  const env = { VENDOR_KEY: server.key };
  const now = () => new Date(`${today}T03:00:00Z`);
  return runPipeline({
    pipelineFile: join(folder, 'pipeline.yaml'),
    scope: {},
    threads: 1,
    force: false,
    listener: () => undefined,
    now,
    env,
  });
}

test('bears what was billed on the days that were asked for, and an estimate on the others', async () => {
  const result = await run('2026-07-05');
  const days = 'select sum(amount) from marts.showback_feature_day where';
  expect(await valueOf(result, `${days} basis = 'billed'`)).toBe('21.123450000000');
  // Of the third nothing was billed; the fourth is not asked for yet.
  expect(await valueOf(result, `${days} usage_date = DATE '2026-07-03'`)).toBeNull();
  expect(await valueOf(result, `${days} usage_date = DATE '2026-07-04' and finality = 'estimated'`)).toBe('10.000000000000');
  const next = await run('2026-07-06');
  expect(await valueOf(next, `${days} usage_date = DATE '2026-07-04'`)).toBeNull();
  expect(await valueOf(next, `select count(*) from marts.reconciliation_month where not passed`)).toBe('0');
});

test.each([
  ['the sum', { total: '"2112.35"' }, 'printed_total'],
  ['the number of lines', { count: '4' }, 'stated_count'],
] as const)('is not published where %s is not what the API states', async (_, is, control) => {
  await run('2026-07-05');
  const before = await bytesBelow(join(folder, 'out'));
  Object.assign(server, is);
  const failure = await failureOf(run('2026-07-06'));
  expect([failure.exitCode, failure.problems.map(({ message }) => message).join()]).toEqual([
    3,
    expect.stringContaining(control),
  ]);
  expect(await bytesBelow(join(folder, 'out'))).toEqual(before);
});

test('leaves the key in no file', async () => {
  await run('2026-07-05');
  const files = Object.entries(await bytesBelow(folder));
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter(([, bytes]) => bytes.includes(server.key)).map(([name]) => name)).toEqual([]);
});
