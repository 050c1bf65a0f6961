// What people print on invoices → plain text: amounts with thousands separators and signs anywhere, dates in a declared format.
import { format, isValid, parse } from 'date-fns';

const SPACES = /[\s\u00a0\u202f\u2009]/g;
const MINUS = /[\u2212\u2013]/g;
const CURRENCY = /^(?:[A-Z]{3}|[$€£¥])|(?:[A-Z]{3}|[$€£¥])$/;

/** `-1.234,50`, `(1,234.50)`, `1'234.50-`, `USD 12` → `-1234.50`, … ; null where it is no amount. */
export function plainAmount(printed: string, decimal: '.' | ','): string | null {
  let text = printed.replace(SPACES, '').replace(MINUS, '-').replaceAll('’', "'");
  let sign = '';
  const take = (pattern: RegExp, replacement: string, negative: boolean) => {
    const shorter = text.replace(pattern, replacement);
    if (shorter === text) return;
    if (negative) sign = sign === '-' ? '--' : '-';
    text = shorter;
  };
  take(/^\((.*)\)$/, '$1', true);
  take(/^-/, '', true);
  take(/^\+/, '', false);
  take(CURRENCY, '', false);
  take(/^-/, '', true);
  take(/-$/, '', true);
  take(CURRENCY, '', false);
  const digits = plainDigits(text, decimal);
  return digits === null || sign === '--' ? null : sign + digits;
}

/** Separators only where they belong: groups of three, one kind, before the decimal sign. */
function plainDigits(text: string, decimal: '.' | ','): string | null {
  const [whole = '', fraction, ...more] = text.split(decimal);
  if (more.length > 0 || (fraction !== undefined && !/^\d*$/.test(fraction))) return null;
  const grouped = decimal === '.' ? /^\d{1,3}(?:(?:,\d{3})+|(?:'\d{3})+)$/ : /^\d{1,3}(?:(?:\.\d{3})+|(?:'\d{3})+)$/;
  const plain = grouped.test(whole) ? whole.replace(/[.,']/g, '') : whole;
  if (!/^\d*$/.test(plain) || (plain === '' && (fraction ?? '') === '')) return null;
  return (plain === '' ? '0' : plain) + ((fraction ?? '') === '' ? '' : `.${String(fraction)}`);
}

// Two-digit years count from here, so that a date means the same in every year.
const REFERENCE = new Date(2000, 0, 1);

/** → `YYYY-MM-DD`, or null where it is no date of that format within reason. */
export function plainDate(printed: string, pattern: string): string | null {
  const date = parse(printed.trim(), pattern, REFERENCE);
  if (!isValid(date) || date.getFullYear() < 1990 || date.getFullYear() > 2099) return null;
  return format(date, 'yyyy-MM-dd');
}
