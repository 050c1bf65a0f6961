// features.yaml → features and the accounts and principals that map to them.
import { ownersOf } from './owners.js';
import type { Feature, FeatureMapping } from './pipeline.js';
import { suggest } from '../kernel/nearest.js';
import { readSections } from './sections.js';
import { type FeatureSpec, featuresSpec } from './spec-registry.js';
import { problem, quoted, type Report, type Spot } from './text.js';
import type { YamlFile } from './yaml-places.js';

export interface FeatureRegistry {
  readonly features: readonly Feature[];
  readonly mappings: readonly FeatureMapping[];
}

/** Who may bear what a rule gives on purpose, beside features. */
const ON_PURPOSE = ['(platform)', '(idle)'];

/** What other files may name. Where features.yaml itself is broken, everything is let through: its own problems say enough. */
export class FeatureNames {
  readonly #kinds: ReadonlyMap<string, Feature['kind'] | 'broken'> | null;

  constructor(kinds: ReadonlyMap<string, Feature['kind'] | 'broken'> | null) {
    this.#kinds = kinds;
  }

  isPool(id: string): boolean {
    return this.#kinds?.get(id) === 'pool';
  }

  /** Reports an id that is no feature, or no feature of the kind that is wanted. */
  check(id: string, spot: Spot, report: Report, wanted: 'any' | 'pool' | 'target' = 'any'): void {
    if (this.#kinds === null || (wanted === 'target' && ON_PURPOSE.includes(id))) return;
    const kind = this.#kinds.get(id);
    const known = [...this.#kinds.keys()].filter((name) => wanted !== 'pool' || this.isPool(name));
    if (kind === undefined) {
      report(
        problem('unknown-feature', spot, `unknown feature ${quoted(id)}`, suggest(id, known, 'register it in features.yaml')),
      );
    } else if (wanted === 'pool' && kind === 'feature') {
      report(
        problem(
          'not-a-pool',
          spot,
          `feature ${quoted(id)} is not of kind \`pool\``,
          'name a pool, or give the feature `kind: pool`',
        ),
      );
    }
  }
}

export function readFeatures(
  file: YamlFile,
  report: Report,
): { readonly registry: FeatureRegistry; readonly names: FeatureNames } {
  const sections = readSections(featuresSpec, file, report);
  const specs = sections?.features;
  const names = new FeatureNames(specs === undefined ? null : kindsOf(specs, file));
  checkUnique(specs ?? [], file, report);
  const mapping = (kind: FeatureMapping['kind'], section: 'accounts' | 'principals') =>
    Object.entries(sections?.[section] ?? {}).map(([value, featureId]) => {
      const spot = file.at([section, value]);
      names.check(featureId, spot, report);
      return { kind, value, featureId, place: spot.place };
    });
  const features = (specs ?? []).map((spec) => featureOf(spec, file, report));
  return { registry: { features, mappings: [...mapping('account', 'accounts'), ...mapping('principal', 'principals')] }, names };
}

function kindsOf(specs: readonly FeatureSpec[], file: YamlFile): ReadonlyMap<string, Feature['kind'] | 'broken'> {
  const written = (file.value as { readonly features?: unknown }).features;
  const raw = (Array.isArray(written) ? written : []).map((entry: unknown) => (entry as { readonly id?: unknown } | null)?.id);
  const kinds = new Map<string, Feature['kind'] | 'broken'>();
  for (const id of raw) if (typeof id === 'string') kinds.set(id, 'broken');
  for (const spec of specs) kinds.set(spec.id, spec.kind);
  return kinds;
}

function checkUnique(specs: readonly FeatureSpec[], file: YamlFile, report: Report): void {
  const lines = new Map<string, number | undefined>();
  for (const spec of specs) {
    const spot = file.of(spec, 'id');
    if (lines.has(spec.id))
      report(
        problem(
          'duplicate-feature',
          spot,
          `feature ${quoted(spec.id)} is registered already, in line ${lines.get(spec.id)}`,
          'keep one of the two',
        ),
      );
    else lines.set(spec.id, spot.place.line);
  }
}

function featureOf(spec: FeatureSpec, file: YamlFile, report: Report): Feature {
  return {
    featureId: spec.id,
    kind: spec.kind,
    name: spec.name ?? spec.id,
    team: spec.team,
    costCenter: spec.cost_center,
    category: spec.category,
    owners: ownersOf(spec, file, report),
    place: file.of(spec).place,
  };
}
