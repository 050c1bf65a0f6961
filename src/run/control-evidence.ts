// What people are told of a control that fails: the rows that made it, and what to do.
import { type ControlEvidence, CURRENCY_EVIDENCE, CURRENCY_REMEDY } from './currency-controls.js';

/** Rows that made a control fail: nothing is published, so they stand nowhere else. */
export const CONTROL_EVIDENCE: Readonly<Record<string, ControlEvidence>> = {
  ...CURRENCY_EVIDENCE,
  bill_rejected: {
    sql: 'SELECT file, "row", reason FROM staging.rejected_record WHERE source_id = $1 ORDER BY file, "row" LIMIT 20',
    by: ['scope'],
  },
  rule_matches: {
    sql: 'SELECT place, matched_lines, taken_by, service FROM reconciliation.rule_reach WHERE pool_id = $1',
    by: ['scope'],
  },
  variance: {
    sql: `SELECT sku, meter, cause, amount, first_line FROM reconciliation.bridge_month
      WHERE provider = $1 AND billing_month = CAST($2 AS DATE) AND currency = $3 AND cause IN ('unexplained', 'unquantified', 'unmapped') AND amount <> 0
      ORDER BY abs(amount) DESC, sku, meter, cause LIMIT 20`,
    by: ['scope', 'month', 'currency'],
  },
};

/** What a person does about a failing control. */
export const CONTROL_REMEDY: Readonly<Record<string, string>> = {
  ...CURRENCY_REMEDY,
  unpriced: 'add a price to a book, or name the sku under accept_unpriced with a reason and an expiry',
  bill_rejected: 'mend the lines of the bill, or its column map: a bill with a line that nobody can read is no bill',
  one_organization: 'declare one source for each organization: a later dump of a day replaces the whole day',
  invoice_once: 'keep one file of this invoice: the same invoice lies in several',
  printed_total: 'the lines of this bill do not sum to the total it prints: look for lines that were cut or counted twice',
  usage_read:
    'records of this log are neither counted nor rejected: run with --force, which reads every day again and keeps no earlier sums',
  stated_count:
    'the provider says that there are more or fewer lines than came: pull them again, and look at `page` and `records`',
  row_count: 'the file holds another number of rows than its manifest says: deliver it again',
  invoice_total: 'the bill in hand is not the invoice that invoices.csv attests: correct one of them',
  closed_register:
    'date the change of this register entry into the first open month, or reopen the closed one: it was closed with the other amount',
  capitalised:
    'the charges that match this register entry do not sum to its cost, or are in another currency than the entry: correct `bill`, `cost` or `currency`',
  rule_matches:
    'no charge came to this rule since the books begin: correct its match, put it before the rule that takes its charges, or say `on_no_match: warn`',
  variance:
    'more of this bill stays unexplained than `variance` tolerates: see which skus in the rows above, map their words, log or price what is missing, or raise the tolerance',
  recurring_not_billed: 'the bill already bears this cost: remove the entry, or its `bill`',
};
