// Objects that are written again, or removed, while they are on their way.
import type { Failure } from '../kernel/failure.js';
import { undelivered } from './whole-file.js';

/** An object that is written again and again is given up at last. */
export const REPLACED_TIMES = 3;

export function goneMeanwhile(name: string): Failure {
  return undelivered(
    'source/unreadable',
    name,
    `\`${name}\` was removed while it was being fetched`,
    'run again once whoever writes there has ended',
  );
}
