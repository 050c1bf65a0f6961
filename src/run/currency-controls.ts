// What a failing control of currencies shows, and what a person does about it.

export interface ControlEvidence {
  readonly sql: string;
  /** Columns of the control that are its parameters. */
  readonly by: readonly string[];
}

export const CURRENCY_EVIDENCE: Readonly<Record<string, ControlEvidence>> = {
  exchange_rate: {
    sql: `SELECT needed_by, amounts, first_place, month_text(rate_month) || ',' || from_currency || ',' || to_currency || ',<rate>,<source>' AS row_to_add
      FROM reconciliation.rate_need
      WHERE is_missing AND from_currency || ' to ' || to_currency || ' of ' || month_text(rate_month) = $1 AND billing_month = CAST($2 AS DATE)
      ORDER BY needed_by`,
    by: ['scope', 'month'],
  },
  invoice_currency: {
    sql: `SELECT currency, count(*) AS lines, min(file) AS file, min("row") AS first_row FROM staging.bill_line
      WHERE fate = 'loaded' AND source_id || ' ' || invoice_id = $1 GROUP BY currency ORDER BY currency`,
    by: ['scope'],
  },
};

export const CURRENCY_REMEDY: Readonly<Record<string, string>> = {
  exchange_rate:
    "add the row to a file of `registry.fx` with the month's rate and where it comes from; a row of the other direction is not turned round, and two rows are not chained",
  invoice_currency: 'an invoice is asked for in one currency: split it, or correct the currency of its lines',
};
