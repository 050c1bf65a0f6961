// A given file as the readers of bills and logs take it.
import type { LandedFile } from '../source/source.js';
import type { GivenFile } from './given.js';

/** It has not landed: nothing of it is copied, so it lies where it lies. */
export function asLanded(file: GivenFile): LandedFile {
  return {
    sourceId: 'init',
    name: file.name,
    sha256: '',
    bytes: file.bytes,
    path: file.path,
    unit: file.name,
    delivery: file.name,
  };
}
