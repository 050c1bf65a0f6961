// `gc`: removes what no open or closed month and no kept run needs. It takes the lock of a run, and may be killed at any point: what
// names something goes before what it names, so that the next run or gc finds a state that is whole.
import { basename, dirname, join } from 'node:path';
import { diskFailure } from '../kernel/disk-failure.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { removeRun } from '../publish/retention.js';
import { replaceIndex } from '../source/landing-waste.js';
import type { GcRequest, GcResult, Waste } from './api.js';
import { type GcPlan, planGc } from './gc-plan.js';
import { waitForLock } from './lock.js';
import { isThere, removeFolder, removeRunFolder } from './state.js';

/** Removes what the retention of the pipeline gives up, or only tells it. Throws `Failure`; anything else is a bug. */
export async function collectGarbage(request: GcRequest): Promise<GcResult> {
  const pipeline = await readPipeline(request.pipelineFile);
  const { stateDir, retention } = pipeline;
  try {
    if (!(await isThere(stateDir))) return { retention, waste: [], notes: [] };
    await using _lock = await waitForLock(stateDir, request);
    const plan = await planGc(pipeline, request.now());
    if (!request.dryRun) await carryOut(plan, pipeline);
    return { retention, waste: plan.waste, notes: plan.notes };
  } catch (error) {
    throw diskFailure(error, { doing: 'collect', place: stateDir }) ?? error;
  }
}

async function carryOut({ waste, index }: GcPlan, { stateDir }: Pipeline): Promise<void> {
  const inLanding = (item: Waste): boolean => item.kind === 'delivery' || item.kind === 'unnamed';
  for (const item of waste) if (!inLanding(item)) await remove(item);
  // No line of the index names what is gone: the lines go first.
  if (index !== null) await replaceIndex(join(stateDir, 'landing'), index);
  for (const item of waste) if (inLanding(item)) await remove(item);
}

async function remove({ kind, path }: Waste): Promise<void> {
  switch (kind) {
    case 'published-run':
      return removeRun(dirname(path), basename(path));
    case 'run':
      return removeRunFolder(path);
    case 'leftover':
    case 'delivery':
    case 'unnamed':
    case 'lake-file':
      return removeFolder(path);
    default:
      return kind satisfies never;
  }
}
