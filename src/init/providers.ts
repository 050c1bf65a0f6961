// Whose a bill or a model is, by the ids that price books use.
import { PROVIDER_SYNONYMS } from '../kernel/provider-names.js';

const CLOUDS: ReadonlySet<string> = new Set(['aws', 'azure', 'google', 'oci']);

/** Of a cloud's bill only some services are AI; of other bills all are. */
export function isCloud(provider: string): boolean {
  return CLOUDS.has(provider);
}

/** `Amazon Web Services` → `aws`, `Acme Search Ltd.` → `acme-search-ltd`. Empty where nothing is left of it. */
export function providerId(name: string): string {
  return PROVIDER_SYNONYMS[name.toLowerCase().replace(/[^a-z0-9]/g, '')] ?? slug(name);
}

export function slug(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^[-._]+|[-._]+$/g, '')
    .slice(0, 60);
}

/** By the beginnings that vendors give the names of their models. */
const MODELS: readonly (readonly [RegExp, string])[] = [
  [/^[a-z0-9-]+\.[a-z0-9-]+[.-][^/]*(v\d+(:\d+)?)$|^(us|eu|apac|global)\.[a-z]+\./, 'aws'],
  [
    /^(gpt-|chatgpt|o[1345](-|$)|text-embedding-|text-moderation|dall-e|whisper|tts-|davinci|babbage|codex|omni-moderation|computer-use)/,
    'openai',
  ],
  [/^claude/, 'anthropic'],
  [/^(gemini|gemma|text-bison|chat-bison|imagen|veo|models\/gemini)/, 'google'],
  [/^(mistral|mixtral|codestral|ministral|pixtral|magistral|devstral|open-mi)/, 'mistral'],
  [/^(command|rerank-|embed-(english|multilingual|v))/, 'cohere'],
  [/^grok/, 'x-ai'],
  [/^deepseek/, 'deepseek'],
  [/^voyage/, 'voyageai'],
  [/^(kimi|moonshot)/, 'moonshotai'],
  [/^sonar/, 'perplexity'],
  [/^[a-z0-9-]+\/[^/]+$/, 'openrouter'],
];

/** Who sells the model, or null where its name does not say. */
export function vendorOfModel(model: string): string | null {
  return MODELS.find(([pattern]) => pattern.test(model.toLowerCase()))?.[1] ?? null;
}

/** Services of clouds that sell models, as bills call them. */
export const AI_SERVICE = /bedrock|openai|cognitive|foundry|vertex|gemini|generative|machine learning|sagemaker|\bai\b/i;
