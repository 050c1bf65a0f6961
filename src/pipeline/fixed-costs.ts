// fixed_costs.yaml → the register of what was bought for years.
import { addMonths, format, parseISO } from 'date-fns';
import type { Day } from '../kernel/period.js';
import { conditionsOf, type KnownNames } from './match.js';
import type { Condition, FixedCost, FixedCostChange, FixedCostTerms } from './pipeline.js';
import { readSections } from './sections.js';
import { type FixedCostSpec, fixedCostsSpec } from './spec-registry.js';
import { problem, quoted, type Report } from './text.js';
import type { YamlFile } from './yaml-places.js';

type OwnedSpec = Extract<FixedCostSpec, { kind: 'owned' | 'prepaid' }>;

/** Null where the register could not be read, so that nobody calls its entries unknown. */
export function readFixedCosts(file: YamlFile, known: KnownNames, report: Report): readonly FixedCost[] | null {
  const specs = readSections(fixedCostsSpec, file, report)?.fixed_costs;
  const lines = new Map<string, number | undefined>();
  return (
    specs?.map((spec) => {
      const spot = file.of(spec, 'id');
      if (lines.has(spec.id))
        report(
          problem(
            'duplicate-entry',
            spot,
            `entry ${quoted(spec.id)} is registered already, in line ${lines.get(spec.id)}`,
            'keep one of the two',
          ),
        );
      lines.set(spec.id, spot.place.line);
      return fixedCostOf(spec, file, known, report);
    }) ?? null
  );
}

function fixedCostOf(spec: FixedCostSpec, file: YamlFile, known: KnownNames, report: Report): FixedCost {
  const terms: FixedCostTerms =
    spec.kind === 'recurring'
      ? { kind: 'recurring', monthlyAmount: spec.monthly_amount, from: spec.from, through: spec.through ?? null }
      : {
          kind: spec.kind,
          cost: spec.cost,
          inServiceOn: spec.in_service_on,
          horizonMonths: spec.horizon_months,
          changes: changesOf(spec),
        };
  if (spec.kind !== 'recurring') checkService(spec, file, report);
  else if (spec.through !== undefined && spec.through < spec.from) {
    report(
      problem(
        'date-order',
        file.of(spec, 'through'),
        `\`through\` ${spec.through} is before \`from\` ${spec.from}`,
        'give a later day, or leave it out',
      ),
    );
  }
  const { id: entryId, description, currency, provider } = spec;
  return { entryId, description, terms, currency, provider, bill: billOf(spec, file, known, report), place: file.of(spec).place };
}

function billOf(spec: FixedCostSpec, file: YamlFile, known: KnownNames, report: Report): readonly Condition[] | null {
  if (spec.bill === 'none') return null;
  const written = file.has([...file.pathOf(spec), 'bill', 0]) ? ['bill', 0] : ['bill'];
  const conditions = conditionsOf(spec.bill, file, [...file.pathOf(spec), ...written], known, report);
  for (const { field } of conditions) {
    if (field !== 'entry' && field !== 'pool') continue;
    report(
      problem(
        'bad-value',
        file.of(spec, ...written, field),
        `\`${field}\` is no field of a bill line`,
        'match provider, account, invoice, description, … instead',
      ),
    );
  }
  if (conditions.length === 0 && Object.keys(spec.bill).length === 0) {
    report(
      problem(
        'empty',
        file.of(spec, 'bill'),
        'this match would take every bill line',
        'name the lines that paid for this entry, or write `bill: none`',
      ),
    );
  }
  return conditions;
}

function changesOf(spec: OwnedSpec): readonly FixedCostChange[] {
  const horizons = spec.horizon_changes.map(
    ({ on, horizon_months }): FixedCostChange => ({ kind: 'horizon', on, horizonMonths: horizon_months }),
  );
  const disposal: readonly FixedCostChange[] = spec.disposal === undefined ? [] : [{ kind: 'disposal', ...spec.disposal }];
  return [...horizons, ...disposal].sort((left, right) => (left.on < right.on ? -1 : 1));
}

/** Every change must fall into the service that it changes. */
function checkService(spec: OwnedSpec, file: YamlFile, report: Report): void {
  let end = endOfService(spec.in_service_on, spec.horizon_months);
  let last = spec.in_service_on;
  const isInService = (path: readonly (string | number)[], on: Day, what: string): boolean => {
    if (on > last && on < end) return true;
    const message = `${what} on ${on} is outside of the service that it changes, after ${last} and before ${end}`;
    report(problem('date-order', file.of(spec, ...path), message, 'correct the date'));
    return false;
  };
  if (!/[1-9]/.test(spec.cost))
    report(problem('bad-value', file.of(spec, 'cost'), 'a cost of zero has no schedule', 'give the cost, or remove the entry'));
  spec.horizon_changes.forEach((change, index) => {
    if (!isInService(['horizon_changes', index, 'on'], change.on, 'a change of horizon')) return;
    const changed = endOfService(spec.in_service_on, change.horizon_months);
    if (changed <= change.on) {
      const message = `with ${change.horizon_months} months the service would have ended on ${changed}, before the change`;
      report(
        problem(
          'date-order',
          file.of(spec, 'horizon_changes', index, 'horizon_months'),
          message,
          'give more months, or a disposal',
        ),
      );
    } else [end, last] = [changed, change.on];
  });
  if (spec.disposal !== undefined) isInService(['disposal', 'on'], spec.disposal.on, 'the disposal');
}

/** The first day after the service: the anniversary, clamped to the month's end. */
function endOfService(inServiceOn: Day, months: number): Day {
  return format(addMonths(parseISO(inServiceOn), months), 'yyyy-MM-dd');
}
