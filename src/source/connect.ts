// Can a source be read? Lists what it names and reads a byte of the first and the last, so that what is missing is known by day.
import { Failure } from '../kernel/failure.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import { ANTHROPIC_COSTS } from './anthropic-costs.js';
import { monthsToPull, probe } from './cost-api.js';
import { probeJson, unitsToPull } from './json-pull.js';
import { OPENAI_COSTS } from './openai-costs.js';
import { azureManifestsBelow, manifestsBelow } from './export-manifests.js';
import { Origin } from './origin.js';
import type { LandRequest } from './source.js';

/** How many files there are to read. Fails with the words of whoever keeps them. */
export async function connect(request: LandRequest): Promise<number> {
  const { config } = request;
  const apis = { 'openai-costs': OPENAI_COSTS, 'anthropic-costs': ANTHROPIC_COSTS };
  if ((config.kind === 'openai-costs' || config.kind === 'anthropic-costs') && config.pull !== null) {
    await probe({ ...request, config }, apis[config.kind]);
    return monthsToPull({ ...request, config }, apis[config.kind]).length;
  }
  if (config.kind === 'json-costs' && config.pull !== null) {
    await probeJson({ ...request, config }, config.pull);
    return unitsToPull({ ...request, config }, config.pull).length;
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
  if (config.kind !== 'focus') return config.files;
  const { layout } = config;
  switch (layout.kind) {
    case 'files':
      return layout.files;
    case 'aws-export':
      return [manifestsBelow(layout.path)];
    case 'azure-export':
      return [azureManifestsBelow(layout.path)];
    default:
      return layout satisfies never;
  }
}
