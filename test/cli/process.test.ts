// The built program as a process: signals, pipes, and the time to answer. `make test` builds it first.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { publishedByHand } from '../golden/published.js';
import { tempFolder } from '../unit/cli/harness.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const ENDLESS = 'select count(*) from range(1000000000000) t(i) where hash(i) = 3';

let cwd = '';
beforeAll(async () => {
  if (!existsSync(main)) throw new Error('dist/ is missing: make build');
  cwd = await tempFolder('process');
  await using warehouse = await openDuckDb({ path: await publishedByHand(cwd, '.showback') });
  await warehouse.run('CREATE SCHEMA marts; CREATE TABLE marts.numbers AS SELECT i FROM range(200000) t(i)');
});

function showback(...args: readonly string[]): ReturnType<typeof spawnSync> {
  return spawnSync(process.execPath, [main, ...args], { cwd, encoding: 'utf8', maxBuffer: 64_000_000 });
}

/** Until it has a process for the query; where the system does not tell of processes, long enough for that. */
async function started(pid: number): Promise<void> {
  const until = performance.now() + (existsSync(`/proc/${pid}`) ? 20_000 : 3000);
  while (performance.now() < until) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    if (children !== '') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts a query that never ends, then sends the signal. */
async function endedBy(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly err: string }> {
  const child = spawn(process.execPath, [main, 'sql', ENDLESS, '--out', 'out'], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr.on('data', (text) => {
    err += String(text);
  });
  await started(child.pid ?? 0);
  child.kill(signal);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, err };
}

describe('the process', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('that gets %s ends with %i and one clear line', async (signal, code) => {
    const told = await endedBy(signal);
    expect(told).toEqual({
      code,
      err: `showback: stopped by ${signal}; what was published before still stands, run again to go on\n`,
    });
  });

  it('answers a question from its real child', () => {
    const told = showback('sql', 'select max(i) as most from numbers', '--format', 'csv', '--out', 'out');
    expect([told.status, told.stdout, told.stderr]).toEqual([0, 'most\r\n199999\r\n', '']);
  });

  it('prints a large answer whole into a pipe', () => {
    const told = showback('sql', 'select i from numbers order by i', '--format', 'csv', '--out', 'out');
    expect(told.status).toBe(0);
    expect(String(told.stdout).trimEnd().split('\r\n')).toHaveLength(200_001);
  });

  it('ends well where the reader of the pipe has seen enough', () => {
    const command = `"${process.execPath}" "${main}" sql 'select i from numbers' --format csv --out out | head -1; echo "\${PIPESTATUS[0]}"`;
    const told = spawnSync('bash', ['-c', command], { cwd, encoding: 'utf8' });
    expect([told.stdout, told.stderr]).toEqual(['i\r\n0\n', '']);
  });

  it('exits with 2 for a mistake, on stderr', () => {
    const told = showback('rnu');
    expect([told.status, told.stdout]).toEqual([2, '']);
  });

  it('loads nothing heavy to show its help', async () => {
    // Which modules were loaded, not how long it took: the time is that of the machine and of the Node.
    const folder = await tempFolder('loaded');
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    expect(spawnSync(process.execPath, [main, '--help'], { cwd, env }).status).toBe(0);
    const [report = ''] = await readdir(folder);
    const { result } = JSON.parse(await readFile(join(folder, report), 'utf8')) as {
      readonly result: readonly { readonly url: string }[];
    };
    const packages = result.flatMap(({ url }) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
    expect(Array.from(new Set(packages)).sort()).toEqual(['commander', 'date-fns']);
    expect(result.filter(({ url }) => url.startsWith('file:')).length).toBeLessThan(90);
  });
});
