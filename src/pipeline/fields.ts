// The scalars of the configuration files. An error text is `what is wrong → what to do`.
import { z } from 'zod';
import { FOCUS_VERSIONS } from '../kernel/bill-lines.js';
import { isDay, isMonth } from '../kernel/period.js';
import { Numeric } from './yaml-places.js';

function asWritten(value: unknown): unknown {
  return value instanceof Numeric ? value.text : value;
}

function asNumber(value: unknown): unknown {
  return value instanceof Numeric ? Number(value.text) : value;
}

/** Text that must be quoted where it looks like a number. */
export const text = z.string().min(1, 'is empty → write a text, or leave the key out');

/** Text that needs no quotes even where it looks like a number or a boolean. */
export const anyText = z
  .preprocess((value) => (typeof value === 'boolean' ? String(value) : asWritten(value)), z.string())
  .meta({ type: ['string', 'number', 'boolean'] });

function decimal(pattern: RegExp, error: string) {
  return z.preprocess(asWritten, z.string().regex(pattern, error)).meta({ type: ['string', 'number'] });
}

export const AMOUNT = /^\d{1,13}(\.\d{1,12})?$/;

/** Money, zero or more; below 10^13 and with at most 12 decimals, which is what the ledger holds exactly. */
export const amount = decimal(
  AMOUNT,
  'is not a plain amount → write digits, at most 12 decimals and no exponent, such as "36000.00"',
);

export const quantity = decimal(
  /^\d{1,12}(\.\d{1,6})?$/,
  'is not a plain quantity → write digits, at most 6 decimals and no exponent',
);

export const share = decimal(
  /^(0(\.\d{1,12})?|1(\.0{1,12})?)$/,
  'is not a share → write a decimal from "0" to "1" with at most 12 decimals, such as "0.4"; no percent sign',
);

export const horizon = z.preprocess(
  asNumber,
  z
    .int('is not a whole number of months → write 12 to 36')
    .min(12, 'is a shorter horizon than 12 months → use 12 to 36; a shorter cost is `recurring`')
    .max(36, 'is a longer horizon than 36 months → use 12 to 36'),
);

export const lookBack = z.preprocess(
  asNumber,
  z
    .int('is not a whole number of months → write 0, 1, 2, …')
    .min(0, 'is a month to come → write 0 for the month of the as-of day alone')
    .max(1200, 'is longer than any books → leave it out, and every month since `start` stays open'),
);

export const runsKept = z.preprocess(
  asNumber,
  z
    .int('is not a whole number of runs → write 3, 4, 5, …')
    .min(3, 'is too few: readers may still be in the runs before the current one → keep at least 3')
    .max(10_000, 'is more runs than any reader asks for → write at most 10000'),
);

export const daysKept = z.preprocess(
  asNumber,
  z
    .int('is not a whole number of days → write 0, 1, 2, …')
    .min(0, 'is before the delivery was replaced → write 0 to keep none of them')
    .max(36_500, 'is longer than any books → write at most 36500'),
);

/** Days of a pull, before today or after a month. */
export const daysOf = (most: number) =>
  z.preprocess(
    asNumber,
    z
      .int('is not a whole number of days → write 0, 1, 2, …')
      .min(0, 'is in the future → write 0 or more')
      .max(most, `is longer than a provider takes → write at most ${most}`),
  );

export const requestsPerMinute = z
  .preprocess(
    asNumber,
    z
      .int('is not a whole number of requests → write 1, 2, 3, …')
      .min(1, 'asks for nothing at all → write 1 or more')
      .max(60_000, 'is no limit → leave it out, or write at most 60000'),
  )
  .optional()
  .describe(
    'Most requests that the host gets in a minute, from all sources of the run; they are sent evenly. Left out: no limit.',
  );

/** A whole number that something is counted from. */
export const number = z.preprocess(
  asNumber,
  z
    .int('is not a whole number → write 0 or 1')
    .min(0, 'is less than nothing → write 0 or 1')
    .max(1, 'is no first number → write 0 or 1'),
);

/** Queries at once. */
export const atOnce = z.preprocess(
  asNumber,
  z
    .int('is not a whole number of queries → write 1 to 100')
    .min(1, 'is no query at all → write 1 to 100')
    .max(100, 'is more than any account may run → write 1 to 100'),
);

export const minutes = z.preprocess(
  asNumber,
  z
    .int('is not a whole number of minutes → write 1 to 720')
    .min(1, 'leaves no time → write 1 to 720')
    .max(720, 'is longer than a night → write 1 to 720'),
);

/** Gigabytes of 10^9 bytes. */
export const scanBudget = z.preprocess(
  asNumber,
  z
    .int('is not a whole number of gigabytes → write 1, 2, 3, …')
    .min(1, 'would stop every run → write at least 1')
    .max(1_000_000, 'is no limit → write at most 1000000, or leave it out'),
);

export const day = z
  .preprocess(asWritten, z.string().refine(isDay, 'is not a date that exists → write YYYY-MM-DD, such as 2026-07-31'))
  .meta({ format: 'date' });

export const month = z
  .preprocess(asWritten, z.string().refine(isMonth, 'is not a month → write YYYY-MM, such as 2026-07'))
  .meta({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$' });

export const CURRENCY = /^[A-Z]{3}$/;

export const currency = z
  .string()
  .regex(CURRENCY, 'is not a currency code → write three capital letters (ISO 4217), such as USD');

export const PROVIDER = /^[a-z0-9][a-z0-9._-]*$/;

export const provider = z
  .string()
  .regex(PROVIDER, 'is not a provider id → write it in lower case without blanks, as usage events carry it, such as openai');

/** An id of ours: a source, a rule, a register entry. */
export const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/, 'is not an id → use letters, digits and . _ : -, beginning with a letter or digit');

/** Ids of features come from the company's own logs, so nearly anything goes; `(…)` is kept for `(idle)` and its like. */
export const FEATURE_ID = /^(?![\s(])[^|\p{Cc}]*(?<![\s])$/u;

export const featureId = z
  .string()
  .min(1, 'is empty → name the feature')
  .regex(FEATURE_ID, 'is not a feature id → no `(` or blank at its start, no blank at its end, no `|` and no control characters');

/** Somebody who answers for cost; `(…)` is kept for `(nobody)`. */
export const ownerName = z
  .string()
  .min(1, 'is empty → write a name, or leave the role out')
  .regex(
    /^(?![\s(])\P{Cc}*(?<!\s)$/u,
    'is not a name → no `(` or blank at its start, no blank at its end and no control characters',
  );

export const version = z.preprocess(asWritten, z.enum([...FOCUS_VERSIONS, 'detect'])).meta({ type: ['string', 'number'] });

export const url = text.regex(
  /^https?:\/\/[^\s/?#@]+\/?$/,
  'is not the address of a server → write https://host:port, without a path',
);
