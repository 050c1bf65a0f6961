// An engine over files that landed before, in a scratch folder: what reads evidence again needs no lock and leaves nothing behind.
import { Failure } from '../kernel/failure.js';
import type { Catalog, Model } from '../model/catalog.js';
import type { LandedFile } from '../source/source.js';
import type { RunContext } from './execute.js';
import type { Prepared } from './run.js';
import { inScratch, type ScratchRequest, tempOf } from './scratch.js';
import { isThere } from './state.js';

export interface OverLanded extends Pick<Prepared, 'pipeline' | 'catalog' | 'period'> {
  readonly files: readonly LandedFile[];
  readonly scratch: string;
}

/** Works with an engine that has the models and no table yet. */
export async function overLanded<T>(
  request: ScratchRequest,
  { pipeline, catalog, period, files, scratch }: OverLanded,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  const own = { pipeline: { ...pipeline, stateDir: scratch }, tempDirectory: tempOf(scratch) };
  return inScratch(request, { ...own, catalog, period, files }, work);
}

export function modelIn(catalog: Catalog, name: string): Model | undefined {
  return catalog.models.find((model) => model.name === name);
}

/** `whose`: of what the files are told to be. */
export async function refuseCollected(
  files: readonly LandedFile[],
  { code, whose, remedy }: { readonly code: string; readonly whose: string; readonly remedy: string },
): Promise<void> {
  for (const { path, name } of files) {
    if (await isThere(path)) continue;
    throw new Failure('user', [{ code, message: `\`${name}\` of ${whose} is no longer in landing`, remedy }]);
  }
}
