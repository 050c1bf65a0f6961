// The steps of a run in their order; models that do not read each other are built side by side.
import { executeStep, modelOf, type RunContext } from './execute.js';
import type { Step } from './plan.js';
import { type Piece, sideBySide } from './side-by-side.js';

type Build = Extract<Step, { readonly kind: 'build' }>;

/**
 * Executes steps in the order of the plan, but what lies between two steps that are no builds at once, as far as models allow.
 * `perform` executes the others.
 */
export async function executeSteps(
  context: RunContext,
  steps: readonly Step[],
  perform: (step: Step) => Promise<void> = async (step) => executeStep(context, step),
): Promise<void> {
  for (let at = 0; at < steps.length; ) {
    const builds = buildsFrom(steps, at);
    if (builds.length > 0) await executeBuilds(context, builds);
    else await perform(steps[at] as Step);
    at += Math.max(1, builds.length);
  }
}

function buildsFrom(steps: readonly Step[], at: number): readonly Build[] {
  const builds: Build[] = [];
  for (let next = steps[at]; next?.kind === 'build'; next = steps[at + builds.length]) builds.push(next);
  return builds;
}

async function executeBuilds(context: RunContext, builds: readonly Build[]): Promise<void> {
  const pieces = builds.map((build): Piece => {
    return { model: modelOf(context, build.model), work: async (engine) => executeStep({ ...context, engine }, build) };
  });
  await sideBySide(context.engine, pieces);
}
