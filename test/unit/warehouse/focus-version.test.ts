// Bills of every FOCUS version: told apart by their columns, read to the last digit as CSV and as Parquet, refused where they fit none.
import { describe, expect, test } from 'vitest';
import {
  FOCUS_ADDED,
  FOCUS_COLUMNS,
  FOCUS_MANDATORY_IN,
  FOCUS_VERSIONS,
  type FocusVersion,
} from '../../../src/kernel/bill-lines.js';
import type { FocusSource } from '../../../src/pipeline/pipeline.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';
import { plain } from '../../../src/warehouse/focus-version.js';
import { BILL, Company } from '../../contract/company.js';

const FOCUS: FocusSource = { ...BILL, kind: 'focus', layout: { kind: 'files', files: ['in/*'] }, version: 'detect' };

/** Three charges of a bill: 0.1 + 12.345678901234 − 2.3 = 10.145678901234 billed, 0.000000000001 + 10 + 0 effective. */
const COSTS = [
  ['0.1', '1e-12'],
  ['12.345678901234', '10'],
  ['-2.3', '0'],
] as const;
const BILLED = '10.145678901234';
const EFFECTIVE = '10.000000000001';

type Line = Readonly<Record<string, string>>;

/** What a whole export of a version has: its mandatory columns, and all that it and the ones before it added. */
function columnsOf(version: FocusVersion): readonly string[] {
  const upTo = FOCUS_VERSIONS.slice(1, FOCUS_VERSIONS.indexOf(version) + 1);
  const added = upTo.flatMap((each) => (each === '1.0' ? [] : FOCUS_ADDED[each]));
  return [...new Set([...FOCUS_MANDATORY_IN[version], ...added])];
}

function linesOf(columns: readonly string[]): readonly Line[] {
  return COSTS.map(([billed, effective]) => Object.fromEntries(columns.map((name) => [name, cellOf(name, billed, effective)])));
}

function cellOf(name: string, billed: string, effective: string): string {
  if (plain(name) === 'billedcost') return billed;
  return plain(name) === 'effectivecost' ? effective : `${name} value`;
}

