// Whether this Node is too old, told before anything that it could not load is loaded.

/** What to tell whoever runs a Node older than any that `promise` (`engines` of package.json) names; null where it will do. */
export function tooOld(promise: string, version: string): string | null {
  const floors = [...promise.matchAll(/\d+(?:\.\d+)*/g)].map(([floor]) => floor).sort(compare);
  const [oldest = '0'] = floors;
  if (compare(version, oldest) >= 0) return null;
  return `showback: this is Node ${version}, which is too old\n  → install Node ${floors.join(', ')} or a later one of these lines\n`;
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  return [0, 1, 2].map((at) => (left?.[at] ?? 0) - (right?.[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
