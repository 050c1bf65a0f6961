// From the figures of one run to those of another: one ingredient after the other is replaced, and what each step moves is its own.
import { Failure } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import { EngineError } from '../warehouse/warehouse.js';
import type { Cause, Ingredient } from './diff-runs-api.js';
import { changesOf } from './diff-runs-changes.js';
import type { Figures } from './diff-runs-figures.js';
import { differingParts, type Ingredients, type Part, withPart } from './diff-runs-ingredients.js';
import type { Making } from './diff-runs-makings.js';

export interface Ends {
  readonly months: readonly Month[];
  readonly before: Making;
  readonly after: Making;
  /** What is published of either. */
  readonly figures: { readonly before: Figures; readonly after: Figures };
  readonly anew: boolean;
  /** Of the program that is at work now. */
  readonly versions: string;
}

export interface Walked {
  readonly causes: readonly Cause[];
  /** One more than there are causes. */
  readonly points: readonly Figures[];
  readonly builds: number;
}

/** What is replaced, and what must be built then; null: the other run is reached, as it is published. */
interface Step {
  readonly ingredient: Ingredient;
  readonly made: Ingredients | null;
}

/** `build` throws where models refuse a mixture: its ingredient is then replaced together with the next one. */
export async function walked(ends: Ends, build: (made: Ingredients) => Promise<Figures>): Promise<Walked> {
  const causes: Cause[] = [];
  const points: Figures[] = [ends.figures.before];
  const steps = stepsOf(ends);
  let joined: Cause = NOTHING;
  for (const { ingredient, made } of steps) {
    joined = { ...joined, ingredients: [...joined.ingredients, ingredient] };
    const reached = made === null ? ends.figures.after : await build(made).catch(refusalOf);
    if (typeof reached === 'string') joined = { ...joined, note: joined.note ?? `not told apart: ${reached}` };
    else {
      causes.push(joined);
      points.push(reached);
      joined = NOTHING;
    }
  }
  return { causes, points, builds: steps.filter(({ made }) => made !== null).length };
}

const NOTHING: Cause = { ingredients: [], note: null };

function stepsOf({ before, after, anew, versions }: Ends): readonly Step[] {
  const parts = differingParts(before.ingredients, after.ingredients);
  const [first, last] = [anew || !before.current, anew || !after.current];
  const steps: Step[] = first ? [{ ingredient: program(before.versions, versions), made: before.ingredients }] : [];
  let made = before.ingredients;
  for (const part of parts) {
    made = part === parts.at(-1) ? after.ingredients : withPart(made, part, after.ingredients);
    steps.push({ ingredient: ingredientOf(part, before.ingredients, after.ingredients), made });
  }
  if (last) return [...steps, { ingredient: program(versions, after.versions), made: null }];
  const end = steps.at(-1);
  // The same program made it of the same: it would come out as it is published.
  return end === undefined ? [{ ingredient: SAME, made: null }] : [...steps.slice(0, -1), { ...end, made: null }];
}

const SAME: Ingredient = { kind: 'unknown', sourceId: null, changes: [] };

function program(before: string, after: string): Ingredient {
  const changes = before === after ? [] : [{ change: 'changed', what: 'version', place: null, before, after } as const];
  return { kind: 'program', sourceId: null, changes };
}

function ingredientOf(part: Part, before: Ingredients, after: Ingredients): Ingredient {
  const sourceId = part.kind === 'source' ? part.sourceId : null;
  return { kind: part.kind, sourceId, changes: changesOf(part, before, after) };
}

/** Whoever stops the whole work is heard; what models say of a mixture that never was is only a reason. */
function refusalOf(error: unknown): string {
  if (error instanceof Failure && error.kind === 'check') return error.problems[0]?.message ?? error.message;
  if (error instanceof EngineError && error.exceptionType !== 'INTERRUPT') return error.message.split('\n')[0] ?? '';
  throw error;
}
