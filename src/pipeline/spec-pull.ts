// What `pull` of a source may say: how a provider's API is asked. The key stands in the environment, never here.
import { z } from 'zod';
import { daysOf, month, requestsPerMinute, text, url } from './fields.js';

type Names = readonly [string, ...string[]];

const who = {
  key: z.strictObject({
    env: text
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable → name the variable that holds the key')
      .describe('Name of the environment variable that holds the key.'),
  }),
  url: url.optional().describe('Of a gateway or proxy. Left out: the address of the provider.'),
};

const times = {
  from: month.optional().describe('First month that is asked for. Left out: `start`.'),
  trailing_days: daysOf(400).default(40).describe('Days after its end that a month is still asked for each night.'),
  lag_days: daysOf(31)
    .default(1)
    .describe(
      'Whole days before today that are not asked for yet and stay estimated: a late provider tells them as empty, which is zero.',
    ),
};

const keys = (groups: Names, usual: readonly string[]) => ({
  ...who,
  group_by: z
    .array(z.enum(groups))
    .min(1, 'is empty → leave it out')
    .default([...usual]),
  ...times,
  requests_per_minute: requestsPerMinute,
});

const WHAT = "Asks the provider's API, in place of `files`.";

const pull = (groups: Names, usual: readonly string[]) => z.strictObject(keys(groups, usual)).optional().describe(WHAT);

const OPENAI_ENDPOINTS = [
  'completions',
  'embeddings',
  'moderations',
  'images',
  'audio_speeches',
  'audio_transcriptions',
  'vector_stores',
  'code_interpreter_sessions',
  'file_search_calls',
  'web_search_calls',
] as const;

export const openAiCostsPull = pull(['project_id', 'line_item', 'api_key_id'], ['project_id', 'line_item']);

const MODEL_GROUPS = ['model', 'workspace_id', 'service_tier', 'context_window', 'inference_geo'] as const;

/** The one without a watermark is the usual one. */
const endpointOf = (usual: string) =>
  z
    .enum([usual, 'analytics'])
    .default(usual)
    .describe('`analytics` (beta) says how far it knows: later days are left out, and stay estimated.');

export const anthropicCostsPull = z
  .strictObject({
    ...keys(['description', ...MODEL_GROUPS], []),
    group_by: z
      .array(z.enum(['description', ...MODEL_GROUPS]))
      .min(1, 'is empty → leave it out')
      .optional()
      .describe(
        'Left out: all that the endpoint knows. `cost_report` has workspace_id and description, `analytics` all but description.',
      ),
    endpoint: endpointOf('cost_report'),
  })
  .optional()
  .describe(WHAT);

const OPENAI_USAGE_GROUPS = ['model', 'project_id', 'batch', 'service_tier'] as const;

export const openAiUsagePull = z
  .strictObject({
    ...keys(OPENAI_USAGE_GROUPS, OPENAI_USAGE_GROUPS),
    endpoints: z
      .array(z.enum(OPENAI_ENDPOINTS))
      .min(1, 'is empty → leave it out')
      .default([...OPENAI_ENDPOINTS])
      .describe('Kinds of usage that are asked for. Left out: all of them.'),
  })
  .optional()
  .describe(WHAT);

export const anthropicUsagePull = z
  .strictObject({ ...keys(MODEL_GROUPS, ['model', 'workspace_id', 'service_tier']), endpoint: endpointOf('usage_report') })
  .optional()
  .describe(WHAT);

export const focusPull = z
  .strictObject({
    api: z
      .enum(['pinecone'])
      .describe('`pinecone`: its exports of cost and usage. The key is an access token of a service account.'),
    ...who,
    ...times,
    lag_days: daysOf(31)
      .default(3)
      .describe(
        'Whole days before today that are not asked for yet and stay estimated. Costs of Pinecone are up to three days late.',
      ),
    requests_per_minute: requestsPerMinute,
  })
  .optional()
  .describe('Asks a provider for exports in FOCUS, in place of `files` and `path`.');

/** What each endpoint of Anthropic's costs is grouped by. */
export const ANTHROPIC_COST_GROUPS: Readonly<Record<string, readonly string[]>> = {
  cost_report: ['workspace_id', 'description'],
  analytics: MODEL_GROUPS,
};
