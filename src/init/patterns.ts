// Files → the fewest patterns that name them and none of the others, so that tomorrow's file is found too.
import picomatch from 'picomatch';

/** Each pattern is held to `others`; what no pattern tells apart is named file by file. */
export function patternsFor(files: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Set(files);
  const patterns: string[] = [];
  for (const candidate of candidatesFor(files)) {
    if (left.size === 0) break;
    const matches = picomatch(candidate);
    const taken = [...left].filter((name) => matches(name));
    if (taken.length === 0 || others.some((name) => matches(name))) continue;
    patterns.push(candidate);
    for (const name of taken) left.delete(name);
  }
  return [...patterns, ...[...left].map(escaped)].sort();
}

/** From the widest to the narrowest: all below a folder, a folder, the beginning of a name in it. */
function candidatesFor(files: readonly string[]): readonly string[] {
  const folders = [...new Set(files.map(folderOf))];
  const common = folders.reduce(commonFolder, folders[0] ?? '');
  const endings = [...new Set(files.map(endingOf))];
  const below = (folder: string, glob: string) => (folder === '' ? glob : `${escaped(folder)}/${glob}`);
  // Never all below the company folder itself: what runs write lies there too.
  const tops = [undated(common), ...(folders.length > 1 ? [common] : [])].filter(
    (top) => top !== '' && (top !== common || folders.length > 1),
  );
  const deep = tops.flatMap((top) => endings.map((ending) => below(top, `**/*${ending}`)));
  const flat = folders.flatMap((folder) => endings.map((ending) => below(folder, `*${ending}`)));
  const begun = files.map((name) => below(folderOf(name), `${escaped(beginningOf(name))}*${endingOf(name)}`));
  return [...new Set([...deep, ...flat, ...begun])];
}

/** Folders of years, months and days end, and others follow: `logs/app/2026/11` → `logs/app`. */
function undated(folder: string): string {
  const parts = folder.split('/');
  const at = parts.findIndex((part) => /^(\w+=)?\d{1,4}([-_]?\d{2}){0,2}$/.test(part));
  return at < 0 ? folder : parts.slice(0, at).join('/');
}

function folderOf(name: string): string {
  return name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '';
}

/** `.jsonl.gz` of `app-1.jsonl.gz`. */
function endingOf(name: string): string {
  return /(\.[A-Za-z]\w*)(\.(gz|zstd?))?$/i.exec(name)?.[0] ?? '';
}

/** What stands before the first digit of the name. */
function beginningOf(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1);
  return /^[^\d]*/.exec(base.slice(0, base.length - endingOf(name).length))?.[0] ?? '';
}

function commonFolder(left: string, right: string): string {
  const [a, b] = [left.split('/'), right.split('/')];
  const differs = a.findIndex((part, at) => part !== b[at]);
  return (differs < 0 ? a : a.slice(0, differs)).join('/');
}

/** A sign that means something in patterns stands as `?`, any one sign: sources take no backslashes. */
function escaped(name: string): string {
  return name.replace(/[*?[\](){}!\\]/g, '?');
}
