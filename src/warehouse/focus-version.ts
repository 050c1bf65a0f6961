// Which version of FOCUS a file is: as declared, else told from its columns, and refused where they fit no version that is read.
import type { Listener } from '../kernel/event.js';
import { FOCUS_ADDED, FOCUS_COLUMNS, FOCUS_MANDATORY } from '../kernel/bill-lines.js';
import { Failure } from '../kernel/failure.js';
import { nearest } from '../kernel/nearest.js';
import type { FocusSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';

export type FocusVersion = '1.0' | '1.2';

export function focusVersion(header: readonly string[], file: LandedFile, config: FocusSource, listener: Listener): FocusVersion {
  const names = new Set(header.map((name) => plain(name)));
  const adds = (version: keyof typeof FOCUS_ADDED) => FOCUS_ADDED[version].filter((name) => names.has(plain(name)));
  const newer = [...adds('1.3'), ...adds('1.4')];
  if (newer.length > 0)
    throw refuse(file, `has columns of a later FOCUS version (${newer.join(', ')}); 1.0 and 1.2 are read`, 'export FOCUS 1.2');
  requireColumns(header, names, file);
  if (config.version !== 'detect') return config.version;
  if (adds('1.2').length === 0 && adds('1.1').length > 0) {
    throw refuse(
      file,
      `may be FOCUS 1.1 or 1.2: it has ${adds('1.1').join(', ')}, and nothing that only 1.2 has`,
      'declare `version: "1.2"`, which reads both',
    );
  }
  const version = adds('1.2').length > 0 ? '1.2' : '1.0';
  listener({ kind: 'note', level: 'info', message: `\`${file.name}\` is read as FOCUS ${version}, told from its columns` });
  return version;
}

function requireColumns(header: readonly string[], names: ReadonlySet<string>, file: LandedFile): void {
  const missing = FOCUS_MANDATORY.filter((name) => !names.has(plain(name)));
  const twice = FOCUS_COLUMNS.filter((name) => header.filter((other) => plain(other) === plain(name)).length > 1);
  if (missing.length === 0 && twice.length === 0) return;
  if (twice.length > 0) throw refuse(file, `has ${twice.join(', ')} twice`, 'export the file again');
  const unknown = header.filter((name) => !FOCUS_COLUMNS.some((known) => plain(known) === plain(name)));
  const near = missing.flatMap((name) => {
    const other = nearest(name, unknown);
    return other === null ? [] : [`\`${other}\` should be \`${name}\``];
  });
  const remedy =
    near.length > 0 ? `did you mean: ${near.join(', ')}?` : 'export the whole FOCUS table, or correct the pattern of the source';
  throw refuse(file, `is no FOCUS file: it lacks the mandatory columns ${missing.join(', ')}`, remedy);
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
