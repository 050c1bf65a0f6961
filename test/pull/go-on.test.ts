// Pulls that stop in mid-month, and what the next try asks for.
import { spawn } from 'node:child_process';
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonCostsSource } from '../../src/pipeline/pipeline.js';
import { bytesBelow } from '../golden/company.js';
import { Company } from '../contract/company.js';
import { type DeclaredServer, startDeclaredServer } from './declared-server.js';
import { declaredCompany } from './declared-folder.js';
import { CURSOR, fillJuly, outsideOf, vendorAt } from './declared-source.js';
import { failureOf } from './failure-of.js';

vi.setConfig({ testTimeout: 60_000 });

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
let server: DeclaredServer;

beforeEach(async () => {
  server = await startDeclaredServer();
  fillJuly(server, 7);
});
afterEach(async () => server.close());

/** Stops while the page at c4 is awaited: those before it came. */
async function stopped(company: Company, config: JsonCostsSource, today: string, at = 'c4'): Promise<void> {
  server.plan({ kind: 'silent' }, 1, (address) => address.includes(at));
  const stop = new AbortController();
  const landing = company.land(config, outsideOf(server, today), stop.signal);
  await vi.waitUntil(() => server.log.some((address) => address.includes(at)));
  stop.abort(new Error('stopped by the test'));
  await expect(landing).rejects.toThrow('stopped by the test');
  server.log.length = 0;
}

const arriving = async (company: Company) => readdir(company.path('.showback/landing/arriving'));
const cursors = () => server.log.map((address) => /cursor=(\w+)/.exec(address)?.[1] ?? 'first');

describe('a pull that was stopped in mid-month', () => {
  test('asks for the pages that are missing, and has the same bytes', async () => {
    await using undisturbed = await Company.make();
    const whole = await undisturbed.land(vendorAt(server), outsideOf(server, '2026-07-09'));
    server.log.length = 0;
    await using company = await Company.make();
    await stopped(company, vendorAt(server), '2026-07-09');
    expect(await arriving(company)).toHaveLength(1);
    const { files } = await company.land(vendorAt(server), outsideOf(server, '2026-07-09'));
    expect(cursors()).toEqual(['c4', 'c6']);
    expect(files.map(({ sha256 }) => sha256)).toEqual(whole.files.map(({ sha256 }) => sha256));
    expect(await arriving(company)).toEqual([]);
  });

  test('does not take a page for whole that a kill cut while it was kept', async () => {
    await using company = await Company.make();
    await stopped(company, vendorAt(server), '2026-07-09');
    const [kept = ''] = await arriving(company);
    await appendFile(company.path(`.showback/landing/arriving/${kept}`), '{"at":"c4","next":"c6","text":"{\\"data');
    const { files } = await company.land(vendorAt(server), outsideOf(server, '2026-07-09'));
    expect(cursors()).toEqual(['c4', 'c6']);
    expect(await company.askFiles(files, [vendorAt(server)], 'SELECT count(amount) AS n FROM raw.invoice_line')).toEqual([
      { n: '7' },
    ]);
  });

  test.each([
    ['the API has forgotten the cursor', async () => void (server.forgetsCursors = true), '2026-07-09'],
    ['it is another day, on which other days are asked for', async () => undefined, '2026-07-10'],
  ])('begins anew where %s', async (_, change, today) => {
    await using company = await Company.make();
    await stopped(company, vendorAt(server), '2026-07-09');
    await change();
    if (server.forgetsCursors) server.pageSize = 10;
    const { files } = await company.land(vendorAt(server), outsideOf(server, today));
    expect(cursors()).toEqual(server.forgetsCursors ? ['c4', 'first'] : ['first', 'c2', 'c4', 'c6']);
    expect(await company.askFiles(files, [vendorAt(server)], 'SELECT count(amount) AS n FROM raw.invoice_line')).toEqual([
      { n: '7' },
    ]);
  });

  test('begins anew where pages are counted: a line that came in between would move the others', async () => {
    server.paging = 'offset';
    const config = vendorAt(server, { page: { kind: 'offset', param: 'offset', more: 'meta.more' } });
    await using company = await Company.make();
    await stopped(company, config, '2026-07-09', 'offset=4');
    expect(await arriving(company)).toEqual([]);
    await company.land(config, outsideOf(server, '2026-07-09'));
    expect(server.log.map((address) => /offset=(\d)/.exec(address)?.[1])).toEqual(['0', '2', '4', '6']);
  });

  test('keeps no pages of a circle, nor of totals that changed', async () => {
    await using company = await Company.make();
    server.plan({ kind: 'circle' }, 1, (address) => address.includes('c4'));
    server.plan({ kind: 'circle' }, 1, (address) => address.includes('c0'));
    expect((await failureOf(company.land(vendorAt(server), outsideOf(server, '2026-07-09')))).problems[0]?.code).toBe(
      'pull/endless',
    );
    expect(await arriving(company)).toEqual([]);
    const config = vendorAt(server, { page: CURSOR }, { total: { amount: null, count: 'meta.count' } });
    server.plan({ kind: 'raw', body: '{"data":{"items":[]},"meta":{"next":null,"count":9}}' }, 1, (address) =>
      address.includes('c6'),
    );
    expect((await failureOf(company.land(config, outsideOf(server, '2026-07-09')))).problems[0]?.code).toBe('pull/shifted');
    expect(await arriving(company)).toEqual([]);
  });

  test('does not ask again for the months that came beside the one that failed', async () => {
    await using company = await Company.make();
    server.plan({ kind: 'status', status: 500 }, 6, (address) => address.includes('start=2026-08'));
    await failureOf(company.land(vendorAt(server), outsideOf(server, '2026-08-09')));
    server.log.length = 0;
    const { files } = await company.land(vendorAt(server), outsideOf(server, '2026-08-09'));
    expect(server.log).toEqual(['/v1/costs?start=2026-08-01&end=2026-08-09']);
    expect(files.map(({ name }) => name)).toEqual(['json-costs/2026-07.json', 'json-costs/2026-08.json']);
  });
});

