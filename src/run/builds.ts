// Models that do not read each other are built side by side: most are small, and the engine waits more than it works on them.
import type { ModelEngine } from '../model/engine.js';
import { executeStep, modelOf, type RunContext } from './execute.js';
import type { Step } from './plan.js';

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

/** After an error no build starts; of several errors the one that comes first in the plan goes up. */
async function executeBuilds(context: RunContext, builds: readonly Build[]): Promise<void> {
  const waitsFor = dependenciesOf(context, builds);
  const waiting = new Set(builds);
  const running = new Map<Build, Promise<void>>();
  const errors = new Map<Build, unknown>();
  await using lanes = await Lanes.open(context.engine);
  const start = (build: Build, engine: ModelEngine): void => {
    waiting.delete(build);
    const work = executeStep({ ...context, engine }, build)
      .catch((error: unknown) => void errors.set(build, error))
      .finally(() => {
        running.delete(build);
        lanes.free.push(engine);
      });
    running.set(build, work);
  };
  while (waiting.size + running.size > 0) {
    for (const build of errors.size > 0 ? [] : waiting) {
      const isReady = waitsFor.get(build)?.every((other) => !waiting.has(other) && !running.has(other)) === true;
      const lane = isReady ? lanes.free.pop() : undefined;
      if (lane !== undefined) start(build, lane);
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  for (const build of builds) if (errors.has(build)) throw errors.get(build);
  if (waiting.size > 0) throw new Error(`never built: ${[...waiting].map(({ model }) => model).join(', ')}`);
}

/** Only earlier builds: what comes later in the plan is read by nobody before. */
function dependenciesOf(context: RunContext, builds: readonly Build[]): ReadonlyMap<Build, readonly Build[]> {
  return new Map(
    builds.map((build, at) => {
      const { reads, checkReads } = modelOf(context, build.model);
      const names = new Set([...reads, ...checkReads]);
      return [build, builds.slice(0, at).filter((other) => names.has(other.model))];
    }),
  );
}

/** As many as the engine builds at once; each has a connection of its own. */
class Lanes implements AsyncDisposable {
  readonly free: ModelEngine[];
  readonly #own: readonly AsyncDisposable[];

  private constructor(first: ModelEngine, own: readonly (ModelEngine & AsyncDisposable)[]) {
    this.free = [...own, first];
    this.#own = own;
  }

  static async open(first: ModelEngine): Promise<Lanes> {
    const own: (ModelEngine & AsyncDisposable)[] = [];
    while (own.length + 1 < first.lanes) own.push(await first.beside());
    return new Lanes(first, own);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lane of this.#own) await lane[Symbol.asyncDispose]();
  }
}
