// What killed runs left half-way, asked of each owner of a folder. Swept at the start of every run, under its lock: nobody is writing.
import { join } from 'node:path';
import type { Pipeline } from '../pipeline/pipeline.js';
import { publishLeftovers } from '../publish/retention.js';
import { landingLeftovers } from '../source/landing-waste.js';
import { lakeLeftovers } from '../warehouse/lake-uses.js';
import { booksLeftovers } from './books.js';
import { removeFolder, stateLeftovers } from './state.js';

type Places = Pick<Pipeline, 'stateDir' | 'outDir'>;

export async function leftoversOf({ stateDir, outDir }: Places): Promise<readonly string[]> {
  return [
    ...(await landingLeftovers(join(stateDir, 'landing'))),
    ...(await lakeLeftovers(join(stateDir, 'lake'))),
    ...(await stateLeftovers(stateDir)),
    ...(await booksLeftovers(stateDir)),
    ...(await publishLeftovers(outDir)),
  ];
}

export async function sweepLeftovers(places: Places): Promise<void> {
  for (const path of await leftoversOf(places)) await removeFolder(path);
}
