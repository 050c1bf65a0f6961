// Where to kill: from what an undisturbed run does to a list of points, all of them or one of each kind.
import type { Dice } from '../property/random-dice.js';
import type { Point, Seen } from './kill.js';
import { siteOf } from './mutations.mjs';

/** Before the first step and after every one, after one file change of each kind, and random moments in steps that take any time. */
export function everyPoint(seen: Seen, dice: Dice): readonly Point[] {
  const changes = seen.mutations.filter(({ path }) => path !== LEDGER);
  return [
    ...seen.steps.slice(0, 1).map(({ step }) => stepPoint(step, 'started')),
    ...seen.steps.map(({ step }) => stepPoint(step, 'done')),
    ...oneOfEach(changes, siteOf).map(({ number }): Point => ({ kind: 'mutation', number, when: 'after' })),
    ...seen.steps.flatMap(({ step, seconds }) =>
      Array.from(
        { length: seconds > 0.1 ? 4 : seconds > 0.02 ? 1 : 0 },
        (): Point => ({ kind: 'moment', step, milliseconds: dice.below(Math.ceil(seconds * 1000)) }),
      ),
    ),
  ];
}

/** The ledger takes a line at the end of each step: what comes before it is the step's end. */
const LEDGER = '.showback/runs.ndjson';

/** One step of each kind. */
export function somePoints(seen: Seen): readonly Point[] {
  const steps = oneOfEach(seen.steps, ({ step }) => kindOf(step));
  return steps.map(({ step }, at) => stepPoint(step, at % 2 === 0 ? 'started' : 'done'));
}

/** `build staging.charge` and `build staging.usage` are of one kind, `land …` is another. */
function kindOf(step: string): string {
  return step.replace(/^(land|allocate) .*/, '$1').replace(/^(build)( marts)?.*/, '$1$2');
}

function stepPoint(step: string, state: 'started' | 'done'): Point {
  return { kind: 'step', step, state };
}

/** The one in the middle of its kind, so that something came before it. */
function oneOfEach<T>(all: readonly T[], kind: (each: T) => string): readonly T[] {
  const groups = new Map<string, T[]>();
  for (const each of all) groups.set(kind(each), [...(groups.get(kind(each)) ?? []), each]);
  return [...groups.values()].flatMap((group) => group.slice(group.length >> 1, (group.length >> 1) + 1));
}
