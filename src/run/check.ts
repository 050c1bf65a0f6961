// `check`: configuration, models and data are held to their rules as a run would, in a scratch folder that is removed. Nothing is published.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { connect } from '../source/connect.js';
import { allOf } from '../source/plain-files.js';
import type { CheckDepth, RunRequest } from './api.js';
import type { RunContext } from './execute.js';
import type { Step } from './plan.js';
import { type Prepared, preparePipeline } from './run.js';
import { inScratch, tempOf } from './scratch.js';
import { evidenceStep } from './session.js';
import { removeFolder, scratchFolder } from './state.js';

/** One line for each thing that was checked. Throws `Failure`. */
export async function checkPipeline(request: RunRequest, depth: CheckDepth): Promise<readonly string[]> {
  const prepared = await preparePipeline(request);
  const configuration = configurationLines(prepared);
  switch (depth) {
    case 'configuration':
      return configuration;
    case 'connections':
      return [...configuration, ...(await connectionLines(request, prepared))];
    case 'data':
      return [...configuration, ...(await checkData(request, prepared))];
    default:
      return depth satisfies never;
  }
}

/** All sources are asked before the first that fails is told. */
async function connectionLines(
  { signal, now, env = {}, listener }: RunRequest,
  { pipeline }: Prepared,
): Promise<readonly string[]> {
  const { root, stateDir, sources, start } = pipeline;
  const common = { root, landingDir: join(stateDir, 'landing'), listener, outside: { now, env, start }, signal };
  const lines: string[] = [];
  const failures: Failure[] = [];
  for (const config of sources) {
    try {
      const files = await connect({ ...common, config });
      lines.push(`source ${config.id}: ${files} ${files === 1 ? 'file' : 'files'}, and they can be read`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw allOf(failures);
  return lines;
}

function configurationLines({ pipeline, catalog, period }: Prepared): readonly string[] {
  const { features, fixedCosts } = pipeline.registry;
  return [
    `pipeline ${pipeline.name}: ${pipeline.sources.length} sources, ${pipeline.files.length} files of configuration`,
    `registry: ${features.length} features, ${fixedCosts.length} register entries, ${pipeline.rules.length} rules`,
    `books: ${pipeline.prices.length} prices, ${pipeline.aliases.length} alias conditions`,
    `models: ${catalog.models.length}, each with a contract`,
    `period: ${period.firstMonth} through ${period.lastMonth}, as of ${period.asOf}`,
  ];
}

/** What is for those that publish. */
const OF_PUBLISHING: ReadonlySet<Step['kind']> = new Set(['keep', 'compare', 'carry', 'publish', 'deliver']);

async function checkData(request: RunRequest, { pipeline, catalog, period, steps, books }: Prepared): Promise<readonly string[]> {
  const stateDir = await scratchFolder();
  try {
    const scratch = { pipeline: { ...pipeline, stateDir }, catalog, period, books, tempDirectory: tempOf(stateDir) };
    return await inScratch(request, scratch, async (context) => {
      for (const step of steps) {
        if (!OF_PUBLISHING.has(step.kind)) await evidenceStep(context, step);
      }
      return dataLines(context);
    });
  } finally {
    await removeFolder(stateDir);
  }
}

async function dataLines({ warehouse, files }: RunContext): Promise<readonly string[]> {
  const [records] = await warehouse.rows('SELECT sum(records) AS n FROM run.landed_file');
  const [rejected] = await warehouse.rows('SELECT count(*) AS n FROM staging.rejected_record');
  const [controls] = await warehouse.rows('SELECT count(*) AS n FROM reconciliation.control');
  return [
    `data: ${files.length} files, ${records?.['n'] ?? '0'} records, ${rejected?.['n'] ?? '0'} rejected`,
    `controls: all of ${controls?.['n'] ?? '0'} that a run would publish pass`,
  ];
}
