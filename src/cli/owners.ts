// The statement by owner, from the warehouse file of a run. Sums are the engine's; everything arrives as text.
import { OWNER_ROLES, type OwnerRole } from '../pipeline/pipeline.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Row } from '../warehouse/warehouse.js';

export interface OwnedFeature {
  readonly featureId: string;
  readonly amount: string;
}

/** What somebody answers for, the dearest feature first. */
export interface OwnedCost {
  readonly owner: string;
  readonly amount: string;
  /** Percent of the month, one decimal; empty where the month sums to nothing. */
  readonly share: string;
  readonly features: readonly OwnedFeature[];
}

/** Who answers for what by one role, in one currency. */
export interface OwnerStatement {
  readonly role: OwnerRole;
  readonly currency: string;
  /** Of the month, whoever is asked for. */
  readonly total: string;
  readonly owners: readonly OwnedCost[];
}

export interface OwnerMonth {
  readonly month: string;
  readonly statements: readonly OwnerStatement[];
  /** Months that are published, and owners of this one: what a caller may have meant. */
  readonly months: readonly string[];
  readonly names: readonly string[];
}

export interface OwnersAsked {
  /** Null: the last that is published. */
  readonly month: string | null;
  /** Null: every role. */
  readonly role: OwnerRole | null;
  /** Null: everybody. */
  readonly owner: string | null;
}

/** Null where the run is of a version that made no statement by owner. */
export async function readOwners(path: string, { month, role, owner }: OwnersAsked): Promise<OwnerMonth | null> {
  await using warehouse = await openDuckDb({ path, readOnly: true, threads: 1 });
  const tables = await warehouse.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'");
  if (!tables.some((row) => row['table_name'] === 'showback_owner_month')) return null;
  const published = await warehouse.rows('SELECT DISTINCT billing_month FROM marts.showback_owner_month ORDER BY 1');
  const months = published.map((row) => text(row, 'billing_month'));
  const asked = month ?? months.at(-1) ?? '';
  const rows = await warehouse.rows(OWNERS, [asked]);
  const wanted = rows.filter((row) => (role === null || row['role'] === role) && (owner === null || row['owner'] === owner));
  const statements = OWNER_ROLES.flatMap((each) => {
    const ofRole = wanted.filter((row) => row['role'] === each);
    return distinct(ofRole, 'currency').map((currency) =>
      statementOf(
        each,
        currency,
        ofRole.filter((row) => row['currency'] === currency),
      ),
    );
  });
  return { month: asked, statements, months, names: distinct(rows, 'owner') };
}

/** The dearest owner first; what is nobody's last. */
const OWNERS = `
  WITH owned AS (
    SELECT role, currency, owner, feature_id, sum(statement_amount) AS amount FROM marts.showback_owner_month
    WHERE billing_month = $1 GROUP BY role, currency, owner, feature_id
  ), summed AS (
    SELECT *, sum(amount) OVER (PARTITION BY role, currency) AS total, sum(amount) OVER (PARTITION BY role, currency, owner) AS in_all FROM owned
  )
  SELECT role, currency, owner, feature_id, CAST(amount AS DECIMAL(38,4)) AS amount, CAST(in_all AS DECIMAL(38,4)) AS in_all,
         CAST(total AS DECIMAL(38,4)) AS total, CASE WHEN total <> 0 THEN CAST(CAST(in_all AS DECIMAL(30,4)) * 100 / total AS DECIMAL(18,1)) END AS share
  FROM summed
  ORDER BY role, currency, owner = '(nobody)', summed.in_all DESC, owner, summed.amount DESC, feature_id`;

function statementOf(role: OwnerRole, currency: string, rows: readonly Row[]): OwnerStatement {
  const owners = distinct(rows, 'owner').map((owner): OwnedCost => {
    const own = rows.filter((row) => row['owner'] === owner);
    const [first = {}] = own;
    const features = own.map((row) => ({ featureId: text(row, 'feature_id'), amount: text(row, 'amount') }));
    return { owner, amount: text(first, 'in_all'), share: text(first, 'share'), features };
  });
  const [first = {}] = rows;
  return { role, currency, total: text(first, 'total'), owners };
}

function distinct(rows: readonly Row[], name: string): readonly string[] {
  return [...new Set(rows.map((row) => text(row, name)))];
}

function text(row: Row, name: string): string {
  return row[name] ?? '';
}
