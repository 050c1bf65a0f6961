import { BILL, BILLED_USAGE, usage } from './company.js';
import { describeSource } from './source.suite.js';

describeSource({
  kind: 'usage',
  table: 'usage_event',
  config: (files) => usage({ files }),
  files: {
    'chat.jsonl': { records: 6, rejected: { negative_quantity: 1, malformed: 1 } },
    'tools.csv': { records: 4, rejected: { fractional_quantity: 1, malformed: 1 } },
  },
});

describeSource({
  kind: 'focus',
  table: 'focus_line',
  config: (files) => ({ ...BILL, kind: 'focus', layout: { kind: 'files', files }, version: 'detect' }),
  files: { '2026-07.csv': { records: 3, rejected: { malformed: 1 } } },
});

describeSource({
  kind: 'aws-cur',
  table: 'cur_line',
  config: (files) => ({ ...BILL, kind: 'aws-cur', layout: { kind: 'files', files } }),
  files: {
    '2026-07.csv': { records: 3, rejected: { malformed: 1 } },
    '2026-08.csv': { records: 1, rejected: {} },
  },
});

describeSource({
  kind: 'openai-costs',
  table: 'openai_cost',
  config: (files) => ({ ...BILL, kind: 'openai-costs', pull: null, files }),
  files: {
    '2026-07-01.json': { records: 5, rejected: { inexact_amount: 1 } },
    '2026-07-03.ndjson': { records: 2, rejected: {} },
  },
});

describeSource({
  kind: 'anthropic-costs',
  table: 'anthropic_cost',
  config: (files) => ({ ...BILL, kind: 'anthropic-costs', pull: null, files }),
  files: { 'week.json': { records: 4, rejected: { bad_amount: 1, missing_amount: 1 } } },
});

describeSource({
  kind: 'openai-usage',
  table: 'openai_usage',
  config: (files) => ({ ...BILLED_USAGE, kind: 'openai-usage', files }),
  files: {
    'completions.json': { records: 10, rejected: { inexact_quantity: 1 } },
    'pulled.json': { records: 6, rejected: { missing_quantity: 1, malformed: 1 } },
  },
});

describeSource({
  kind: 'anthropic-usage',
  table: 'anthropic_usage',
  config: (files) => ({ ...BILLED_USAGE, kind: 'anthropic-usage', files }),
  files: { 'week.json': { records: 10, rejected: { quantity_too_fine: 1, malformed: 1 } } },
});

describeSource({
  kind: 'invoice-csv',
  table: 'invoice_line',
  config: (files) => ({
    ...BILL,
    kind: 'invoice-csv',
    files,
    csv: {
      delimiter: ';',
      encoding: 'utf8',
      decimal: ',',
      dateFormat: 'dd.MM.yyyy',
      columns: {
        invoice_id: 'Nummer',
        period_start: 'Von',
        period_end: 'Bis',
        item: 'Position',
        quantity: 'Menge',
        amount: 'Betrag',
      },
      currency: 'EUR',
      total: { column: 'Nummer', equals: 'summe' },
    },
  }),
  files: { 'vektor.csv': { records: 4, rejected: { bad_date: 1 } } },
});

describeSource({
  kind: 'json-costs',
  table: 'invoice_line',
  config: (files) => ({
    ...BILL,
    kind: 'json-costs',
    files,
    pull: null,
    json: {
      records: 'result.days.lines',
      map: {
        charge_start: '^.from',
        charge_end: '^.until',
        item: 'what',
        amount: 'cost.cents',
        quantity: 'amount_of',
        project: 'team.id',
      },
      constants: { currency: 'USD' },
      dates: 'seconds',
      ends: 'exclusive',
      amountUnit: 'cents',
      amountIs: 'exact',
      total: { amount: 'sum_of_all', count: null },
    },
  }),
  files: {
    '2026-07.json': { records: 8, rejected: { bad_date: 1, inexact_amount: 1, malformed: 2, missing_amount: 1 } },
    'august.ndjson': { records: 1, rejected: { bad_quantity: 1 } },
  },
});
