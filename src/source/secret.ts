// What stands in the environment alone: keys that the pipeline file names.
import { Failure } from '../kernel/failure.js';
import type { LandRequest } from './source.js';

export function secretOf({ config, outside }: LandRequest, variable: string): string {
  const key = outside.env[variable]?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const message = `source \`${config.id}\`: the environment variable ${variable} ${key === '' ? 'is not set' : 'holds no key: it has spaces or other signs'}`;
  const remedy = 'set it for the program that runs showback; keys never stand in the pipeline file';
  throw new Failure('user', [{ code: 'pull/no-key', message, remedy, place: config.place }]);
}
