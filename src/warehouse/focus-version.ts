// Which version of FOCUS a file is: as declared, else told from its columns, and refused where it lacks what that version demands.
import type { Listener } from '../kernel/event.js';
import { FOCUS_ADDED, FOCUS_COLUMNS, FOCUS_MANDATORY_IN, FOCUS_VERSIONS, type FocusVersion } from '../kernel/bill-lines.js';
import { Failure } from '../kernel/failure.js';
import { nearest } from '../kernel/nearest.js';
import type { FocusSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';

/** A version, and the columns of the file that only it and later ones have. */
interface ToldVersion {
  readonly version: FocusVersion;
  readonly by: readonly string[];
}

export function focusVersion(header: readonly string[], file: LandedFile, config: FocusSource, listener: Listener): FocusVersion {
  const names = new Set(header.map((name) => plain(name)));
  refuseTwice(header, file);
  if (config.version !== 'detect') {
    requireColumns(header, file, { version: config.version, by: [] });
    return config.version;
  }
  const told = versionOf(names);
  requireColumns(header, file, told);
  const message = `\`${file.name}\` is read as FOCUS ${told.version}, told from its columns`;
  listener({ kind: 'note', level: 'info', message });
  return told.version;
}

/**
 * The first version that has every column of the file. A file of a later one that uses none of its columns reads the same:
 * what is read of a line is the same for all versions, so that nothing hangs on which of the two it was.
 */
function versionOf(names: ReadonlySet<string>): ToldVersion {
  const has = (all: readonly string[]) => all.filter((name) => names.has(plain(name)));
  const isWithoutOldNames = has(['ProviderName', 'PublisherName']).length === 0;
  const newNames = has(['HostProviderName', 'ServiceProviderName']);
  if (isWithoutOldNames && newNames.length > 0) return { version: '1.4', by: newNames };
  for (const version of ['1.4', '1.3', '1.2', '1.1'] as const) {
    const by = has(FOCUS_ADDED[version]);
    if (by.length > 0) return { version, by };
  }
  return { version: '1.0', by: [] };
}

/** Versions before 1.3 have the same mandatory columns, so that none of them is to be named where one is missed. */
function nameOf({ version, by }: ToldVersion): string {
  if (FOCUS_MANDATORY_IN[version] === FOCUS_MANDATORY_IN['1.0']) return 'FOCUS file';
  const told = by.length === 0 ? '' : `, as ${by.join(', ')} tell${by.length === 1 ? 's' : ''}`;
  return `FOCUS ${version} file${told}`;
}

function missingIn(version: FocusVersion, names: ReadonlySet<string>): readonly string[] {
  return FOCUS_MANDATORY_IN[version].filter((name) => !names.has(plain(name)));
}

/** Another version, declared, has all that it demands. */
function remedyFor(names: ReadonlySet<string>): string {
  const fits = FOCUS_VERSIONS.filter((version) => missingIn(version, names).length === 0);
  const told = versionOf(names).version;
  const better = fits.includes(told) ? told : fits.at(-1);
  if (better === undefined) return 'export the whole FOCUS table, or correct the pattern of the source';
  return `declare \`version: "${better}"\`, whose mandatory columns it has`;
}

function refuseTwice(header: readonly string[], file: LandedFile): void {
  const twice = FOCUS_COLUMNS.filter((name) => header.filter((other) => plain(other) === plain(name)).length > 1);
  if (twice.length > 0) throw refuse(file, `has ${twice.join(', ')} twice`, 'export the file again');
}

function requireColumns(header: readonly string[], file: LandedFile, told: ToldVersion): void {
  const names = new Set(header.map((name) => plain(name)));
  const missing = missingIn(told.version, names);
  if (missing.length === 0) return;
  const unknown = header.filter((name) => !FOCUS_COLUMNS.some((known) => plain(known) === plain(name)));
  const near = missing.flatMap((name) => {
    const other = nearest(name, unknown);
    return other === null ? [] : [`\`${other}\` should be \`${name}\``];
  });
  const what = `is no ${nameOf(told)}: it lacks the mandatory columns ${missing.join(', ')}`;
  throw refuse(file, what, near.length > 0 ? `did you mean: ${near.join(', ')}?` : remedyFor(names));
}

/** Exports write `BilledCost`, warehouses that they pass through `billed_cost`. */
export function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function refuse(file: LandedFile, what: string, remedy: string): Failure {
  return new Failure('user', [
    { code: 'focus/version', message: `\`${file.name}\` ${what}`, remedy, place: { file: file.name, line: 1 } },
  ]);
}
