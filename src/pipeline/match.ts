// `match:` → conditions, each field checked against what exists.
import { isMeter, METERS } from '../kernel/meters.js';
import { nearest, suggest } from '../kernel/nearest.js';
import { CHARGE_CAUSES, type Condition, type ConditionField } from './pipeline.js';
import type { FeatureNames } from './registry.js';
import { CONDITION_FIELDS, type MatchSpec } from './spec-registry.js';
import { problem, quoted, type Report, type Spot } from './text.js';
import type { Path, YamlFile } from './yaml-places.js';

const CATEGORIES = ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'];

/** Names that patterns may be held to; null where the file that has them is broken. */
export interface KnownNames {
  readonly features: FeatureNames;
  readonly sources: readonly string[] | null;
  readonly entries: readonly string[] | null;
}

/** Conditions in the order of the schema, tags last. `path` leads to the match in its file. */
export function conditionsOf(
  match: MatchSpec,
  file: YamlFile,
  path: Path,
  known: KnownNames,
  report: Report,
): readonly Condition[] {
  return Object.entries(match).flatMap(([field, value]) => {
    if (value === undefined) return [];
    if (!isField(field)) {
      const remedy = suggest(field, CONDITION_FIELDS, `use one of: ${CONDITION_FIELDS.join(', ')}, tag:<key>`);
      report(problem('unknown-key', file.atKey([...path, field]), `unknown field ${quoted(field)} in a match`, remedy));
      return [];
    }
    const patterns = typeof value === 'string' ? [value] : value;
    patterns.forEach((pattern, index) => {
      checkPattern(
        field,
        pattern,
        file.at(typeof value === 'string' ? [...path, field] : [...path, field, index]),
        known,
        report,
      );
    });
    return [{ field, patterns }];
  });
}

function isField(field: string): field is ConditionField {
  return (CONDITION_FIELDS as readonly string[]).includes(field) || /^tag:./.test(field);
}

/** A pattern without `*` must be a name that exists, where the names are known. */
function checkPattern(field: ConditionField, pattern: string, spot: Spot, known: KnownNames, report: Report): void {
  if (field === 'provider' && pattern !== pattern.toLowerCase()) {
    report(
      problem(
        'bad-value',
        spot,
        `provider ${quoted(pattern)} never matches`,
        `provider ids are lower case: ${pattern.toLowerCase()}`,
      ),
    );
  }
  if (pattern.includes('*')) return;
  if (field === 'pool') return known.features.check(pattern, spot, report, 'pool');
  if (field === 'meter' && !isMeter(pattern))
    report(problem('unknown-meter', spot, `unknown meter ${quoted(pattern)}`, suggest(pattern, METERS)));
  const names: readonly string[] | null | undefined = {
    category: CATEGORIES,
    cause: CHARGE_CAUSES,
    source: known.sources,
    entry: known.entries,
  }[field as string];
  if (names === undefined || names === null || names.includes(pattern)) return;
  const near = nearest(pattern, names);
  const remedy = near === null ? `use one of: ${names.join(', ')}` : `did you mean \`${near}\`?`;
  report(problem('unknown-value', spot, `no ${field} is called ${quoted(pattern)}`, remedy));
}

export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}
