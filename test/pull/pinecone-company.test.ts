// A company whose bill Pinecone exports, through whole runs: what is on the statement, what stops it, and what a kill leaves.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RunResult } from '../../src/run/api.js';
import { runPipeline } from '../../src/run/run.js';
import { bytesBelow, valueOf } from '../golden/company.js';
import { failureOf } from './failure-of.js';
import { type ExportServer, focusLine, startExportServer } from './pinecone-server.js';

vi.setConfig({ testTimeout: 90_000 });

const CASE = join(import.meta.dirname, '../../fixtures/cases/api-that-nobody-foresaw');
const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

let server: ExportServer;
let folder: string;

beforeEach(async () => {
  server = await startExportServer();
  folder = await companyAt(server.url);
  server.days.set('2026-07-01', [focusLine('2026-07-01', '20', 'proj-any'), focusLine('2026-07-01', '0.12345', 'ws-chat')]);
  server.days.set('2026-07-02', [focusLine('2026-07-02', '1', 'proj-any')]);
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** The golden company of a declared API, whose bill is exported in place of that. */
async function companyAt(url: string): Promise<string> {
  const target = await mkdtemp(join(tmpdir(), 'showback-pinecone-'));
  await cp(CASE, target, { recursive: true });
  const file = join(target, 'pipeline.yaml');
  const pipeline = await readFile(file, 'utf8');
  const source = `  - id: vendor
    kind: focus
    provider: vendor
    pull: { api: pinecone, key: { env: PINECONE_TOKEN }, url: "${url}", lag_days: 1 }
`;
  await writeFile(file, `${pipeline.slice(0, pipeline.indexOf('  - id: vendor'))}${source}`);
  return target;
}

async function run(today: string): Promise<RunResult> {
  return runPipeline({
    pipelineFile: join(folder, 'pipeline.yaml'),
    scope: {},
    threads: 1,
    force: false,
    listener: () => undefined,
    now: () => new Date(`${today}T03:00:00Z`),
    env: { PINECONE_TOKEN: server.key },
  });
}

const DAYS = 'select sum(amount) from marts.showback_feature_day where';

test('bears what was billed as far as the export knows, and an estimate on later days', async () => {
  const result = await run('2026-07-05');
  expect(await valueOf(result, `${DAYS} basis = 'effective'`)).toBe('21.123450000000');
  expect(await valueOf(result, `${DAYS} feature_id = 'chat' and usage_date = DATE '2026-07-01'`)).toBe('5.123450000000');
  expect(await valueOf(result, `${DAYS} usage_date = DATE '2026-07-04' and finality = 'estimated'`)).toBe('10.000000000000');
  server.days.set('2026-07-04', [focusLine('2026-07-04', '9', 'proj-any')]);
  const next = await run('2026-07-06');
  expect(await valueOf(next, `${DAYS} usage_date = DATE '2026-07-04'`)).toBe('9.000000000000');
  const rows = "select count(*) from marts.reconciliation_month where control = 'row_count' and passed and actual = 4";
  expect(await valueOf(next, rows)).toBe('1');
});

test('leaves days that are not known yet to the estimate, whatever came of them', async () => {
  server.days.set('2026-07-04', [focusLine('2026-07-04', '0.01', 'proj-any')]);
  server.says['data_available_through'] = '2026-07-03T00:00:00.000Z';
  const result = await run('2026-07-06');
  expect(await valueOf(result, `${DAYS} usage_date = DATE '2026-07-04'`)).toBe('10.000000000000');
  expect(await valueOf(result, 'select count(*) from marts.reconciliation_month where not passed')).toBe('0');
});

test('is not published where another number of lines came than the export says', async () => {
  await run('2026-07-05');
  const before = await bytesBelow(join(folder, 'out'));
  server.says['row_count'] = 5;
  server.file.packed = (usual) => usual.map((file) => (file.name === 'manifest.json' ? { ...file, text: '{}' } : file));
  const failure = await failureOf(run('2026-07-06'));
  const told = failure.problems.map(({ message }) => message).join();
  expect([failure.exitCode, told]).toEqual([3, expect.stringContaining('row_count')]);
  expect(await bytesBelow(join(folder, 'out'))).toEqual(before);
});

test('leaves neither key nor link in any file', async () => {
  await run('2026-07-05');
  const files = Object.entries(await bytesBelow(folder));
  expect(files.length).toBeGreaterThan(20);
  expect(
    files.filter(([, bytes]) => /token-of-the-tests|secret-of-the-link/.test(bytes.toString())).map(([name]) => name),
  ).toEqual([]);
});

test('a run that is killed while its export is pending goes on with it, and publishes what an undisturbed one does', async () => {
  const undisturbed = await companyAt(server.url);
  const start = (at: string) => {
    const env = { ...process.env, PINECONE_TOKEN: server.key };
    const child = spawn(process.execPath, [MAIN, 'run', join(at, 'pipeline.yaml')], { stdio: 'ignore', env });
    return { child, ended: new Promise<number | null>((resolve) => child.once('exit', resolve)) };
  };
  try {
    expect(await start(undisturbed).ended).toBe(0);
    const months = server.bodies.length;
    server.looks = 100;
    server.log.length = 0;
    const { child, ended } = start(folder);
    await vi.waitUntil(() => server.log.some((address) => address.endsWith(`/e-${months + 1}`)), { timeout: 50_000 });
    child.kill('SIGKILL');
    await ended;
    server.looks = 0;
    expect(await start(folder).ended).toBe(0);
    expect(server.bodies.length).toBe(2 * months);
    const [one, other] = await Promise.all([undisturbed, folder].map(async (at) => bytesBelow(join(at, 'out/current/csv'))));
    expect(other).toEqual(one);
  } finally {
    await rm(undisturbed, { recursive: true });
  }
});
