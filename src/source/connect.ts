// Can a source be read? Lists what it names and reads a byte of the first and the last, so that what is missing is known by day.
import { Failure } from '../kernel/failure.js';
import type { PulledSource, SourceConfig } from '../pipeline/pipeline.js';
import { ANTHROPIC_COSTS } from './anthropic-costs.js';
import { ANTHROPIC_USAGE } from './anthropic-usage.js';
import { monthsToPull, type ProviderApi, probe } from './provider-api.js';
import { probeJson, unitsToPull } from './json-pull.js';
import { OPENAI_COSTS } from './openai-costs.js';
import { OPENAI_USAGE } from './openai-usage.js';
import { azureManifestsBelow, curManifestsBelow, manifestsBelow } from './export-manifests.js';
import { Origin } from './origin.js';
import { probeExports } from './pinecone.js';
import { monthsOf } from './pulled-units.js';
import type { LandRequest } from './source.js';

const APIS: Readonly<Record<PulledSource['kind'], ProviderApi>> = {
  'openai-costs': OPENAI_COSTS,
  'anthropic-costs': ANTHROPIC_COSTS,
  'openai-usage': OPENAI_USAGE,
  'anthropic-usage': ANTHROPIC_USAGE,
};

/** How many files there are to read. Fails with the words of whoever keeps them. */
export async function connect(request: LandRequest): Promise<number> {
  const { config } = request;
  if (config.kind === 'json-costs') {
    if (config.pull !== null) {
      await probeJson({ ...request, config }, config.pull);
      return unitsToPull({ ...request, config }, config.pull).length;
    }
  } else if ('pull' in config && config.pull !== null) {
    await probe({ ...request, config }, APIS[config.kind]);
    return monthsToPull({ ...request, config }, APIS[config.kind]).length;
  }
  if (config.kind === 'focus' && config.layout.kind === 'pull') {
    await probeExports({ ...request, config }, config.layout.pull);
    return monthsOf(request.outside, config.layout.pull).length;
  }
  await using origin = new Origin(request);
  const found = await origin.list(patternsOf(config));
  const ends = new Set([found[0], found.at(-1)]);
  for (const file of ends) await file?.touch();
  if (found.length > 0) return found.length;
  const patterns = patternsOf(config).map((pattern) => `\`${pattern}\``);
  const message = `source \`${config.id}\`: it can be listed, and there is no file under ${patterns.join(', ')}`;
  const remedy = 'correct the pattern, or wait for the first delivery';
  throw new Failure('unavailable', [{ code: 'source/no-files', message, remedy, place: config.place }]);
}

function patternsOf(config: SourceConfig): readonly string[] {
  if (!('layout' in config)) return config.files;
  const { layout } = config;
  switch (layout.kind) {
    case 'files':
      return layout.files;
    case 'aws-export':
      return [manifestsBelow(layout.path)];
    case 'azure-export':
      return [azureManifestsBelow(layout.path)];
    case 'aws-cur-legacy':
      return [curManifestsBelow(layout.path)];
    case 'pull':
      return [];
    default:
      return layout satisfies never;
  }
}
