// `show`: past runs from the ledger that a run writes, one run in full, timings and controls.
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.js';
import { openLedger } from '../../src/run/ledger.js';
import { cli, ioOf, screen, tempFolder, warehouseFile } from '../unit/cli/harness.js';

const PRICES = fileURLToPath(new URL('../../fixtures/errors/.base/running/prices.csv', import.meta.url));
const FAILURE = 'bills/a.csv:3: bill_total fails [control/bill_total]\n    expected=1  actual=2\n  → mend it';
const CONTROLS = [
  ['2026-08', 'statement_identity', 'statement', 'USD', '49.99', '49.99', '0', '0', 'true'],
  ['2026-09', 'bill_total', 'aws', 'USD', '1.5', '1.25', '-0.25', '0', 'false'],
];

let cwd = '';
beforeAll(async () => {
  cwd = await companyWith();
  const at = (time: string) => openLedger(`${cwd}/state`, () => new Date(time));
  const first = at('2026-09-29T02:00:00Z');
  await first.started('2026-09-28', ['2026-07', '2026-08', '2026-09']);
  await first.step({ step: 'land aws', seconds: 0.01, files: 3, bytes: 40_000 });
  await first.step({ step: 'load the lake', seconds: 60, rows: 1_000_000, bytes: 2_000_000 });
  await first.step({ step: 'publish', seconds: 2 });
  await first.finished('2026-09-28-aaaa', 'published', null);
  await at('2026-09-30T02:00:00Z').started('2026-09-29', ['2026-09']);
  const last = at('2026-10-01T02:00:00Z');
  await last.started('2026-09-30', ['2026-09']);
  await last.finished('2026-09-30-bbbb', 'failed', FAILURE);
  await mkdir(`${cwd}/state/runs/2026-09-28-aaaa`, { recursive: true });
  await warehouseFile(`${cwd}/state/runs/2026-09-28-aaaa`, [], CONTROLS);
});

/** A folder whose pipeline can be read, and that never ran. */
async function companyWith(): Promise<string> {
  const dir = await tempFolder('show');
  await writeFile(
    `${dir}/pipeline.yaml`,
    'name: t\ncurrency: USD\nstart: 2026-07\nstate: state\nregistry: { features: features.yaml }\nprices: { list: [prices.csv] }\nsources: [{ id: a, kind: usage, files: ["a.jsonl"] }]\n',
  );
  await writeFile(
    `${dir}/features.yaml`,
    'features: [{ id: a, name: A, team: t, cost_center: c, category: x, owners: { feature: me } }]\n',
  );
  await copyFile(PRICES, `${dir}/prices.csv`);
  return dir;
}

const show = async (...args: readonly string[]): ReturnType<typeof cli> => cli(['show', ...args], { cwd });

async function showWide(...args: readonly string[]): Promise<string> {
  const stdout = screen({ columns: 140 });
  await runCli(['show', ...args], { ...ioOf(stdout, screen()), cwd });
  return stdout.text;
}

describe('show', () => {
  it('lists the last runs, those that never ended and those that failed, in 80 columns', async () => {
    const { out, err } = await show();
    expect(err).toBe('');
    expect(out).toBe(`started (UTC)     outcome      took  months           run
────────────────  ──────────  ─────  ───────────────  ───────────────
2026-09-29 02:00  published   0.0 s  2026-07–2026-09  2026-09-28-aaaa
2026-09-30 02:00  unfinished         2026-09
2026-10-01 02:00  failed      0.0 s  2026-09          2026-09-30-bbbb
2026-10-01 02:00 failed: bills/a.csv:3: bill_total fails [control/bill_total]
`);
  });

  it('shows the steps of the last run that did any, the slowest first', async () => {
    const { out } = await show('--timings');
    expect(out).toMatch(/load the lake +1 m 00 s +1,000,000 +2\.0 MB\npublish +2\.0 s\n… 1 more, each below 0\.1 s\n/);
    expect(out).toMatch(/all steps +1 m 02 s/);
  });

  it.each(['2026-09-30-bbbb', '2026-09-30-b', '2026-10-01T02', 'last'])('tells the run called %s in full', async (name) => {
    const { out } = await show(name);
    expect(out).toBe(`Run 2026-09-30-bbbb: failed; nothing was published
  started  2026-10-01 02:00:00 UTC
  took     0.0 s
  as of    2026-09-30
  months   2026-09

${FAILURE}
`);
  });

  it('tells the slowest steps of a run and whether its controls passed', async () => {
    const { out } = await show('pipeline.yaml', '2026-09-28-aaaa');
    expect(out).toMatch(/\nload the lake +1 m 00 s {2}1,000,000/);
    expect(out).toMatch(/\n1 of 2 controls failed\n$/);
    const all = await show('2026-09-28', '--controls');
    expect(all.out).toMatch(/\n✖ {2}2026-09 {2}bill_total {10}aws USD +1\.25 +-0\.25\n✔ {2}2026-08 {2}statement_identity/);
    const wide = await showWide('2026-09-28', '--controls');
    expect(wide).toMatch(/\n✖ {2}2026-09 {2}bill_total {10}aws USD +1\.5 +1\.25 +-0\.25\n/);
    expect((await show('last', '--controls')).out).toContain('the warehouse file of this run is gone, and its controls');
  });

  it('names the published run', async () => {
    const dir = await companyWith();
    await mkdir(`${dir}/out/runs/r1`, { recursive: true });
    await symlink('runs/r1', `${dir}/out/current`);
    const manifest = {
      schema_version: 1,
      run_id: 'r1',
      pipeline: 't',
      as_of: '2026-09-30',
      currency: 'USD',
      months: [],
      files: [],
    };
    await writeFile(`${dir}/out/current/current.json`, JSON.stringify(manifest));
    const ledger = openLedger(`${dir}/state`, () => new Date('2026-10-01T02:00:00Z'));
    await ledger.started('2026-09-30', ['2026-09']);
    expect((await cli(['show'], { cwd: dir })).out).toMatch(/\nPublished now: run r1\n$/);
  });

  it('has a word before the first run', async () => {
    expect((await cli(['show'], { cwd: await companyWith() })).out).toBe('No run yet: showback run\n');
  });

  it('is one JSON object on request', async () => {
    const { out } = await show('--json', '--last', '1');
    const run = { run_id: '2026-09-30-bbbb', outcome: 'failed', as_of: '2026-09-30', months: ['2026-09'], steps: [] };
    expect(JSON.parse(out)).toMatchObject({ runs: [{ ...run, failure: FAILURE }], controls: null });
    const one = JSON.parse((await show('2026-09-28', '--json')).out) as { runs: { steps: unknown[] }[]; controls: unknown[] };
    expect(one.runs[0]?.steps[1]).toEqual({ step: 'load the lake', seconds: 60, rows: 1_000_000, bytes: 2_000_000 });
    expect(one.controls).toHaveLength(2);
  });

  it('tells a run that is not there, and the one that was meant', async () => {
    const told = await show('2026-09-28-aaab');
    expect([told.code, told.out]).toEqual([2, '']);
    expect(told.err).toContain(
      'no pipeline file, called `2026-09-28-aaab` [cli/unknown-run]\n  → did you mean `2026-09-28-aaaa`?',
    );
    expect((await show('nightly.yaml')).err).toContain('nightly.yaml: there is no such file [cli/no-pipeline]');
    expect((await show('--controls')).err).toContain('publishes no run yet');
  });
});
