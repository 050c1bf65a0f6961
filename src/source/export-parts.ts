// What the ZIP of an export has to hold: a manifest and all parts of the bill, nothing else.
import { PartsProblem, type Part } from './csv-parts.js';
import type { ZipEntry } from './zip.js';

const PART = /^part-(\d{1,4})-of-(\d{1,4})\.csv$/;
const MANIFEST = 'manifest.json';
const LARGEST_MANIFEST = 16 * 1024 * 1024;

export interface Parts {
  /** In their order. */
  readonly parts: readonly Part[];
  /** How many lines there are, as the export says, else its manifest; null: neither does. */
  readonly rows: number | null;
}

/** `rows`: how many lines the export says that there are. */
export async function partsOf(entries: readonly ZipEntry[], rows: number | null): Promise<Parts> {
  const odd = entries.find(({ name }) => name !== MANIFEST && !PART.test(name));
  if (odd !== undefined) throw new PartsProblem(`it holds \`${odd.name}\`, which is no part and no manifest`);
  const parts = entries.filter(({ name }) => PART.test(name)).sort((a, b) => placeOf(a).at - placeOf(b).at);
  const count = parts[0] === undefined ? 0 : placeOf(parts[0]).of;
  const isAll =
    parts.length === count && parts.every((part, index) => placeOf(part).at === index + 1 && placeOf(part).of === count);
  if (!isAll || count === 0)
    throw new PartsProblem(`it holds ${parts.map(({ name }) => `\`${name}\``).join(', ') || 'no part'}: parts are missing`);
  const manifest = entries.find(({ name }) => name === MANIFEST);
  if (manifest === undefined) throw new PartsProblem(`it has no \`${MANIFEST}\``);
  return { parts, rows: holdTo(await jsonOf(manifest), parts, rows) };
}

function placeOf({ name }: ZipEntry): { readonly at: number; readonly of: number } {
  const [, at, of] = PART.exec(name) ?? [];
  return { at: Number(at), of: Number(of) };
}

async function jsonOf(manifest: ZipEntry): Promise<object> {
  if (manifest.bytes > LARGEST_MANIFEST) throw new PartsProblem(`\`${MANIFEST}\` has ${manifest.bytes} bytes`);
  const chunks: Buffer[] = [];
  for await (const chunk of manifest.read()) chunks.push(chunk);
  try {
    const json: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof json === 'object' && json !== null) return json;
  } catch {
    // Told below.
  }
  throw new PartsProblem(`\`${MANIFEST}\` is no JSON object`);
}

/** What it calls things is documented nowhere: parts are found by how they are called, the number of lines by its name in the API. */
function holdTo(manifest: object, parts: readonly ZipEntry[], rows: number | null): number | null {
  const named = new Set(
    textsIn(manifest)
      .flatMap((text) => text.split('/').at(-1) ?? [])
      .filter((text) => PART.test(text)),
  );
  const missing = [...named].find((name) => parts.every((part) => part.name !== name));
  if (missing !== undefined) throw new PartsProblem(`\`${MANIFEST}\` names \`${missing}\`, which is not there`);
  const unnamed = named.size === 0 ? undefined : parts.find(({ name }) => !named.has(name));
  if (unnamed !== undefined) throw new PartsProblem(`\`${MANIFEST}\` does not name \`${unnamed.name}\``);
  const stated = 'row_count' in manifest ? manifest.row_count : null;
  if (typeof stated === 'number' && rows !== null && stated !== rows)
    throw new PartsProblem(`\`${MANIFEST}\` says ${stated} rows, and the export ${rows}`);
  return rows ?? (typeof stated === 'number' && Number.isSafeInteger(stated) ? stated : null);
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap((each) => textsIn(each)) : [];
}
