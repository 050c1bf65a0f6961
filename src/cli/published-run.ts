// Where the published run lies: what `sql` and `show` read.
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { findPipeline } from './pipeline-file.js';

export interface PublishedOptions {
  readonly pipeline?: string;
  readonly out?: string;
  readonly state?: string;
}

export interface Places {
  readonly outDir: string;
  readonly stateDir: string;
}

/** From the pipeline file, or from `--out` (with the state folder beside it, unless `--state` names it). */
export async function placesOf(options: PublishedOptions, cwd: string): Promise<Places> {
  if (options.out !== undefined) {
    const outDir = resolve(cwd, options.out);
    return { outDir, stateDir: options.state === undefined ? join(dirname(outDir), '.showback') : resolve(cwd, options.state) };
  }
  const { readPipeline } = await import('../pipeline/read.js');
  const { outDir, stateDir } = await readPipeline(await findPipeline(options.pipeline, cwd));
  return { outDir, stateDir };
}

/** The warehouse file of the run that `out/` publishes now. */
export async function publishedWarehouse({ outDir, stateDir }: Places): Promise<string> {
  const { readPublished } = await import('../publish/directory.js');
  const manifest = await readPublished(outDir);
  if (manifest === null) {
    throw new Failure('user', [
      {
        code: 'cli/nothing-published',
        message: `${outDir} publishes no run yet`,
        remedy: 'run the pipeline first: showback run',
      },
    ]);
  }
  const found = await warehouseOf(stateDir, manifest.runId);
  if (found !== null) return found;
  throw new Failure('user', [
    {
      code: 'cli/no-warehouse',
      message: `the warehouse file of the published run ${manifest.runId} is not in the state folder`,
      remedy: 'name the state folder with --state, or make the file again: showback run --force',
      place: { file: warehousePath(stateDir, manifest.runId) },
    },
  ]);
}

/** The warehouse file of any run, while the state folder has it. */
export async function warehouseOf(stateDir: string, runId: string): Promise<string | null> {
  const path = warehousePath(stateDir, runId);
  return (await stat(path).catch(() => null))?.isFile() === true ? path : null;
}

function warehousePath(stateDir: string, runId: string): string {
  return join(stateDir, 'runs', runId, 'warehouse.duckdb');
}

/** `months`: those that are published. */
export function unknownMonth(month: string, months: readonly string[]): Failure {
  return new Failure('user', [
    {
      code: 'cli/unknown-month',
      message: `nothing is published of ${month === '' ? 'any month' : month}`,
      remedy: months.length === 0 ? 'publish a month: showback run' : `use one of ${months.join(', ')}`,
    },
  ]);
}
