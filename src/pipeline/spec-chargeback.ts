// Where a closed month is posted in the general ledger.
import { z } from 'zod';
import { text } from './fields.js';

const account = text.regex(
  /^[A-Za-z0-9](?:[A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$/,
  'is not an account → use letters, digits, blanks and . _ / : -, at most 64 of them, with a letter or digit at both ends',
);

export const chargeback = z
  .strictObject({
    by: z.enum(['feature', 'team']).default('feature').describe('Who a line is of: each feature, or each team and cost centre.'),
    expense_account: account.describe('Account of the lines of features and teams.'),
    expense_accounts: z
      .record(text, account)
      .default({})
      .describe('Category of features → account, where it is another than `expense_account`.'),
    clearing_account: account.describe('Account of the lines on the other side.'),
    cost_center: text.describe('Of the clearing lines, and of cost on no feature: (unallocated), (idle), (platform).'),
  })
  .optional()
  .describe('Accounts of the journal that closing a month makes. Left out: it makes none.');
