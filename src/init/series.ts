// Files whose names differ in digits only are one series: the days of a log, the parts of an export. Of a long one some are opened.
import type { GivenFile } from './given.js';

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

export function seriesOf(files: readonly GivenFile[]): readonly (readonly GivenFile[])[] {
  const series = new Map<string, GivenFile[]>();
  for (const file of files) {
    const key = file.name.replace(UUID, '#').replace(/\d+/g, '#');
    series.set(key, [...(series.get(key) ?? []), file]);
  }
  return [...series.values()];
}

/** At most `most` of them: the first, the last, and those between at equal steps. */
export function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  const step = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, at) => items[Math.round(at * step)]).filter((item) => item !== undefined);
}
