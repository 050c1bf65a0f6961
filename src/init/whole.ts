// Is a compressed file whole? A cut one would stop the run that lands it, so it is told before.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { integrityOf } from '../source/integrity.js';
import { noise, type Unknown, unknown } from './finding.js';
import type { GivenFile } from './given.js';

/** Larger ones are checked when they land. */
const LARGEST = 64_000_000;

/** What is wrong with the file as a whole, or null. */
export async function brokenness(file: GivenFile): Promise<Unknown | null> {
  if (file.strays) {
    return unknown('is a link to a place outside of the company folder, or to none', 'copy the file itself');
  }
  if (file.bytes === 0) return noise('is empty', 'nothing to do, if nothing happened in its time');
  if (file.bytes > LARGEST) return null;
  const integrity = integrityOf(file.name);
  for await (const chunk of createReadStream(file.path)) await integrity.take(chunk as Buffer);
  const problem = await integrity.finish();
  return problem === null ? null : unknown(`cannot be unpacked: ${problem}`, 'deliver the whole file again');
}

export async function digestOf(file: GivenFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file.path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
