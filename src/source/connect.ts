// Can a source be read? Lists what it names and reads a byte of the first and the last, so that what is missing is known by day.
import { Failure } from '../kernel/failure.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import { Origin } from './origin.js';
import type { LandRequest } from './source.js';

export type ConnectRequest = Pick<LandRequest, 'config' | 'root' | 'landingDir' | 'signal'>;

/** How many files there are to read. Fails with the words of whoever keeps them. */
export async function connect(request: ConnectRequest): Promise<number> {
  const { config } = request;
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
  return layout.kind === 'files' ? layout.files : [manifestsBelow(layout.path)];
}

/** Of an AWS export: what its manifests are called. */
export function manifestsBelow(folder: string): string {
  return `${folder.replace(/\/+$/, '')}/metadata/BILLING_PERIOD=*/**/*-Manifest.json`;
}
