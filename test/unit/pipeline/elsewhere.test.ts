import { describe, expect, test } from 'vitest';
import { COMPANY, problemsOf, read } from './company.js';

const ATHENA = [
  'engine:',
  '  kind: athena',
  '  workgroup: finops',
  '  database: showback',
  '  output: s3://acme-finops/costs/showback/',
  '  region: eu-central-1',
  '  scan_budget_gb: 2000',
  '',
].join('\n');

function withText(more: string) {
  return { ...COMPANY, 'pipeline.yaml': `${COMPANY['pipeline.yaml'] ?? ''}\n${more}` };
}

describe('where models are built', () => {
  test('is here where nothing is said, and a run is published in its folder alone', async () => {
    expect(await read()).toMatchObject({ engine: { kind: 'duckdb' }, publish: null });
  });

  test('is Athena where the pipeline says so, which publishes beside its tables', async () => {
    const { engine, publish } = await read(withText(ATHENA));
    const folder = { bucket: 'acme-finops', prefix: 'costs/showback', region: 'eu-central-1', endpoint: null, pathStyle: false };
    const catalog = { workgroup: 'finops', database: 'showback', region: 'eu-central-1', endpoint: null };
    expect(engine).toMatchObject({
      kind: 'athena',
      ...catalog,
      output: folder,
      scanBudget: 2_000_000_000_000,
      concurrency: 5,
      deadlineSeconds: 1800,
    });
    expect(publish).toMatchObject({ folder: { ...folder, prefix: 'costs/showback/published' }, keepDays: 30, catalog });
  });

  test('may be here, and a run be published on S3 all the same', async () => {
    const { engine, publish } = await read(
      withText('publish: { s3: "s3://acme-finops", endpoint: "http://127.0.0.1:9000", path_style: true, keep_days: 7 }\n'),
    );
    expect(engine).toEqual({ kind: 'duckdb' });
    const folder = { bucket: 'acme-finops', prefix: '', region: null, endpoint: 'http://127.0.0.1:9000', pathStyle: true };
    expect(publish).toEqual({ folder, keepDays: 7, catalog: null });
  });

  test.each([
    ['s3://acme-finops/costs/showback/', 's3://acme-finops/../other/', 'engine.output'],
    ['s3://acme-finops/costs/showback/', 's3://acme-finops//showback/', 'engine.output'],
    ['s3://acme-finops/costs/showback/', 'https://acme-finops.s3.amazonaws.com/', 'engine.output'],
    ['database: showback', 'database: Show-Back', 'engine.database'],
    ['region: eu-central-1', 'region: Frankfurt', 'engine.region'],
    ['workgroup: finops', 'workgroup: "fin ops"', 'engine.workgroup'],
    ['scan_budget_gb: 2000', 'scan_budget_gb: 0', 'engine.scan_budget_gb'],
    ['kind: athena', 'kind: athena2', 'engine.kind'],
  ])('is told with its place where %s is %s', async (from, to, key) => {
    const problems = await problemsOf(withText(ATHENA.replace(from, to)));
    expect(problems).toHaveLength(1);
    expect(problems[0]?.place?.line).toBeGreaterThan(1);
    expect(`${problems[0]?.message ?? ''}`).toContain(key.split('.')[1] ?? '');
    expect(problems[0]?.remedy).not.toBe('');
  });

  test('is told where a section lacks what it needs', async () => {
    const problems = await problemsOf(withText('engine: { kind: athena, workgroup: finops }\n'));
    expect(problems.map(({ message }) => message).join('\n')).toMatch(/database[\s\S]*output/);
  });
});
