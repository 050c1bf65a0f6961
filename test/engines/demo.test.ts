// The demo company on both engines publishes the same files. `ENGINES=every` has its first month; else three days of it.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Company, run } from '../golden/company.js';
import { compare, conformance } from './alike.js';
import { onAthena } from './company.js';

const ROOT = join(import.meta.dirname, '../..');
const DAYS = process.env['ENGINES'] === 'every' ? 31 : 3;
const SLOW = 3_600_000;

/** As of the last of its days. */
async function demo(): Promise<Company & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'showback-demo-'));
  const own = join(folder, 'fixtures/demo');
  await mkdir(join(folder, 'pipelines'), { recursive: true });
  await cp(join(ROOT, 'fixtures/demo/registry'), join(own, 'registry'), { recursive: true });
  const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
  const generate = [tsx, join(ROOT, 'fixtures/demo/generate/main.ts'), '--days', String(DAYS), '--out', join(own, 'inputs')];
  execFileSync(process.execPath, generate, { stdio: 'pipe' });
  const yaml = await readFile(join(ROOT, 'pipelines/demo.yaml'), 'utf8');
  const pipelineFile = join(folder, 'pipelines/demo.yaml');
  const asOf = `as_of: 2026-07-${String(DAYS).padStart(2, '0')}`;
  await writeFile(pipelineFile, yaml.replace(/^as_of: .*$/m, asOf));
  return { folder, pipelineFile, [Symbol.asyncDispose]: async () => rm(folder, { recursive: true, force: true }) };
}

describe('the demo company', () => {
  it(`publishes the same files of its first ${DAYS} days`, { timeout: SLOW }, async () => {
    await using here = await demo();
    await using there = await demo();
    expect((await run(here)).outcome).toBe('published');
    await using _athena = await onAthena(there, 'demo');
    expect((await run(there)).outcome).toBe('published');
    const compared = await compare(here, there);
    process.stdout.write(conformance(`the demo company, ${DAYS} days, on DuckDB and Athena`, compared));
    expect(compared.files).toBeGreaterThan(20);
    expect(compared.others).toEqual([]);
    expect(compared.butForRows.length).toBeGreaterThan(0);
  });
});
