// One page a mart, made from its contract: what it answers, what a row is, what each column means, what holds, how to ask it.
import type { Contract, ContractColumn } from '../model/contract.js';
import { cellText, page, table } from './markdown.js';

export interface Mart {
  readonly table: string;
  readonly contract: Contract;
}

/** Markdown by its path below `docs/`, the index included. */
export function martPages(marts: readonly Mart[]): ReadonlyMap<string, string> {
  const sorted = [...marts].sort((a, b) => (a.table < b.table ? -1 : 1));
  return new Map([
    ['marts/README.md', indexPage(sorted)],
    ...sorted.map((mart): [string, string] => [`marts/${mart.table}.md`, martPage(mart)]),
  ]);
}

/** A query that works on the published snapshot: the months of a mart of money by its first dimension, else its first rows. */
export function exampleQuery({ table, contract }: Mart): string {
  const amount = contract.columns.find((column) => column.name === 'amount' && !column.nullable);
  const skipped = new Set(['billing_month', 'usage_date', 'currency', 'basis', 'method_id', 'finality']);
  const dimension = contract.grain.find((name) => !skipped.has(name));
  const month = contract.columns.some((column) => column.name === 'billing_month');
  if (amount === undefined || dimension === undefined || !month) {
    const list = contract.columns.slice(0, 6).map((column) => column.name);
    return `SELECT ${list.join(', ')}\nFROM ${table}\nORDER BY ${contract.grain.join(', ')}\nLIMIT 20`;
  }
  return [
    `SELECT billing_month, ${dimension}, currency, sum(amount) AS amount`,
    `FROM ${table}`,
    `GROUP BY billing_month, ${dimension}, currency`,
    'ORDER BY billing_month DESC, amount DESC',
  ].join('\n');
}

const MADE_AT_CLOSE =
  'Made once, when [a month closes](../close.md), and published with it by the next run. Open months have no rows.';

function indexPage(marts: readonly Mart[]): string {
  return page('sql/marts/*.yaml', [
    '# Marts',
    'What people read. Each mart is a table of the published warehouse file and a set of files:',
    [
      '- `out/csv/YYYY-MM/<mart>.csv`',
      '- `out/parquet/<mart>/billing_month=YYYY-MM/data.parquet`',
      '- `out/arrow/<mart>.arrow` of some marts',
      '- `showback sql "SELECT … FROM <mart>"`',
    ].join('\n'),
    table(
      ['mart', 'answers'],
      marts.map((mart) => [`[\`${mart.table}\`](${mart.table}.md)`, cellText(mart.contract.about)]),
    ),
  ]);
}

function martPage(mart: Mart): string {
  const { contract } = mart;
  return page('sql/marts/*.yaml', [
    `# ${mart.table}`,
    contract.about,
    `One row is one ${contract.grain.map((name) => `\`${name}\``).join(' × ')}.`,
    ...(contract.made === 'close' ? [MADE_AT_CLOSE] : []),
    '## Columns',
    table(['column', 'type', 'meaning'], contract.columns.map(columnCells)),
    '## What holds of every published row',
    [
      `- ${contract.grain.map((name) => `\`${name}\``).join(', ')} together are unique.`,
      '- Columns that are not marked *may be null* are never null.',
      ...contract.checks.map((check) => `- ${check.name}.`),
    ].join('\n'),
    '## Ask it',
    `\`\`\`sh\nshowback sql "${exampleQuery(mart)}"\n\`\`\``,
    '[All marts](README.md)',
  ]);
}

function columnCells({ name, type, nullable, about }: ContractColumn): readonly string[] {
  return [`\`${name}\``, `\`${type}\``, `${cellText(about)}${nullable ? ' *(may be null)*' : ''}`];
}
