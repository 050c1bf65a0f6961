// A published run made by hand: what `sql` and `show` look for, without a run.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MANIFEST = {
  schema_version: 1,
  run_id: 'r1',
  pipeline: 'p',
  as_of: '2026-09-30',
  currency: 'USD',
  months: [],
  files: [],
};

/** Publishes run `r1` below `dir` without any file. Returns where its warehouse belongs. */
export async function publishedByHand(dir: string, state = 'state'): Promise<string> {
  await mkdir(join(dir, 'out/runs/r1'), { recursive: true });
  await mkdir(join(dir, state, 'runs/r1'), { recursive: true });
  await symlink('runs/r1', join(dir, 'out/current'));
  await writeFile(join(dir, 'out/current/current.json'), JSON.stringify(MANIFEST));
  return join(dir, state, 'runs/r1/warehouse.duckdb');
}
