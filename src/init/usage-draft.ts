// Logs of one shape → a usage source, with what people should know of it.
import type { UsageField } from '../kernel/usage-fields.js';
import { tokensOf } from '../kernel/usage-formats.js';
import { freeId, nameOf, type SourceDraft, type Surroundings } from './draft.js';
import type { Finding, Found, UsageShape } from './finding.js';
import { patternsFor } from './patterns.js';
import { NOWHERE } from './usage-map.js';

export type Log = Found & { readonly finding: Extract<Finding, { kind: 'usage' }> };

export interface LogGroup {
  readonly shape: UsageShape;
  readonly logs: readonly Log[];
  readonly doubts: readonly string[];
  /** The one provider that the log names, where books and bills call it otherwise. */
  readonly renamed?: string;
}

/** `names` are those of all files: what is none of these logs must not be matched. */
export function draftOfLogs(
  group: LogGroup,
  names: readonly string[],
  { taken, below }: Pick<Surroundings, 'taken' | 'below'>,
): SourceDraft {
  const { shape, logs } = group;
  const files = logs.map(({ file }) => file.name);
  const id = freeId(nameOf(files, below) || 'usage', taken);
  taken.add(id);
  const facts = logs.map(({ finding }) => finding.facts);
  const days = facts
    .flatMap(({ firstDay, lastDay }) => [firstDay, lastDay])
    .filter((day) => day !== null)
    .sort();
  return {
    id,
    kind: 'usage',
    provider: null,
    role: null,
    spec: specOf(shape, files, names),
    remarks: remarksOf(group),
    doubts: doubtsOf(group),
    files: logs.length,
    opened: logs.filter(({ opened }) => opened).length,
    rows: facts.reduce((sum, { records }) => sum + records, 0),
    isPart: logs.some(({ opened, finding }) => opened && finding.facts.isPart),
    currencies: [],
    months: [],
    firstDay: days[0] ?? null,
    lastDay: days.at(-1) ?? null,
    services: [],
  };
}

function specOf(shape: UsageShape, files: readonly string[], names: readonly string[]): SourceDraft['spec'] {
  const own = new Set(files);
  const others = names.filter((name) => !own.has(name));
  return {
    files: patternsFor(files, others),
    ...(shape.format === undefined ? {} : { format: shape.format }),
    ...(Object.keys(shape.map).length === 0 ? {} : { map: shape.map }),
    ...(Object.keys(shape.constants).length === 0 ? {} : { constants: shape.constants }),
    ...(shape.tokens === tokensOf(shape.format ?? 'by-extension') ? {} : { tokens: shape.tokens }),
  };
}

function doubtsOf({ shape, logs, doubts }: LogGroup): readonly string[] {
  const sum = (of: (log: Log) => number) => logs.reduce((total, log) => total + of(log), 0);
  const rejected = sum(({ finding }) => finding.facts.rejected);
  const looked = sum(({ finding }) => finding.facts.records);
  const refused = `${rejected} of the ${looked} records looked at would be refused: rejected_record has them after a run`;
  return [
    ...doubts,
    ...shape.guesses.map((field) => guessed(field, shape)),
    ...(shape.unread.length === 0 ? [] : [unreadText(shape.unread)]),
    ...(rejected === 0 ? [] : [refused]),
  ];
}

/** As many as fit a line or two. */
const NAMED = 8;

function unreadText(keys: readonly string[]): string {
  const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : '';
  const names = keys.slice(0, NAMED).map((key) => `\`${key}\``);
  return `not read of its records: ${names.join(', ')}${more}; map what is a customer, a workflow or another field (docs/usage-events.md)`;
}

function guessed(field: UsageField, { map }: UsageShape): string {
  return `\`${map[field] ?? field}\` is taken for \`${field}\`: map another key if that is wrong`;
}

function remarksOf({ shape: { format, map, constants, tokens, moneyKey }, renamed }: LogGroup): readonly string[] {
  return [
    ...(renamed === undefined ? [] : [`The log says \`${renamed}\`; price books and bills say \`${constants.provider}\`.`]),
    ...(tokens === 'inclusive' && format === undefined
      ? ['Input tokens of this log have the cached ones in them; `tokens: inclusive` takes those off.']
      : []),
    ...(Object.values(map).includes(NOWHERE)
      ? [`\`${NOWHERE}\`: the log has a key of that name, and what is in it is not wanted there.`]
      : []),
    ...(moneyKey === null
      ? []
      : [
          `\`${moneyKey}\` is not read: cost is quantity × price. Where it is the provider's own figure: stated_cost: provider, and map stated_cost.`,
        ]),
  ];
}
