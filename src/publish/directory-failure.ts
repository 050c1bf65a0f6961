// What the file system answers, as problems that a person can act on.
import { Failure, type Problem } from '../kernel/failure.js';

/** Codes of answers that pass by themselves or by somebody's hand: a later run may succeed. */
const UNAVAILABLE: Readonly<Record<string, { readonly message: string; readonly remedy: string }>> = {
  EACCES: {
    message: 'no permission to write',
    remedy: 'give the user of this run write permission on the folder, then run again',
  },
  EPERM: { message: 'not allowed to write', remedy: 'give the user of this run write permission on the folder, then run again' },
  EROFS: { message: 'the file system is read-only', remedy: 'mount it writable, or set `out` to another folder, then run again' },
  ENOSPC: { message: 'the disk is full', remedy: 'free space, then run again; what was published before still stands' },
  EDQUOT: { message: 'the disk quota is used up', remedy: 'free space, then run again; what was published before still stands' },
  EIO: { message: 'the disk failed to read or write', remedy: 'check the disk, then run again' },
  EMFILE: { message: 'too many files are open', remedy: 'raise the limit of open files (ulimit -n), then run again' },
};

/** Engines that write files tell the same answers in words. */
const IN_WORDS: readonly (readonly [RegExp, string])[] = [
  [/no space left on device/i, 'ENOSPC'],
  [/read-only file system/i, 'EROFS'],
  [/permission denied/i, 'EACCES'],
];

/** Null where the error is no answer of the file system: then it is somebody else's, or a bug. */
export function directoryFailure(error: unknown, outDir: string): Failure | null {
  if (error instanceof Failure) return error;
  const { code, message, path } = told(error);
  const known = code ?? IN_WORDS.find(([words]) => words.test(message))?.[1] ?? '';
  if (known === 'ENOTDIR' || known === 'EEXIST') return notAFolder(path ?? outDir, error);
  const answer = UNAVAILABLE[known];
  if (answer === undefined) return null;
  const problem: Problem = {
    code: 'publish/unavailable',
    message: `cannot publish: ${answer.message} (${known})`,
    remedy: answer.remedy,
    place: { file: path ?? outDir },
  };
  return new Failure('unavailable', [problem], { cause: error });
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

function told(error: unknown): { readonly code: string | null; readonly message: string; readonly path: string | null } {
  if (!(error instanceof Error)) return { code: null, message: '', path: null };
  const { code, path } = error as NodeJS.ErrnoException;
  return { code: typeof code === 'string' ? code : null, message: error.message, path: path ?? null };
}
