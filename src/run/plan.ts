// A plan is data: the steps of a run in order. Planning changes nothing; `run` executes and `plan` prints the same steps.
import { type Catalog, type Model, neededFor } from '../model/catalog.js';
import { levelGroup } from '../model/build.js';
import type { Month } from '../kernel/period.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type Books, NO_BOOKS } from './books.js';

export type Step =
  /** Bring a source's files to landing. */
  | { readonly kind: 'land'; readonly sourceId: string }
  /** Landed files → typed Parquet, and the views over it. */
  | { readonly kind: 'load' }
  /** Fill the `run` tables from the pipeline. */
  | { readonly kind: 'fill' }
  | { readonly kind: 'build'; readonly model: string }
  /** Leave months as they are published that are made of nothing new. */
  | { readonly kind: 'leave' }
  /** One pass of the level group. */
  | { readonly kind: 'level'; readonly level: number; readonly models: readonly string[] }
  /** What closed months cost by the rules of their close, where evidence changed since. */
  | { readonly kind: 'restate' }
  /** Keep the sums of days for the next run. */
  | { readonly kind: 'keep' }
  /** Of a backfill: the marts that follow are those of this month. */
  | { readonly kind: 'turn'; readonly month: Month }
  /** Stop here with the offending rows where a control of a published month fails. */
  | { readonly kind: 'gate' }
  /** Build the marts that remember, of what was published before this run. */
  | { readonly kind: 'compare' }
  /** Keep months that this run does not publish as they were published. */
  | { readonly kind: 'carry'; readonly months: readonly Month[] }
  /** Write marts to the warehouse file and the published folder, and flip. */
  | { readonly kind: 'publish' }
  /** Bring the published run to S3, and its marts to the catalogue there. */
  | { readonly kind: 'deliver' };

/** What is known of a run before it begins. */
export interface Planning {
  /** Months that stay as published, closed ones among them. */
  readonly carried: readonly Month[];
  readonly books: Books;
  /** Months that are made of nothing new may be left as they are published. */
  readonly leaves: boolean;
}

/** The steps of a run, in the order in which they are executed. */
export function planSteps(pipeline: Pipeline, catalog: Catalog, { carried, books, leaves }: Planning): readonly Step[] {
  return [...evidenceSteps(pipeline, catalog, books, leaves), ...publishSteps(pipeline, catalog, carried, leaves)];
}

/** Everything that is the same whichever months are published: it is done once, for all months that the books know. */
export function evidenceSteps(pipeline: Pipeline, catalog: Catalog, books: Books = NO_BOOKS, leaves = false): readonly Step[] {
  const levels = [...Array(maxLevel(pipeline) + 1).keys()];
  const group = levelGroup(catalog);
  const models = builtOnce(catalog);
  const before = models.filter((model) => !readsAny(model, group, models));
  const evidence = leaves ? before.filter(({ name }) => !neededFor([name], catalog).has(UNCHANGED)) : before;
  const after = models.filter((model) => !before.includes(model) && model.layer !== 'marts');
  return [
    ...pipeline.sources.map((source): Step => ({ kind: 'land', sourceId: source.id })),
    { kind: 'load' },
    { kind: 'fill' },
    ...evidence.map(build),
    ...(leaves ? [LEAVE] : []),
    ...before.filter((model) => !evidence.includes(model)).map(build),
    ...levels.map((level): Step => ({ kind: 'level', level, models: group.map((model) => model.name) })),
    ...(books.closed.length === 0 ? [] : [RESTATE]),
    ...after.map(build),
    { kind: 'keep' },
  ];
}

const RESTATE: Step = { kind: 'restate' };
const LEAVE: Step = { kind: 'leave' };

/** Who reads it, directly or through others, is built behind the decision which months are left. */
const UNCHANGED = 'run.unchanged_month';

/** What follows for the months of the period. */
export function publishSteps(pipeline: Pipeline, catalog: Catalog, carried: readonly Month[], leaves = false): readonly Step[] {
  const marts = builtOnce(catalog).filter(({ layer, contract }) => layer === 'marts' && contract.made === 'run');
  const compare: readonly Step[] = catalog.models.some(({ contract }) => contract.made === 'history')
    ? [{ kind: 'compare' }]
    : [];
  const carry: readonly Step[] = carried.length === 0 && !leaves ? [] : [{ kind: 'carry', months: carried }];
  const deliver: readonly Step[] = pipeline.publish === null ? [] : [{ kind: 'deliver' }];
  return [{ kind: 'gate' }, ...marts.map(build), ...compare, ...carry, { kind: 'publish' }, ...deliver];
}

function builtOnce(catalog: Catalog): readonly Model[] {
  return catalog.models.filter(
    ({ contract }) => contract.made === 'run' && (contract.build === 'table' || contract.build === 'view'),
  );
}

const JOURNAL = 'marts.gl_journal';

/** What is made once, when a month closes. There is no journal where the pipeline names no accounts. */
export function closingSteps({ chargeback }: Pick<Pipeline, 'chargeback'>, { models }: Catalog): readonly Step[] {
  return models.filter(({ name, contract }) => contract.made === 'close' && (name !== JOURNAL || chargeback !== null)).map(build);
}

function build(model: Model): Step {
  return { kind: 'build', model: model.name };
}

/** The last level that the plan allocates. */
export function maxLevel(pipeline: Pipeline): number {
  return pipeline.rules.reduce((highest, rule) => Math.max(highest, rule.level), 1);
}

/** Does the model read the group, directly or through others? Marts always come after it, behind the gate. */
function readsAny(model: Model, group: readonly Model[], models: readonly Model[]): boolean {
  if (model.layer === 'marts' || model.layer === 'reconciliation') return true;
  const isGroup = (name: string): boolean => group.some((member) => member.name === name);
  return model.reads.some((name) => {
    if (isGroup(name)) return true;
    const read = models.find((candidate) => candidate.name === name);
    return read !== undefined && readsAny(read, group, models);
  });
}

/** One line for people: what the step does. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'land':
      return `land ${step.sourceId}`;
    case 'load':
      return 'load the lake';
    case 'fill':
      return 'fill the parameters';
    case 'build':
      return `build ${step.model}`;
    case 'level':
      return `allocate level ${step.level}`;
    case 'leave':
      return 'leave months without news';
    case 'restate':
      return 'restate closed months';
    case 'keep':
      return 'keep the sums of days';
    case 'turn':
      return `turn to ${step.month}`;
    case 'gate':
      return 'check the controls';
    case 'compare':
      return 'compare with what was published';
    case 'carry':
      return 'carry the other published months';
    case 'publish':
      return 'publish';
    case 'deliver':
      return 'publish to S3';
    default:
      return step satisfies never;
  }
}
