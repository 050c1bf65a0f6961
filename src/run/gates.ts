// What keeps a month from being closed, as problems that a person can act on.
import type { Problem } from '../kernel/failure.js';
import { firstDay, type Month } from '../kernel/period.js';
import type { ModelEngine } from '../model/engine.js';
import type { Row } from '../warehouse/warehouse.js';

/** The open gates of the month. */
export async function openGates(engine: ModelEngine, month: Month): Promise<readonly Problem[]> {
  const rows = await engine.rows(
    `SELECT gate, scope, currency, wanted, actual FROM reconciliation.close_gate
     WHERE is_open AND billing_month = CAST($1 AS DATE) ORDER BY gate, scope, currency`,
    [firstDay(month)],
  );
  return rows.map((row) => problemOf(row, month));
}

function problemOf(row: Row, month: Month): Problem {
  return billProblem(row, month) ?? limitProblem(row, month);
}

function billProblem({ gate, scope, actual }: Row, month: Month): Problem | null {
  switch (gate) {
    case 'bill-missing':
      return {
        code: 'close/bill-missing',
        message: `source \`${scope ?? ''}\` has no bill of ${month}`,
        remedy:
          'bring the bill and run again; where there is none, attest that in invoices.csv: a row of this provider and month with a total of 0',
      };
    case 'bill-provisional':
      return {
        code: 'close/bill-provisional',
        message: `${plain(actual)} lines of \`${scope ?? ''}\` are provisional in ${month}`,
        remedy:
          'wait for the final bill, or attest its invoice in invoices.csv (provider, invoice_id, billing_month, total, currency), then run again',
      };
    case 'days-to-come':
      return {
        code: 'close/days-to-come',
        message: `${plain(actual)} charges of \`${scope ?? ''}\` in ${month} last beyond the day through which evidence counts`,
        remedy:
          'run as of the last day of these charges or later, look at the figures, then close: their shares are not known before',
      };
    default:
      return null;
  }
}

function limitProblem({ gate, scope, currency, wanted, actual }: Row, month: Month): Problem {
  switch (gate) {
    case 'unpriced':
      return {
        code: 'close/unpriced',
        message: `${scope ?? ''} has no price in ${month} (${plain(actual)} units)`,
        remedy: 'add the price to a book and run again; an acceptance (`accept_unpriced`) lets a month be published, not closed',
      };
    case 'coverage':
      return {
        code: 'close/coverage',
        message: `coverage of ${month} is ${plain(actual)} in ${currency ?? ''}, less than ${plain(wanted)}`,
        remedy: 'see coverage_month and unallocated_month: tag or map what is not covered, or lower `close.coverage`',
      };
    case 'unallocated':
      return {
        code: 'close/unallocated',
        message: `${plain(actual)} of the cost of ${month} in ${currency ?? ''} is (unallocated), more than ${plain(wanted)}`,
        remedy: 'see unallocated_month: write rules or tags for it, or raise `close.unallocated`',
      };
    default:
      throw new Error(`no gate ${gate ?? ''}`);
  }
}

/** Without zeros that say nothing. */
function plain(amount: string | null | undefined): string {
  return (amount ?? '').replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}
