// What a `json-costs` source may say: an API that answers in pages of JSON, declared.
import { z } from 'zod';
import { anyText, currency, daysOf, month, number, requestsPerMinute, text } from './fields.js';

/** Where in what is asked the days stand. */
const FORMATS = 'date, month, compact, timestamp, seconds or milliseconds';
const BRACES = /\{(?!(?:from|to|last)(?::(?:date|month|compact|timestamp|seconds|milliseconds))?\})[A-Za-z_][^{}"\s]*\}/;
const NO_DAYS = `has braces that mean nothing → write {from}, {to} or {last}, with a format as in {from:seconds}: ${FORMATS}`;

const asked = anyText.refine((value) => !BRACES.test(value), NO_DAYS);

const url = text
  .regex(
    /^https?:\/\/[^\s/?#@{}]+(\/[^\s?#]*)?$/,
    'is not an address → write https://host/path; what comes behind a `?` goes to `query`',
  )
  .refine((value) => !BRACES.test(value), NO_DAYS);

const path = text.regex(
  /^(?!\^)[^.\s]+(\.[^.\s]+)*$/,
  'is no path → write names with dots between them, from the root of a page, such as data.items',
);

const linePath = text.regex(
  /^(\^\.)*(?!\^)[^.\s]+(\.[^.\s]+)*$/,
  'is no path → write names with dots between them, from the line; `^.` in front leads to what holds its list',
);

const param = text.describe('Parameter of the query; of the body, where there is one.');
const more = path.optional().describe('Where a page says whether there are more: true or false.');

const page = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({ kind: z.literal('cursor'), param, next: path.describe('Where a page says where the next one is.'), more }),
    z.strictObject({
      kind: z.literal('number'),
      param,
      first: number.default(1).describe('Number of the first page.'),
      more,
      pages: path.optional().describe('Where a page says how many there are. Without it and `more`: until a page has no lines.'),
    }),
    z.strictObject({ kind: z.literal('offset'), param, more }),
    z.strictObject({
      kind: z.literal('link'),
      next: path.optional().describe('Where a page has the address of the next one. Left out: in its header `Link`.'),
    }),
  ])
  .prefault({ kind: 'none' });

const headerName = text.regex(/^[A-Za-z0-9-]+$/, 'is not the name of a header → use letters, digits and -');

const secret = z.strictObject({
  env: text
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable → name the variable that holds the key')
    .describe('Name of the environment variable that holds the key.'),
  prefix: z.string().default('').describe('What stands before the key, such as "Bearer ".'),
});

const printable = anyText.refine((value) => /^[\x20-\x7e]*$/.test(value), 'has signs that no header may have → use plain ASCII');

export const jsonPull = z
  .strictObject({
    url: url.describe('Of the API, with its path.'),
    query: z
      .record(text, z.union([asked, z.array(asked)]))
      .default({})
      .describe(
        'Parameters, with {from}, {to} and {last} for the days that are asked for. A list is sent as the name again and again.',
      ),
    body: asked.optional().describe('JSON that is posted, with the same placeholders. Left out: the answer is got.'),
    headers: z
      .record(headerName, z.union([secret, printable]))
      .default({})
      .describe('Keys stand in the environment: { env: NAME, prefix: "Bearer " }.'),
    page: page.describe('How one page leads to the next.'),
    every: z.enum(['month', 'day']).default('month').describe('How many days are asked for at a time.'),
    reach_days: daysOf(4000).optional().describe('Days back that the API tells of. Older ones stay as they were pulled.'),
    from: month.optional().describe('First month that is asked for. Left out: `start`.'),
    trailing_days: daysOf(400).default(40).describe('Days after its end that a month, or a day, is still asked for each night.'),
    lag_days: daysOf(31).default(1).describe('Whole days before today that are not asked for yet and stay estimated.'),
    requests_per_minute: requestsPerMinute,
  })
  .optional()
  .describe('Asks the API, in place of `files`.');

const columns = {
  charge_start: linePath.optional(),
  charge_end: linePath.optional(),
  period_start: linePath.optional(),
  period_end: linePath.optional(),
  item: linePath.optional(),
  description: linePath.optional(),
  category: linePath.optional(),
  quantity: linePath.optional(),
  unit: linePath.optional(),
  project: linePath.optional(),
  invoice_id: linePath.optional(),
  currency: linePath.optional(),
};

export const jsonLines = {
  records: path
    .optional()
    .describe('Path of the list of lines; lists on the way are walked through. Left out: the page is the list.'),
  map: z
    .strictObject({ ...columns, amount: linePath })
    .describe('Column → path in a line; `^.` in front leads to what holds the list of the line.'),
  constants: z
    .strictObject({
      item: anyText.optional(),
      category: anyText.optional(),
      unit: anyText.optional(),
      currency: currency.optional(),
    })
    .default({})
    .describe('Column → value where a line has none.'),
  dates: text
    .default('iso')
    .describe(
      'How times are written: iso, seconds or milliseconds since 1970, or a date-fns pattern. What names no zone is UTC.',
    ),
  ends: z
    .enum(['exclusive', 'inclusive'])
    .default('exclusive')
    .describe('`exclusive`: ends are the first moment after; `inclusive`: the last day.'),
  amount_unit: z.enum(['units', 'cents', 'micros']).default('units').describe('What amounts and the total are written in.'),
  amount_is: z
    .enum(['exact', 'double'])
    .default('exact')
    .describe(
      '`double`: the API adds up floating point numbers; those count to their 15th digit. `exact`: a number of more digits is refused.',
    ),
  total: z
    .strictObject({
      amount: path.optional().describe('Where each page has the sum of all pages.'),
      count: path.optional().describe('Where each page has the number of lines of all pages.'),
    })
    .default({})
    .describe('What the provider says that it all comes to: a control.'),
};
