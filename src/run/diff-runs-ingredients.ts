// What the figures of a month are made of, as parts that can be replaced one by one: the order here is the order in which that is done.
import type { Day } from '../kernel/period.js';
import type { Pipeline, SourceConfig } from '../pipeline/pipeline.js';
import type { ControlTotal, LandedFile } from '../source/source.js';
import type { Books } from './books.js';
import type { IngredientKind } from './diff-runs-api.js';
import { contentText, type Meaning } from './fingerprint.js';

export interface Ingredients {
  readonly pipeline: Pipeline;
  readonly asOf: Day;
  readonly files: readonly LandedFile[];
  readonly controls: readonly ControlTotal[];
  readonly books: Books;
}

type RegistryPart = 'features' | 'fixed_costs' | 'revenue';
type ConfigKind = Exclude<IngredientKind, 'program' | 'as_of' | 'source' | 'closes'>;

export type Part =
  | { readonly kind: 'as_of' }
  | { readonly kind: 'source'; readonly sourceId: string }
  | { readonly kind: ConfigKind }
  | { readonly kind: 'closes' };

/** Where each key of a pipeline belongs. A new key belongs somewhere, or this does not compile. */
const KEYS: Readonly<Record<keyof Omit<Meaning, 'sources' | 'registry'>, Exclude<ConfigKind, RegistryPart>>> = {
  prices: 'prices',
  aliases: 'prices',
  skus: 'prices',
  skuMap: 'prices',
  fx: 'fx',
  rules: 'rules',
  name: 'settings',
  currency: 'settings',
  start: 'settings',
  tags: 'settings',
  invoices: 'settings',
  acceptUnpriced: 'settings',
  variance: 'settings',
};

const REGISTRY_KEYS: Readonly<Record<keyof Pipeline['registry'], RegistryPart>> = {
  features: 'features',
  mappings: 'features',
  fixedCosts: 'fixed_costs',
  revenue: 'revenue',
};

const CONFIG_KINDS: readonly ConfigKind[] = ['prices', 'fx', 'rules', 'features', 'fixed_costs', 'revenue', 'settings'];

/** Parts in which two makings differ, in the order in which they are replaced. */
export function differingParts(before: Ingredients, after: Ingredients): readonly Part[] {
  const ids = [...new Set([...after.pipeline.sources, ...before.pipeline.sources].map(({ id }) => id))];
  const sources = ids.map((sourceId): Part => ({ kind: 'source', sourceId }));
  const closes: readonly Part[] = [{ kind: 'closes' }];
  const evidence = isClosedWith(before, after.books) ? [...closes, ...sources] : [...sources, ...closes];
  const parts: readonly Part[] = [{ kind: 'as_of' }, ...evidence, ...CONFIG_KINDS.map((kind): Part => ({ kind }))];
  return parts.filter((part) => textOf(before, part) !== textOf(after, part));
}

/**
 * Were months that were closed since closed with this evidence? Then what came after it is what moves the months in which it is booked.
 * Else the close would take back what it was closed with, and the evidence would bring it again.
 */
function isClosedWith({ books, files }: Ingredients, since: Books): boolean {
  const known = new Set(books.closed.map(({ lockSha256 }) => lockSha256));
  const landed = (all: readonly Pick<LandedFile, 'sourceId' | 'sha256'>[]): string =>
    [...new Set(all.map(({ sourceId, sha256 }) => `${sourceId} ${sha256}`))].sort().join('\n');
  return since.closed.every(({ lockSha256, lock }) => known.has(lockSha256) || landed(lock.landed) === landed(files));
}

/** `made` with this part as the other has it. */
export function withPart(made: Ingredients, part: Part, other: Ingredients): Ingredients {
  switch (part.kind) {
    case 'as_of':
      return { ...made, asOf: other.asOf };
    case 'source':
      return withSource(made, part.sourceId, other);
    case 'closes':
      return { ...made, books: other.books };
    default:
      return { ...made, pipeline: withConfig(made.pipeline, part.kind, other.pipeline) };
  }
}

function withSource(made: Ingredients, id: string, other: Ingredients): Ingredients {
  const mine = <T extends { readonly sourceId: string }>(all: readonly T[], theirs: readonly T[]): readonly T[] => [
    ...all.filter(({ sourceId }) => sourceId !== id),
    ...theirs.filter(({ sourceId }) => sourceId === id),
  ];
  return {
    ...made,
    pipeline: { ...made.pipeline, sources: replaced(made.pipeline.sources, sourceIn(other, id), id) },
    files: mine(made.files, other.files),
    controls: mine(made.controls, other.controls),
  };
}

function replaced(sources: readonly SourceConfig[], source: SourceConfig | null, id: string): readonly SourceConfig[] {
  if (source === null) return sources.filter((each) => each.id !== id);
  return sources.some((each) => each.id === id) ? sources.map((each) => (each.id === id ? source : each)) : [...sources, source];
}

function withConfig(pipeline: Pipeline, kind: ConfigKind, other: Pipeline): Pipeline {
  const keys = keysOf(KEYS, kind);
  const inRegistry = keysOf(REGISTRY_KEYS, kind);
  return { ...pipeline, ...picked(other, keys), registry: { ...pipeline.registry, ...picked(other.registry, inRegistry) } };
}

function keysOf<K extends string>(kinds: Readonly<Record<K, string>>, kind: ConfigKind): readonly K[] {
  return (Object.keys(kinds) as K[]).filter((key) => kinds[key] === kind);
}

function picked<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}

export function sourceIn({ pipeline }: Ingredients, id: string): SourceConfig | null {
  return pipeline.sources.find((source) => source.id === id) ?? null;
}

export function filesIn({ files }: Ingredients, id: string): readonly LandedFile[] {
  return files.filter(({ sourceId }) => sourceId === id);
}

/** Equal texts are equal parts. */
function textOf(made: Ingredients, part: Part): string {
  switch (part.kind) {
    case 'as_of':
      return made.asOf;
    case 'source':
      return sourceText(made, part.sourceId);
    case 'closes':
      return made.books.closed.map(({ lockSha256 }) => lockSha256).join('\n');
    default:
      return contentText([
        picked(made.pipeline, keysOf(KEYS, part.kind)),
        picked(made.pipeline.registry, keysOf(REGISTRY_KEYS, part.kind)),
      ]);
  }
}

function sourceText(made: Ingredients, id: string): string {
  const files = filesIn(made, id).map(({ path: _path, ...file }) => JSON.stringify(file));
  const controls = made.controls.filter(({ sourceId }) => sourceId === id).map((total) => JSON.stringify(total));
  return contentText([sourceIn(made, id), files.sort(), controls.sort()]);
}
