// What a run may publish although something of it is open.
import { z } from 'zod';
import { amount, day, provider, share, text } from './fields.js';

const tolerance = z.strictObject({
  provider: text.default('*').describe('Provider, or a pattern such as `azure-*`; the first entry that names it counts.'),
  amount: amount.describe('What may stay unexplained of a month of its bill, in the reporting currency.'),
  ratio: share.describe('Its share of what was billed, such as "0.005". Both must hold.'),
  on_breach: z.enum(['stop', 'warn']).default('stop').describe('stop: exit 3, nothing is published.'),
});

const close = z
  .strictObject({
    coverage: share.optional().describe('Least coverage that a month must have, such as "0.9".'),
    unallocated: share.optional().describe('Largest share of a month that may stand on (unallocated), such as "0.02".'),
    two_people: z.boolean().default(false).describe('Who prepares a close and who approves it must be two.'),
  })
  .prefault({})
  .describe('What a month must be before `showback close` takes it. Bills, prices and controls are always looked at.');

export const limits = {
  close,
  accept_unpriced: z
    .array(z.strictObject({ provider, sku: text, reason: text, expires_on: day }))
    .default([])
    .describe('Unpriced usage that may be published until a date; such a month cannot close.'),
  variance: z
    .array(tolerance)
    .default([])
    .describe('How much of a bill may stay unexplained, unquantified or unmapped. Left out: no limit.'),
};
