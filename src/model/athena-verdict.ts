// A table of Athena is held to its contract by one query; only where that finds something are the rows asked for that tell it.
import type { Row } from '../warehouse/warehouse.js';
import type { Model } from './catalog.js';
import type { Held } from './contract.js';
import { type Verdict, type Verified, verdictOn } from './verify.js';

/** Answers a text of the models' SQL. */
export type Ask = (what: string, select: string) => Promise<readonly Row[]>;

export async function athenaVerdict(model: Model, held: Held, ask: Ask): Promise<Verdict> {
  const [facts = {}] = await ask('verify', factsSelect(model, held));
  const { rows = '0', ...faults } = facts;
  const isWhole = Object.values(faults).every((count) => count === '0');
  if (isWhole) return { breaches: [], rows: held === 'rows' ? Number(rows) : null };
  return verdictOn(asking(model, ask), model, held);
}

/** How many rows there are, and of each promise how many break it. */
function factsSelect(model: Model, held: Held): string {
  const { columns, grain, checks } = model.contract;
  const counted = (select: string): string => `(SELECT count(*) FROM (${select}) AS offending)`;
  const nulls = columns.filter(({ nullable }) => !nullable).map(({ name }, at) => `count(*) - count("${name}") AS null_${at}`);
  const keys = grain.map((name) => `"${name}"`).join(', ');
  const doubled =
    grain.length === 0
      ? []
      : [`${counted(`SELECT count(*) AS times FROM ${model.name} GROUP BY ${keys} HAVING count(*) > 1`)} AS doubled`];
  const broken = checks.map(({ select }, at) => `${counted(select)} AS check_${at}`);
  if (held !== 'rows') return `SELECT ${broken.join(', ')}`;
  return `SELECT ${['count(*) AS "rows"', ...nulls, ...doubled, ...broken].join(', ')} FROM ${model.name}`;
}

/** What the verification asks of a warehouse. Columns are those of the contract: the table was made of them. */
function asking(model: Model, ask: Ask): Verified {
  return {
    withoutHash: true,
    rows: async (select) => ask('verify', select),
    describe: async () => model.contract.columns.map(({ name, type }) => ({ name, type })),
  };
}
