// Bills of a random company: credits, taxes, corrections, charges of a moment and of a year, buckets told twice, more digits than the ledger keeps.
import type { Dice } from './random-dice.js';
import type { TableRow, Tables } from './random-company.js';

/** What a bill asks for a register entry, in the currency of that. */
export interface Purchase {
  readonly amount: string;
  readonly currency: string;
}

export function randomBills(dice: Dice, purchase: Purchase | null): Tables {
  return {
    'raw.focus_line': focusLines(dice, purchase),
    'raw.openai_cost': openaiLines(dice),
    'raw.anthropic_cost': anthropicLines(dice),
    'raw.invoice_line': invoiceLines(dice),
  };
}

function list(count: number, make: (at: number) => TableRow): readonly TableRow[] {
  return Array.from({ length: count }, (_, at) => ({ file: 'f', row: String(at + 1), ...make(at) }));
}

/** An amount as text: mostly small, sometimes large, negative, zero, or finer than 10^-12. */
function amount(dice: Dice): string {
  const sign = dice.below(4) === 0 ? '-' : '';
  const whole = dice.of([0, dice.below(50), dice.below(9_000), dice.below(2_000_000_000)]);
  const fraction = dice.of(['', '.5', `.${dice.below(1_000_000)}`, `.${'0'.repeat(9)}${dice.below(1_000_000)}5`]);
  return `${sign}${whole}${fraction}`;
}

const PERIODS = [
  ['2026-07-01', '2026-08-01'],
  ['2026-07-15', '2026-08-15'],
  ['2026-08-01', '2026-09-01'],
  ['2026-06-01', '2026-07-01'],
] as const;

function focusLines(dice: Dice, purchase: Purchase | null): readonly TableRow[] {
  const lines = list(30 + dice.below(30), () => focusLine(dice));
  if (purchase === null) return lines;
  const paid = { ...focusLine(dice), billed_cost: purchase.amount, effective_cost: amount(dice), charge_category: 'Purchase' };
  const where = {
    billing_period_start: '2026-07-01T00:00:00Z',
    billing_period_end: '2026-08-01T00:00:00Z',
    billing_currency: purchase.currency,
    invoice_id: 'I-9',
  };
  return [...lines, { ...paid, ...where, file: 'f', row: String(lines.length + 1), charge_description: 'Rack 7' }];
}

function focusLine(dice: Dice): TableRow {
  const [start, end] = dice.of(PERIODS);
  const day = (at: number): string => `${start.slice(0, 8)}${String(at).padStart(2, '0')}`;
  const first = 16 + dice.below(10);
  const [from, to] = dice.of([
    [`${day(first)}T00:00:00Z`, `${day(first + 1)}T00:00:00Z`],
    [`${day(first)}T05:06:07Z`, `${day(first + 4)}T08:09:10Z`],
    [`${day(first)}T05:06:07Z`, `${day(first)}T05:06:07Z`],
    [`${day(first)}T05:06:07.1Z`, `${day(first)}T05:06:07.9Z`],
    [`${start}T00:00:00Z`, '2027-09-01T00:00:00Z'],
  ]);
  // An invoice stands in one currency.
  const currency = dice.of(['USD', 'USD', 'EUR', 'JPY']);
  return {
    source_id: 'aws',
    billed_cost: amount(dice),
    effective_cost: amount(dice),
    billing_currency: currency,
    billing_period_start: `${start}T00:00:00Z`,
    billing_period_end: `${end}T00:00:00Z`,
    charge_period_start: from,
    charge_period_end: to,
    billing_account_id: 'a-1',
    sub_account_id: dice.of(['proj-1', 'proj-2', null]),
    charge_category: dice.of(['Usage', 'Usage', 'Usage', 'Tax', 'Credit', 'Adjustment', 'Purchase']),
    charge_description: 'x',
    commitment_discount_status: dice.of([null, null, 'Used', 'Unused']),
    invoice_id: dice.of([null, `I-${currency}-1`, `I-${currency}-2`]),
    service_name: dice.of(['Bedrock', 'S3', 'Support', null]),
    sku_meter: dice.of(['GPU hours', 'Storage', null]),
    resource_id: dice.of(['key-1', null]),
    tags: dice.of([null, '{"feature":"chat"}', '{"feature":"serach"}', '{"feature":"gateway"}', 'not json']),
    allocated_resource_id: dice.of([null, null, 'key-1', 'pod-1']),
    allocated_tags: dice.of([null, null, '{"feature":"chat"}', '{"app":"x"}', 'not json']),
  };
}

function openaiLines(dice: Dice): readonly TableRow[] {
  return list(20 + dice.below(20), () => {
    const start = Date.UTC(2026, 6, 10 + dice.below(40)) / 1_000;
    const empty = dice.below(6) === 0;
    return {
      source_id: 'openai',
      delivery: String(1 + dice.below(2)),
      bucket_start: String(start),
      bucket_end: String(start + 86_400),
      empty_bucket: String(empty),
      amount: empty ? null : amount(dice),
      currency: 'usd',
      line_item: dice.of(['gpt, input', 'gpt, output', 'support', null]),
      project_id: dice.of(['proj-1', 'proj-3', null]),
    };
  });
}

function anthropicLines(dice: Dice): readonly TableRow[] {
  return list(10 + dice.below(10), () => {
    const day = new Date(Date.UTC(2026, 6, 10 + dice.below(40))).toISOString();
    return {
      source_id: 'anthropic',
      delivery: '1',
      bucket_start: day,
      bucket_end: new Date(Date.parse(day) + 86_400_000).toISOString(),
      empty_bucket: 'false',
      amount: amount(dice),
      currency: 'USD',
      description: 'Claude',
      cost_type: 'tokens',
      token_type: dice.of(['uncached_input_tokens', 'output_tokens']),
      model: 'claude',
      workspace_id: dice.of(['proj-1', null]),
    };
  });
}

function invoiceLines(dice: Dice): readonly TableRow[] {
  return list(6 + dice.below(8), (at) => {
    const [period_start, period_end] = dice.of([
      ['2026-07-01', '2026-07-31'],
      ['2026-07-15', '2026-08-14'],
    ]);
    return {
      source_id: 'invoices',
      invoice_id: `P-${at % 2}`,
      period_start,
      period_end,
      item: dice.of(['Reads', 'Storage', null]),
      category: dice.of([null, 'Usage', 'Tax', 'Credit']),
      quantity: dice.of([null, '12.5']),
      amount: amount(dice),
      currency: at % 2 === 0 ? 'EUR' : 'KWD',
    };
  });
}
