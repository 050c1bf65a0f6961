// What the file system answers, by its own codes or in the engine's words, as a problem that a person can act on.
import { Failure } from './failure.js';

interface Answer {
  readonly message: string;
  readonly remedy: string;
}

const FULL = 'free space, then run again; what was published before still stands';

/** Answers that pass by themselves or by somebody's hand: a later run may succeed. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  EACCES: { message: 'no permission', remedy: 'give the user of this run permission on it, then run again' },
  EPERM: { message: 'not allowed', remedy: 'give the user of this run permission on it, then run again' },
  EROFS: { message: 'the file system is read-only', remedy: 'mount it writable, or name another folder, then run again' },
  ENOSPC: { message: 'the disk is full', remedy: FULL },
  EDQUOT: { message: 'the disk quota is used up', remedy: FULL },
  EFBIG: { message: 'the file is larger than may be', remedy: 'raise the limit of file size (ulimit -f), then run again' },
  EIO: { message: 'the disk failed to read or write', remedy: 'check the disk, then run again' },
  EMFILE: { message: 'too many files are open', remedy: 'raise the limit of open files (ulimit -n), then run again' },
  ENFILE: { message: 'too many files are open', remedy: 'wait or close other programs, then run again' },
};

/** Engines that read and write files tell the same answers in words. */
const IN_WORDS: readonly (readonly [RegExp, string])[] = [
  [/no space left on device|max_temp_directory_size/i, 'ENOSPC'],
  [/disk quota exceeded/i, 'EDQUOT'],
  [/file too large/i, 'EFBIG'],
  [/read-only file system/i, 'EROFS'],
  [/permission denied/i, 'EACCES'],
  [/too many open files/i, 'EMFILE'],
  [/input\/output error/i, 'EIO'],
];

/** Errors of an engine that may be about files. What it says of data may quote anything. */
const ABOUT_FILES: ReadonlySet<string> = new Set(['IO', 'FATAL', 'TransactionContext', 'Out of Memory']);

export interface Doing {
  /** Completes `cannot …`. */
  readonly doing: string;
  /** Where neither the system nor the engine names a path. */
  readonly place: string;
  readonly code?: string;
}

/** Null where the error is no answer of the file system: then it is somebody else's, or a bug. */
export function diskFailure(error: unknown, { doing, place, code: name = 'disk/unavailable' }: Doing): Failure | null {
  if (!(error instanceof Error) || error instanceof Failure) return null;
  const code = codeOf(error);
  const answer = code === null ? undefined : ANSWERS[code];
  if (answer === undefined) return null;
  const problem = {
    code: name,
    message: `cannot ${doing}: ${answer.message} (${code})`,
    remedy: answer.remedy,
    place: { file: placeOf(error) ?? place },
  };
  return new Failure('unavailable', [problem], { cause: error });
}

/** `ENOSPC` and the like. */
function codeOf(error: Error): string | null {
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (!('exceptionType' in error) || !ABOUT_FILES.has(String(error.exceptionType))) return null;
  return IN_WORDS.find(([words]) => words.test(error.message))?.[1] ?? null;
}

/** The path that the system names, or the first that the engine quotes. */
function placeOf(error: Error): string | null {
  if ('dest' in error && typeof error.dest === 'string') return error.dest;
  if ('path' in error && typeof error.path === 'string') return error.path;
  return /"(\/[^"]+)"/.exec(error.message)?.[1] ?? null;
}