function csvOf(lines: readonly Line[]): string {
  return [Object.keys(lines[0] ?? {}), ...lines.map((line) => Object.values(line))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');
}

function csv(columns: readonly string[]): string {
  return csvOf(linesOf(columns));
}

/** The file as CSV, or as the Parquet that the engine makes of it. */
async function companyWith(format: string, columns: readonly string[]): Promise<Company> {
  const company = await Company.make({ [format === 'csv' ? 'in/a.csv' : 'from/a.csv']: csv(columns), 'in/.keep': '' });
  if (format === 'csv') return company;
  await using engine = await openDuckDb({ threads: 1 });
  const from = `read_csv('${company.path('from/a.csv')}', all_varchar=true)`;
  const typed = `* REPLACE (CAST(BilledCost AS DECIMAL(20,12)) AS BilledCost)`;
  await engine.run(`COPY (SELECT ${typed} FROM ${from}) TO '${company.path('in/a.parquet')}' (FORMAT parquet)`);
  return company;
}

describe.each(['csv', 'parquet'])('a whole FOCUS file as %s', (format) => {
  test.each(FOCUS_VERSIONS)('of version %s is told from its columns and has its sums', async (version) => {
    await using company = await companyWith(format, columnsOf(version));
    const source = { ...FOCUS, layout: { kind: 'files', files: [`in/*.${format}`] } } as const;
    const sums = `SELECT min(version) AS version, count(*) AS lines, count(reject) AS rejected,
      sum(CAST(billed_cost AS DECIMAL(38,24))) = ${BILLED} AS billed, sum(CAST(effective_cost AS DECIMAL(38,24))) = ${EFFECTIVE} AS effective
      FROM raw.focus_line`;
    const told = { lines: '3', rejected: '0', billed: 'true', effective: 'true' };
    expect(await company.ask([source], sums)).toEqual([{ ...told, version }]);
    expect(company.notes).toEqual([`\`in/a.${format}\` is read as FOCUS ${version}, told from its columns`]);
    expect(await company.ask([{ ...source, version }], sums)).toEqual([{ ...told, version }]);
  });
});

async function versionOf(columns: readonly string[], version: FocusSource['version'] = 'detect') {
  await using company = await Company.make({ 'in/a.csv': csv(columns) });
  const rows = await company.ask(
    [{ ...FOCUS, version }],
    'SELECT DISTINCT version, provider_name AS old, service_provider_name AS new FROM raw.focus_line',
  );
  return rows[0];
}

describe('the version', () => {
  const OLD = 'ProviderName value';
  const NEW = 'ServiceProviderName value';

  test.each<readonly [string, readonly string[], object]>([
    [
      '1.1 where a column is of 1.1 and none of 1.2',
      [...FOCUS_MANDATORY_IN['1.0'], 'SkuMeter'],
      { version: '1.1', old: OLD, new: null },
    ],
    ['1.2 where one is of 1.2', [...FOCUS_MANDATORY_IN['1.0'], 'SkuMeter', 'InvoiceId'], { version: '1.2', old: OLD, new: null }],
    ['1.3 where both pairs of names are there', FOCUS_MANDATORY_IN['1.3'], { version: '1.3', old: OLD, new: NEW }],
    ['1.4 where the old names are gone', FOCUS_MANDATORY_IN['1.4'], { version: '1.4', old: null, new: NEW }],
    [
      '1.4 where a column is of 1.4, old names or not',
      [...FOCUS_MANDATORY_IN['1.3'], 'InvoiceDetailId'],
      { version: '1.4', old: OLD, new: NEW },
    ],
    [
      'not told by columns that no version up to 1.4 has',
      [...FOCUS_MANDATORY_IN['1.0'], 'ConsumerId', 'x_AllocatedTags', 'x_InvoiceDetailId'],
      { version: '1.0', old: OLD, new: null },
    ],
    [
      'told from names as warehouses write them',
      FOCUS_MANDATORY_IN['1.4'].map((name) => name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()),
      { version: '1.4' },
    ],
  ])('is %s', async (_, columns, expected) => {
    expect(await versionOf(columns)).toMatchObject(expected);
  });

  test('is as declared where the file has what that demands, and newer columns are read all the same', async () => {
    expect(await versionOf([...FOCUS_MANDATORY_IN['1.0'], 'ServiceProviderName'], '1.2')).toEqual({
      version: '1.2',
      old: OLD,
      new: NEW,
    });
  });
});

describe('a file that fits no version is refused:', () => {
  const without = (version: FocusVersion, ...names: readonly string[]) =>
    columnsOf(version).filter((name) => !names.includes(name));

  test.each<readonly [string, readonly string[], FocusSource['version'], string, string]>([
    [
      '1.3 without a name of its own',
      without('1.3', 'HostProviderName'),
      'detect',
      'is no FOCUS 1.3 file, as AllocatedMethodDetails',
      'declare `version: "1.2"`',
    ],
    [
      '1.4 without the service provider',
      without('1.4', 'ServiceProviderName'),
      'detect',
      'is no FOCUS 1.4 file, as HostProviderName tells: it lacks the mandatory columns ServiceProviderName',
      'export the whole FOCUS table',
    ],
    [
      '1.4 without a column that may be empty',
      without('1.4', 'PricingUnit'),
      'detect',
      'lacks the mandatory columns PricingUnit',
      'export the whole FOCUS table',
    ],
    [
      '1.2 that is declared 1.4',
      columnsOf('1.2'),
      '1.4',
      'is no FOCUS 1.4 file: it lacks the mandatory columns HostProviderName, ServiceProviderName',
      'declare `version: "1.2"`, whose',
    ],
    [
      '1.4 that is declared 1.2',
      columnsOf('1.4'),
      '1.2',
      'is no FOCUS file: it lacks the mandatory columns ProviderName, PublisherName',
      'declare `version: "1.4"`, whose',
    ],
    [
      '1.4 with a name mistyped',
      columnsOf('1.4').map((name) => name.replace('ServiceProvider', 'ServiceProvdier')),
      'detect',
      'lacks the mandatory columns ServiceProviderName',
      '`ServiceProvdierName` should be `ServiceProviderName`',
    ],
    [
      '1.4 with a column of its own twice',
      [...columnsOf('1.4'), 'invoice_detail_id'],
      'detect',
      'has InvoiceDetailId twice',
      'export the file again',
    ],
  ])('%s', async (_, columns, version, message, remedy) => {
    await using company = await Company.make({ 'in/a.csv': csv(columns) });
    await expect(company.load([{ ...FOCUS, version }])).rejects.toMatchObject({
      exitCode: 2,
      problems: [
        {
          code: 'focus/version',
          message: expect.stringContaining(message),
          remedy: expect.stringContaining(remedy),
          place: { file: 'in/a.csv', line: 1 },
        },
      ],
    });
  });
});

test('every version demands only columns that are read', () => {
  for (const version of FOCUS_VERSIONS)
    expect(FOCUS_MANDATORY_IN[version].filter((name) => !FOCUS_COLUMNS.some((column) => column === name))).toEqual([]);
});

test('1.3 demands 23 columns, 1.4 the 21 that are left without the old names', () => {
  expect(FOCUS_VERSIONS.map((version) => FOCUS_MANDATORY_IN[version].length)).toEqual([21, 21, 21, 23, 21]);
});
