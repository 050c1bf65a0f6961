// Paths as a person sees them who stands in a folder.
import { isAbsolute, relative } from 'node:path';

/** The path from there, where that is shorter. */
export function seenFrom(cwd: string, path: string): string {
  if (!isAbsolute(path)) return path;
  const seen = relative(cwd, path);
  return seen !== '' && seen.length < path.length ? seen : path;
}