test('a run that is killed in mid-month goes on where it was, and publishes what an undisturbed one does', async () => {
  const folders = [await declaredCompany(server), await declaredCompany(server)] as const;
  for (const folder of folders) {
    // The server states one sum, whatever month is asked for.
    const file = join(folder, 'pipeline.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('amount: meta.total, ', ''));
  }
  const env = { ...process.env, VENDOR_KEY: server.key };
  const start = (folder: string) => {
    const child = spawn(process.execPath, [MAIN, 'run', join(folder, 'pipeline.yaml')], { stdio: 'ignore', env });
    return { child, ended: new Promise<number | null>((resolve) => child.once('exit', resolve)) };
  };
  const isLate = (address: string) => address.includes('start=2026-07') && address.includes('c4');
  try {
    expect(await start(folders[0]).ended).toBe(0);
    server.log.length = 0;
    server.plan({ kind: 'silent' }, 1, isLate);
    const { child, ended } = start(folders[1]);
    await vi.waitUntil(() => server.log.some(isLate), { timeout: 50_000 });
    child.kill('SIGKILL');
    await ended;
    server.log.length = 0;
    expect(await start(folders[1]).ended).toBe(0);
    expect(server.log.filter((address) => address.includes('start=2026-07')).map((address) => address.slice(-2))).toEqual([
      'c4',
      'c6',
    ]);
    const [undisturbed, killed] = await Promise.all(folders.map(async (folder) => bytesBelow(join(folder, 'out/current/csv'))));
    expect(killed).toEqual(undisturbed);
    expect(await readFile(join(folders[1], 'out/current/csv/2026-07/showback_feature_month.csv'), 'utf8')).toContain('billed');
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true });
  }
});
