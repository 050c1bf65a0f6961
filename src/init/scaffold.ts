// The files of a new company folder, as text.
import { addMonths, format } from 'date-fns';
import { type Day, lastDay, monthOf } from '../kernel/period.js';
import { PRICE_COLUMNS } from '../pipeline/prices.js';
import type { SourceDraft } from './draft.js';
import type { FeatureDrafts } from './features.js';
import type { NotTaken } from './finding.js';
import { OUT, STATE } from './given.js';
import type { Books } from './period.js';
import type { RuleDrafts } from './rules.js';
import type { UsedModel } from './unpriced.js';
import { listOf, yamlText } from './yaml-text.js';

export interface Draft {
  readonly name: string;
  /** The company folder as the pipeline file sees it. */
  readonly root: string;
  /** The folder of the pipeline file below the root, `` or ending in `/`. */
  readonly below: string;
  readonly currency: string;
  readonly books: Books;
  readonly hasCustomers: boolean;
  readonly sources: readonly SourceDraft[];
  readonly features: FeatureDrafts;
  readonly rules: RuleDrafts;
  readonly unpriced: readonly UsedModel[];
  readonly notTaken: readonly NotTaken[];
  readonly today: Day;
  readonly steps: readonly string[];
}

export type Texts = Readonly<Record<'pipeline.yaml' | 'features.yaml' | 'rules.yaml' | 'negotiated.csv', string>>;

export const LIST_BOOKS = ['builtin:list.csv', 'builtin:cloud.csv', 'builtin:vector.csv', 'builtin:tools.csv'];
export const ALIASES = 'builtin:aliases.csv';
const TODO = 'TODO';
const ACCEPTED_MONTHS = 3;

export function textsOf(draft: Draft): Texts {
  return {
    'pipeline.yaml': pipelineText(draft),
    'features.yaml': featuresText(draft.features),
    'rules.yaml': rulesText(draft.rules),
    'negotiated.csv': `${PRICE_COLUMNS.join(',')}\n`,
  };
}

function pipelineText(draft: Draft): string {
  const { below, books } = draft;
  const head = [
    `${draft.name}: drafted from the files below. docs/pipeline.md has every key.`,
    ...section('What only you can tell:', draft.steps),
    ...section('Given, and not read:', notTakenLines(draft.notTaken)),
  ];
  const asOf = ['The evidence ends in this month. Take the line out, and every run goes through yesterday.'];
  return yamlText(head, [
    { key: 'name', value: draft.name },
    { key: 'root', value: draft.root },
    { key: 'currency', value: draft.currency },
    { key: 'start', value: books.start, above: ['First month of the books.'] },
    ...(books.asOf === null ? [] : [{ key: 'as_of', value: books.asOf, above: asOf }]),
    { key: 'state', value: `${below}${STATE}`, above: ['What runs keep, and what people read.'] },
    { key: 'out', value: `${below}${OUT}` },
    {
      key: 'tags',
      value: draft.hasCustomers ? ['customer_id'] : [],
      above: [draft.hasCustomers ? 'Cost is kept by customer too.' : 'The logs name no customers.'],
    },
    {
      key: 'registry',
      value: { features: `${below}features.yaml`, rules: `${below}rules.yaml`, aliases: [ALIASES] },
      above: ['Who there is, and who bears what. Also: fixed_costs, sku_map, skus, invoices, fx.'],
    },
    {
      key: 'prices',
      value: { negotiated: [`${below}negotiated.csv`], list: LIST_BOOKS },
      above: ['Your contract prices come first, then public list prices (docs/prices.md).'],
    },
    listOf(
      'sources',
      draft.sources.map(sourceItem),
      ['What is read. Patterns are below `root`; files that come later and match are read too.'],
      true,
    ),
    ...acceptedEntries(draft),
  ]);
}

/** More are told when it is drafted; a file that is not read can be given again at any time. */
const MOST_TOLD = 30;

