// Files that people have and that no reader takes: what they are, and what to give instead.
import { noise, type Unknown, unknown } from './finding.js';
import { bare } from './usage-names.js';

interface KnownTable {
  readonly columns: readonly string[];
  readonly reason: string;
  readonly remedy: string;
}

const TABLES: readonly KnownTable[] = [
  {
    columns: ['metercategory', 'billingcurrency', 'chargetype'],
    reason: 'is an Azure cost export in its own columns',
    remedy: 'export the dataset "Cost and usage details (FOCUS)" from Azure Cost Management',
  },
  {
    columns: ['usagestarttime', 'usageendtime', 'cost', 'currency'],
    reason: 'is a Google Cloud billing export in its own columns',
    remedy: 'export its FOCUS view as CSV or Parquet',
  },
];

/** A table that is known by its columns, and read by nobody. */
export function knownTable(names: readonly string[]): Unknown | null {
  const has = new Set(names.map(bare));
  const known = TABLES.find(({ columns }) => columns.every((column) => has.has(column)));
  return known === undefined ? null : unknown(known.reason, known.remedy);
}

const TYPES: readonly (readonly [RegExp, Unknown])[] = [
  [/\.pdf$/i, unknown('is a PDF', 'get the invoice as CSV, or type its lines into one')],
  [/\.(xlsx?|ods|numbers)$/i, unknown('is a spreadsheet', 'save the sheet as CSV')],
  [/\.(zip|tar|tgz|7z|rar|bz2|xz)(\.gz)?$/i, unknown('is an archive', 'unpack it here')],
  [/\.(avro|orc|arrow|feather)$/i, unknown('is a table of a kind that is not read', 'write it as Parquet')],
  [
    /\.(md|html?|docx?|rtf|ya?ml|xml|png|jpe?g|sql|py|sh|[jt]s)$/i,
    noise('is no table', 'nothing to do, unless it holds figures: those are read as CSV'),
  ],
  [/(^|\/)\.[^/]*$/, noise('is a hidden file', 'nothing to do')],
];

export function knownType(name: string): Unknown {
  const known = TYPES.find(([pattern]) => pattern.test(name));
  if (known !== undefined) return known[1];
  return noise(
    'does not say by its extension what it is',
    'if it holds figures, name it .jsonl, .csv, .json or .parquet; .gz or .zst may follow',
  );
}
