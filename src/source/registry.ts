// Every kind of source, by name. A new kind is a new file and a line here.
import type { SourceConfig } from '../pipeline/pipeline.js';
import { land as landAnthropicCosts, tabulate as tabulateAnthropicCosts } from './anthropic-costs.js';
import { land as landAnthropicUsage, tabulate as tabulateAnthropicUsage } from './anthropic-usage.js';
import { land as landAwsCur } from './aws-cur.js';
import { land as landFocus } from './focus.js';
import { land as landInvoiceCsv, tabulate as tabulateInvoiceCsv } from './invoice-csv.js';
import { land as landJsonCosts, tabulate as tabulateJsonCosts } from './json-costs.js';
import { land as landOpenaiCosts, tabulate as tabulateOpenaiCosts } from './openai-costs.js';
import { land as landOpenaiUsage, tabulate as tabulateOpenaiUsage } from './openai-usage.js';
import type { LandedFile, Landing, LandRequest, SourceKind, Tabulate, Tabulation } from './source.js';
import { land as landUsage } from './usage.js';

interface Kind<K extends SourceKind> {
  readonly land: (request: LandRequest<ConfigOf<K>>) => Promise<Landing>;
  /** Only of kinds whose files the engine cannot read itself. */
  readonly tabulate?: (file: LandedFile, config: ConfigOf<K>) => Promise<Tabulation>;
}

type ConfigOf<K extends SourceKind> = Extract<SourceConfig, { readonly kind: K }>;

const KINDS: { readonly [K in SourceKind]: Kind<K> } = {
  usage: { land: landUsage },
  focus: { land: landFocus },
  'aws-cur': { land: landAwsCur },
  'openai-costs': { land: landOpenaiCosts, tabulate: tabulateOpenaiCosts },
  'anthropic-costs': { land: landAnthropicCosts, tabulate: tabulateAnthropicCosts },
  'openai-usage': { land: landOpenaiUsage, tabulate: tabulateOpenaiUsage },
  'anthropic-usage': { land: landAnthropicUsage, tabulate: tabulateAnthropicUsage },
  'invoice-csv': { land: landInvoiceCsv, tabulate: tabulateInvoiceCsv },
  'json-costs': { land: landJsonCosts, tabulate: tabulateJsonCosts },
};

/** Brings what the source holds now to landing, and returns that with what landed earlier and still counts. */
export async function land(request: LandRequest): Promise<Landing> {
  return kindOf(request.config).land(request);
}

export const tabulate: Tabulate = async (file, config) => {
  const read = kindOf(config).tabulate;
  if (read === undefined) throw new Error(`files of kind ${config.kind} are read by the engine`);
  return read(file, config);
};

/** A function of one kind is only ever called with the configuration of that kind: the map says so, and the compiler follows. */
function kindOf<K extends SourceKind>(config: ConfigOf<K>): Kind<K> {
  return KINDS[config.kind];
}
