// How the pages of a listing follow each other, and how its keys are written.
import { unavailable } from './asking.js';
import type { Address } from './address.js';

/** Where the next page begins. A listing that does not go on would else be read for ever, or taken for whole. */
export function following(to: Address, prefix: string, at: string | undefined, next: string | undefined): string | undefined {
  if (next === undefined) return undefined;
  if (next.trim() !== '' && next !== at) return next;
  throw unavailable(`s3://${to.bucket}/${prefix}`, 'S3 says that the listing goes on, but not from where');
}

/** Control characters have no place in XML: keys come encoded, from servers that do so. */
export function decoded(text: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
}

export function relative(to: Address, key: string, encoding: string | undefined): string {
  const plain = decoded(key, encoding);
  if (plain.startsWith(to.prefix)) return plain.slice(to.prefix.length);
  throw unavailable(`s3://${to.bucket}/${to.prefix}`, `the listing has a key of elsewhere: ${JSON.stringify(plain)}`);
}
