// What the file system answers, as problems that a person can act on.
import { diskFailure } from '../kernel/disk-failure.js';
import { Failure, type Problem } from '../kernel/failure.js';

/** Null where the error is no answer of the file system: then it is somebody else's, or a bug. */
export function directoryFailure(error: unknown, outDir: string): Failure | null {
  if (error instanceof Failure) return error;
  const { code, path } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  if (code === 'ENOTDIR' || code === 'EEXIST') return notAFolder(path ?? outDir, error);
  return diskFailure(error, { doing: 'publish', place: outDir, code: 'publish/unavailable' });
}

/** The names that publishing owns below the output folder are taken by something that it did not make. */
export function takenFailure(paths: readonly string[]): Failure {
  return new Failure(
    'user',
    paths.map((path) => ({
      code: 'publish/name-taken',
      message: 'showback publishes a link of this name, but something else is there',
      remedy: 'move it away, or set `out` in the pipeline to a folder of its own',
      place: { file: path },
    })),
  );
}

function notAFolder(path: string, cause: unknown): Failure {
  const problem: Problem = {
    code: 'publish/not-a-folder',
    message: 'cannot publish: a file is where a folder must be',
    remedy: 'move it away, or set `out` in the pipeline to a folder of its own',
    place: { file: path },
  };
  return new Failure('user', [problem], { cause });
}
