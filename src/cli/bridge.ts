// The variance bridge of a published month, from the warehouse file of its run. Sums are the engine's; everything arrives as text.
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';

export interface CauseSum {
  readonly cause: string;
  readonly amount: string;
  /** Length of its bar, 0 to 24: its size beside the largest figure of the bill. */
  readonly bar: number;
}

export interface CauseRow {
  readonly cause: string;
  readonly sku: string;
  readonly meter: string;
  readonly amount: string;
  readonly billedQuantity: string | null;
  readonly loggedQuantity: string | null;
  readonly unitPrice: string | null;
  readonly usedPrice: string | null;
  readonly pricePlace: string | null;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly lines: string;
  readonly firstLine: string | null;
  readonly lastLine: string | null;
  readonly explanation: string;
}

/** Billed − rated of one provider's month, in one currency. */
export interface Bridge {
  readonly provider: string;
  readonly currency: string;
  readonly rated: string;
  readonly billed: string;
  readonly causes: readonly CauseSum[];
  readonly open: string;
  readonly tolerance: string | null;
  readonly finding: string;
  /** Every cause by sku and meter, the largest first. */
  readonly rows: readonly CauseRow[];
}

export interface BridgeMonth {
  readonly month: string;
  readonly bridges: readonly Bridge[];
  /** Months that are published, and providers of this one: what a caller may have meant. */
  readonly months: readonly string[];
  readonly providers: readonly string[];
}

/** `month` null: the last that is published. `provider` null: all. Null where the run is of a version that had no bridge. */
export async function readBridges(path: string, month: string | null, provider: string | null): Promise<BridgeMonth | null> {
  await using warehouse = await openDuckDb({ path, readOnly: true, threads: 1 });
  const tables = await warehouse.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'");
  if (!tables.some((row) => row['table_name'] === 'variance_month')) return null;
  const months = (await warehouse.rows('SELECT DISTINCT billing_month FROM marts.variance_month ORDER BY 1')).map((row) =>
    text(row, 'billing_month'),
  );
  const asked = month ?? months.at(-1) ?? '';
  const totals = await warehouse.rows(TOTALS, [asked]);
  const wanted = totals.filter((row) => provider === null || row['provider'] === provider);
  const bridges: Bridge[] = [];
  for (const total of wanted) bridges.push(await bridgeOf(warehouse, asked, total));
  return { month: asked, bridges, months, providers: [...new Set(totals.map((row) => text(row, 'provider')))] };
}

const TOTALS = `
  SELECT provider, currency, rated_amount, billed_amount, open_amount, tolerance, finding
  FROM marts.variance_month WHERE billing_month = $1 ORDER BY abs(billed_amount) DESC, provider, currency`;

const CAUSES = `
  WITH cause AS (
    SELECT cause, sum(amount) AS amount FROM marts.variance_bridge_month
    WHERE billing_month = $1 AND provider = $2 AND currency = $3 AND amount <> 0 GROUP BY cause HAVING sum(amount) <> 0
  ), largest AS (
    SELECT greatest(max(abs(amount)), abs(CAST($4 AS DECIMAL(38,12))), abs(CAST($5 AS DECIMAL(38,12)))) AS amount FROM cause
  )
  SELECT c.cause, CAST(c.amount AS DECIMAL(38,12)) AS amount, CAST(ceil(24 * abs(c.amount) / l.amount) AS INTEGER) AS bar
  FROM cause AS c CROSS JOIN largest AS l ORDER BY abs(c.amount) DESC, c.cause`;

const ROWS = `
  SELECT * FROM marts.variance_bridge_month
  WHERE billing_month = $1 AND provider = $2 AND currency = $3 AND cause <> 'agrees' ORDER BY abs(amount) DESC, cause, sku, meter`;

async function bridgeOf(warehouse: Warehouse, month: string, total: Row): Promise<Bridge> {
  const [provider, currency] = [text(total, 'provider'), text(total, 'currency')];
  const [rated, billed] = [text(total, 'rated_amount'), text(total, 'billed_amount')];
  const causes = await warehouse.rows(CAUSES, [month, provider, currency, rated, billed]);
  const rows = await warehouse.rows(ROWS, [month, provider, currency]);
  return {
    provider,
    currency,
    rated,
    billed,
    causes: causes.map((row) => ({ cause: text(row, 'cause'), amount: text(row, 'amount'), bar: Number(text(row, 'bar')) })),
    open: text(total, 'open_amount'),
    tolerance: total['tolerance'] ?? null,
    finding: text(total, 'finding'),
    rows: rows.map(causeRow),
  };
}

function causeRow(row: Row): CauseRow {
  return {
    cause: text(row, 'cause'),
    sku: text(row, 'sku'),
    meter: text(row, 'meter'),
    amount: text(row, 'amount'),
    billedQuantity: row['billed_quantity'] ?? null,
    loggedQuantity: row['logged_quantity'] ?? null,
    unitPrice: row['unit_price'] ?? null,
    usedPrice: row['used_price'] ?? null,
    pricePlace: row['used_price_place'] ?? row['price_place'] ?? null,
    firstDay: text(row, 'first_day'),
    lastDay: text(row, 'last_day'),
    lines: text(row, 'lines'),
    firstLine: row['first_line'] ?? null,
    lastLine: row['last_line'] ?? null,
    explanation: text(row, 'explanation'),
  };
}

function text(row: Row, name: string): string {
  return row[name] ?? '';
}
