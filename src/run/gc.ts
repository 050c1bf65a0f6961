// `gc`: removes what no open or closed month and no kept run needs. It takes the lock of a run, and may be killed at any point: what
// names something goes before what it names, so that the next run or gc finds a state that is whole.
import { basename, dirname, join } from 'node:path';
import { diskFailure } from '../kernel/disk-failure.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { removeRun } from '../publish/retention.js';
import { replaceIndex } from '../source/landing-waste.js';
import type { GcRequest, GcResult, Waste } from './api.js';
import { planElsewhere } from './gc-elsewhere.js';
import { type GcPlan, KINDS_HERE, planGc, replacedBefore } from './gc-plan.js';
import { waitForLock } from './lock.js';
import { isThere, removeFolder, removeRunFolder } from './state.js';

/** Removes what the retention of the pipeline gives up, or only tells it. Throws `Failure`; anything else is a bug. */
export async function collectGarbage(request: GcRequest): Promise<GcResult> {
  const pipeline = await readPipeline(request.pipelineFile);
  const { stateDir, retention } = pipeline;
  try {
    if (!(await isThere(stateDir))) return { retention, kinds: KINDS_HERE, waste: [], notes: [] };
    await using _lock = await waitForLock(stateDir, request);
    return await collect(pipeline, request);
  } catch (error) {
    throw diskFailure(error, { doing: 'collect', place: stateDir }) ?? error;
  }
}

/** The caller holds the lock. */
async function collect(pipeline: Pipeline, request: GcRequest): Promise<GcResult> {
  const now = request.now();
  const plan = await planGc(pipeline, now);
  const { landed, dropped } = plan;
  const needs = { landed, dropped, replacedBefore: replacedBefore(pipeline, now), now, waiting: request };
  await using elsewhere = await planElsewhere(pipeline, needs);
  if (!request.dryRun) {
    // It may be locked or not be reached: then nothing is removed here either, and the next one finds all of it.
    for (const part of elsewhere.parts) await part.carryOut();
    await carryOut(plan, pipeline);
  }
  return {
    retention: pipeline.retention,
    kinds: [...KINDS_HERE, ...elsewhere.parts.flatMap(({ kinds }) => kinds)],
    waste: [...plan.waste, ...elsewhere.parts.flatMap(({ waste }) => waste)],
    notes: [...plan.notes, ...elsewhere.parts.flatMap(({ notes }) => notes)],
  };
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
    case 'athena-notes':
    case 'athena-table':
    case 'athena-run':
    case 'upload':
    case 'athena-partition':
    case 's3-run':
      throw new Error(`${kind} is not of a folder here`);
    default:
      return kind satisfies never;
  }
}
