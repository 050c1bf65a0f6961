// Money, amounts and dates as texts, before any of them is a number.
import { parse } from 'lossless-json';
import { describe, expect, test } from 'vitest';
import { type Json, parseDocuments } from '../../../src/source/json-text.js';
import { moneyOf } from '../../../src/source/money-text.js';
import { plainAmount, plainDate } from '../../../src/source/printed.js';

describe('money in JSON', () => {
  test.each([
    ['"0.00003420000000000000000000000000000000"', '0.00003420000000000000000000000000000000'],
    ['"0E-6176"', '0E-6176'],
    ['"-12.5"', '-12.5'],
    ['0.06', '0.06'],
    ['3.42e-05', '3.42e-05'],
    ['123456789012345', '123456789012345'],
    ['123456789012345000', '123456789012345000'],
  ])('%s is kept as written', (json, amount) => {
    expect(moneyOf(parse(json) as Json)).toEqual({ amount, reject: null });
  });

  test.each([
    ['0.12345678901234567', 'inexact_amount'],
    ['1234567890123456', 'inexact_amount'],
    ['"0.0000000000000000000000001"', 'amount_too_fine'],
    ['"1e-25"', 'amount_too_fine'],
    ['"1e30"', 'amount_too_large'],
    ['1e400', 'amount_too_large'],
    ['"12,5"', 'bad_amount'],
    ['"."', 'bad_amount'],
    ['true', 'bad_amount'],
    ['{}', 'bad_amount'],
    ['null', 'missing_amount'],
    ['""', 'missing_amount'],
  ])('%s is refused as %s', (json, reject) => {
    expect(moneyOf(parse(json) as Json)).toEqual({ amount: null, reject });
  });
});

describe('an amount in print', () => {
  test.each([
    ['1,234.50', '.', '1234.50'],
    ['1.234,50', ',', '1234.50'],
    ["1'234.50", '.', '1234.50'],
    ['1’234’567.5', '.', '1234567.5'],
    ['1 234,50', ',', '1234.50'],
    ['1\u00a0234,50 €', ',', '1234.50'],
    ['(34,50)', ',', '-34.50'],
    ['34.50-', '.', '-34.50'],
    ['\u221234.50', '.', '-34.50'],
    ['-$1,000', '.', '-1000'],
    ['$-1,000', '.', '-1000'],
    ['USD 12', '.', '12'],
    ['+5', '.', '5'],
    ['.5', '.', '0.5'],
    ['5.', '.', '5'],
    ['0', '.', '0'],
  ] as const)('%s with %s is %s', (printed, decimal, amount) => {
    expect(plainAmount(printed, decimal)).toBe(amount);
  });

  test.each([
    ['1.23', ','],
    ['1,23', '.'],
    ['1,2345.00', '.'],
    ["1,234'567.00", '.'],
    ['12.34.56', '.'],
    ['-(5)', '.'],
    ['-5-', '.'],
    ['', '.'],
    ['-', '.'],
    ['n/a', '.'],
    ['1e5', '.'],
  ] as const)('%s with %s is none', (printed, decimal) => {
    expect(plainAmount(printed, decimal)).toBeNull();
  });
});

test.each([
  ['01.07.2026', 'dd.MM.yyyy', '2026-07-01'],
  ['7/1/26', 'M/d/yy', '2026-07-01'],
  ['1 July 2026', 'd MMMM yyyy', '2026-07-01'],
  [' 2026-07-01 ', 'yyyy-MM-dd', '2026-07-01'],
  ['31.02.2026', 'dd.MM.yyyy', null],
  ['01.07.26', 'dd.MM.yyyy', null],
  ['', 'dd.MM.yyyy', null],
])('the date %s as %s is %s', (printed, format, date) => {
  expect(plainDate(printed, format)).toBe(date);
});

describe('documents', () => {
  test('are one, or one a line', () => {
    expect(parseDocuments('{"a":\n1}')).toHaveLength(1);
    expect(parseDocuments('{"a":1}\r\n\n{"a":2}\n')).toHaveLength(2);
  });

  test('that are cut say where', () => {
    expect(() => parseDocuments('{"a":1}\n{"a":')).toThrow('line 2');
    expect(() => parseDocuments('{"a":\n1,')).toThrow(SyntaxError);
    expect(() => parseDocuments('{"a":1,"a":2}')).toThrow("Duplicate key 'a'");
  });
});
