// Logs of tracers and gateways, told by names that only they have: those need no map.
import { type PresetFormat, tokensOf } from '../kernel/usage-formats.js';
import type { UsageShape } from './finding.js';

const MARKS: readonly (readonly [PresetFormat, readonly (readonly string[])[]])[] = [
  ['otlp', [['resourceSpans']]],
  ['litellm', [['custom_llm_provider'], ['call_type'], ['spend', 'response_cost'], ['prompt_tokens']]],
  ['langfuse', [['usage_details', 'usageDetails'], ['trace_id', 'traceId'], ['type']]],
  ['helicone', [['request_properties', 'properties'], ['response_status'], ['request_id'], ['prompt_tokens']]],
];

/** `names`: keys or columns of the records. Of each group of marks there is one. */
export function presetOf(names: readonly string[]): PresetFormat | null {
  return MARKS.find(([, marks]) => marks.every((any) => any.some((name) => names.includes(name))))?.[0] ?? null;
}

/** Observations of Langfuse name no provider. */
export function presetShape(format: PresetFormat, unnamed: string): UsageShape {
  const constants = format === 'langfuse' ? { provider: unnamed } : {};
  return { format, map: {}, constants, tokens: tokensOf(format), moneyKey: null, guesses: [], unread: [] };
}
