// Money and quantities as text: is it a decimal that the ledger can hold, and was nothing lost before it reached us?
import { isNumber, type Json } from './json-text.js';

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;
const NUMBER_DIGITS = 15;
const DECIMALS = 24;
const INTEGER_DIGITS = 20;

export type MoneyReject = 'missing_amount' | 'bad_amount' | 'inexact_amount' | 'amount_too_fine' | 'amount_too_large';

export type Money = { readonly amount: string; readonly reject: null } | { readonly amount: null; readonly reject: MoneyReject };

/** The amount as it was written, or why it is refused. A JSON number of more than 15 digits has been through a double. */
export function moneyOf(value: Json | undefined): Money {
  if (value === undefined || value === null || value === '') return refuse('missing_amount');
  const text = isNumber(value) ? value.value : value;
  if (typeof text !== 'string') return refuse('bad_amount');
  const shape = shapeOf(text);
  if (shape === null) return refuse('bad_amount');
  if (isNumber(value) && shape.digits > NUMBER_DIGITS) return refuse('inexact_amount');
  if (shape.decimals > DECIMALS) return refuse('amount_too_fine');
  return shape.integers > INTEGER_DIGITS ? refuse('amount_too_large') : { amount: text, reject: null };
}

const QUANTITY_DECIMALS = 6;

export type Quantity =
  | { readonly quantity: string; readonly reject: null }
  | { readonly quantity: null; readonly reject: string };

/** The quantity as it was written, or why it is refused. */
export function quantityOf(value: Json | undefined): Quantity {
  const { amount, reject } = moneyOf(value);
  if (amount === null) return { quantity: null, reject: reject.replace('amount', 'quantity') };
  const isFine = (shapeOf(amount)?.decimals ?? 0) > QUANTITY_DECIMALS;
  return isFine ? { quantity: null, reject: 'quantity_too_fine' } : { quantity: amount, reject: null };
}

function refuse(reject: MoneyReject): Money {
  return { amount: null, reject };
}

/** Significant digits, decimals and digits before the point; zeros that say nothing do not count. */
function shapeOf(text: string): { readonly digits: number; readonly decimals: number; readonly integers: number } | null {
  const found = DECIMAL.exec(text);
  if (found === null) return null;
  const whole = found[2] ?? '';
  const fraction = found[3] ?? '';
  if (whole === '' && fraction === '') return null;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return { digits: 0, decimals: 0, integers: 0 };
  const exponent = Number(found[4] ?? '0') - fraction.length + (digits.length - significant.length);
  return { digits: significant.length, decimals: Math.max(0, -exponent), integers: Math.max(0, significant.length + exponent) };
}

/** A decimal as JSON or people write it, with or without an exponent. */
export function isDecimal(text: string): boolean {
  return shapeOf(text) !== null;
}

/** A decimal times a power of ten, as plain text where it has no exponent: no digit is lost or added but zeros. */
export function movedPoint(text: string, places: number): string {
  const [, sign = '', whole = '', fraction = '', exponent] = DECIMAL.exec(text) ?? [];
  if (places === 0) return text;
  if (exponent !== undefined) return `${text.slice(0, text.search(/e/i))}E${Number(exponent) + places}`;
  const digits = whole.padStart(1 - places, '0') + fraction;
  const point = digits.length - fraction.length + places;
  return `${sign === '-' ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * A number that went through a double, as far as a double is true: 15 significant digits, half to even. The same for every sum that
 * differs only in what additions of doubles leave behind.
 */
export function asFarAsDoublesGo(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const more = digits.length - NUMBER_DIGITS;
  if (more <= 0) return text;
  const kept = BigInt(digits.slice(0, NUMBER_DIGITS));
  const half = `5${'0'.repeat(more - 1)}`;
  const rest = digits.slice(NUMBER_DIGITS);
  const isUp = rest > half || (rest === half && kept % 2n === 1n);
  const places = Number(exponent) - fraction.length + more;
  return `${sign === '-' ? '-' : ''}${plainly(isUp ? kept + 1n : kept, places)}`;
}

/** Digits times a power of ten. */
function plainly(digits: bigint, places: number): string {
  return places > 0 ? `${digits}${'0'.repeat(places)}` : movedPoint(String(digits), places);
}