function notTakenLines(notTaken: readonly NotTaken[]): readonly string[] {
  const rest = notTaken.length - MOST_TOLD;
  const lines = notTaken.slice(0, MOST_TOLD).map(({ file, reason, remedy }) => `${file}: ${reason} → ${remedy}`);
  return rest > 0 ? [...lines, `… and ${rest} more`] : lines;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `- ${line}`)];
}

function sourceItem({ id, kind, spec, remarks, doubts }: SourceDraft): {
  readonly value: Readonly<Record<string, unknown>>;
  readonly above: readonly string[];
} {
  return { value: { id, kind, ...spec }, above: [...remarks, ...doubts.map((doubt) => `TODO: ${doubt}`)] };
}

function acceptedEntries({ unpriced, books, today }: Draft): readonly ReturnType<typeof listOf>[] {
  const named = unpriced.filter(({ model }) => model !== '');
  if (named.length === 0) return [];
  const expires = acceptedUntil(books, today);
  const items = named.map(({ provider, model, lacks }) => ({
    value: { provider, sku: model, reason: 'no price known when this was drafted', expires_on: expires },
    ...(lacks.includes('standard') ? {} : { beside: `its ${lacks.join(', ')} usage` }),
  }));
  const above = [
    'Used, and in no price book: it costs nothing in the statement until it has a price in negotiated.csv.',
    'Usage without a price that stands neither here nor in a book stops the run.',
  ];
  return [listOf('accept_unpriced', items, above, false)];
}

/** The end of the month some months from now, or from the end of the books where that lies ahead. */
export function acceptedUntil({ asOf, last }: Books, today: Day): Day {
  const from = [today, last, asOf ?? today].sort().at(-1) ?? today;
  return lastDay(monthOf(format(addMonths(new Date(`${from.slice(0, 7)}-01T12:00:00`), ACCEPTED_MONTHS), 'yyyy-MM-dd')));
}

function featuresText({ features, left, unfit }: FeatureDrafts): string {
  const head = [
    'The features that cost is charged to. Put a team, a cost centre and an owner wherever it says TODO.',
    'Usage and charges with another tag are (unallocated), with the tag kept.',
    ...(left > 0 ? [`${left} more tags were seen, with less usage than these.`] : []),
    ...(unfit.length > 0
      ? [
          `Tags that cannot be ids: ${unfit
            .slice(0, 10)
            .map((tag) => JSON.stringify(tag))
            .join(', ')}${unfit.length > 10 ? ', …' : ''}`,
        ]
      : []),
  ];
  const items = features.map(({ id, team, seen, from }) => ({
    value: { id, team, cost_center: TODO, category: TODO, owners: { feature: TODO } },
    beside: from === 'usage' ? `${seen} event${seen === 1 ? '' : 's'}` : `${seen} line${seen === 1 ? '' : 's'} of bills`,
  }));
  const example = {
    value: { id: 'example-feature', team: TODO, cost_center: TODO, category: TODO, owners: { feature: TODO } },
    beside: 'no tag was seen: put your first feature here',
  };
  const foot = ['Accounts and projects that belong to one feature, once there are any:', 'accounts: { proj_labs: labs }'];
  return yamlText(head, [listOf('features', items.length === 0 ? [example] : items, [], false)], foot);
}

function rulesText({ rules, doubts }: RuleDrafts): string {
  const head = [
    'Who bears what: the first rule that matches takes the charge. What none takes is (unallocated).',
    ...section('Not taken yet:', doubts),
  ];
  const foot = [
    'More of them, to copy (docs/pipeline.md#rules):',
    '- { pool: network, match: { service: "Amazon Virtual Private Cloud" }, method: feature, feature: (platform) }',
    '- { pool: observability, match: { service: "*CloudWatch*" }, method: even, features: all }',
    '- { pool: accounts, match: { provider: aws }, method: direct, via: [account] }',
    '- { pool: support, match: { service: "*Support*" }, method: proportional }',
  ];
  return yamlText(
    head,
    [
      listOf(
        'rules',
        rules.map(({ spec, remark }) => ({ value: spec, above: [remark] })),
        [],
        true,
      ),
    ],
    foot,
  );
}
