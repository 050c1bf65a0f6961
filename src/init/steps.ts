// What only people can settle, in the order in which it matters.
import type { FeatureDraft } from './draft.js';
import type { Draft } from './scaffold.js';
import { acceptedUntil } from './scaffold.js';
import type { Tagged } from './features.js';
import { UNNAMED } from './usage.js';
import { lackText, type UsedModel } from './unpriced.js';

type Known = Omit<Draft, 'steps'> & { readonly tagged: Tagged; readonly models: readonly UsedModel[] };

export function stepsOf(draft: Known): readonly string[] {
  return [
    ...draft.sources.flatMap(({ id, doubts }) => doubts.map((doubt) => `${id}: ${doubt}`)),
    ...featureSteps(draft),
    ...priceSteps(draft),
    ...sampleSteps(draft),
    ...unbilledSteps(draft),
    ...draft.rules.doubts,
    ...bookSteps(draft),
  ];
}

function featureSteps({ features: { features, left, unfit }, tagged }: Known): readonly string[] {
  const share = tagged.events === 0 ? 0 : Math.round((100 * tagged.untagged) / tagged.events);
  return [
    features.length === 0
      ? 'features.yaml: no log and no bill names a feature; have the call-sites write `feature_id`, and put your features there'
      : `features.yaml: ${count(features.length, 'feature')} from tags${billedText(features)}; put team, cost centre and owner where it says TODO`,
    ...(left > 0
      ? [
          `features.yaml: ${count(left, 'more tag')} with less usage were left out; a tag of that many values may not be the feature`,
        ]
      : []),
    ...(unfit.length > 0 ? [`features.yaml: ${count(unfit.length, 'tag')} cannot be the id of a feature, see its comment`] : []),
    ...(features.length > 0 && share > 0
      ? [`${share} % of the events that were looked at name no feature; they are (unallocated)`]
      : []),
  ];
}

/** A tag of bills may have many values that are no features. */
function billedText(features: readonly FeatureDraft[]): string {
  const billed = features.filter(({ from }) => from === 'bills').length;
  return billed === 0 || billed === features.length ? '' : ` (${billed} of them on bills alone)`;
}

function priceSteps({ unpriced, books, today }: Known): readonly string[] {
  if (unpriced.length === 0) return [];
  const names = unpriced.slice(0, 4).map(lackText);
  const more = unpriced.length > names.length ? ', …' : '';
  return [
    `no price is known for ${names.join(', ')}${more}: accepted until ${acceptedUntil(books, today)} (accept_unpriced); put prices in negotiated.csv`,
  ];
}

function sampleSteps({ sources }: Known): readonly string[] {
  const parts = sources
    .filter(({ kind, isPart, opened, files }) => kind === 'usage' && (isPart || opened < files))
    .map(({ id }) => id);
  if (parts.length === 0) return [];
  return [
    `${parts.join(', ')}: not all was looked at; a model without a price that comes up in the rest stops the run, until it stands in accept_unpriced`,
  ];
}

function unbilledSteps({ sources, models }: Known): readonly string[] {
  const billed = new Set(sources.map(({ provider }) => provider));
  const used = new Set(models.map(({ provider }) => provider));
  const unbilled = [...used].filter((provider) => !billed.has(provider) && provider !== UNNAMED).sort();
  return unbilled.length === 0
    ? []
    : [`no bill of ${unbilled.join(', ')}: usage there is an estimate at the prices in the books until there is one`];
}

/** What the price lists of the package are in. */
const LIST_CURRENCY = 'USD';

function bookSteps({ books, sources, currency }: Known): readonly string[] {
  const priced = sources.some(({ kind }) => kind === 'usage') ? [LIST_CURRENCY] : [];
  const others = [...new Set([...sources.flatMap(({ currencies }) => currencies), ...priced])]
    .filter((each) => each !== currency)
    .sort();
  return [
    ...(books.asOf === null
      ? []
      : [`the evidence ends on ${books.last}, so as_of is ${books.asOf}; take it out of pipeline.yaml when newer files come`]),
    ...(books.isCut
      ? [`there is evidence from before ${books.start}; move \`start\` if those months shall be published too`]
      : []),
    ...(others.length > 0
      ? [
          `amounts in ${others.join(', ')} need a rate to ${currency} for each month, in a CSV under registry.fx (docs/currencies.md); a run stops without it`,
        ]
      : []),
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
