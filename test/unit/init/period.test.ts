// From when to when the books of a draft go.
import { expect, it } from 'vitest';
import type { SourceDraft } from '../../../src/init/draft.js';
import { booksOf } from '../../../src/init/period.js';

const NONE: SourceDraft = {
  id: 's',
  kind: 'usage',
  provider: null,
  role: null,
  spec: {},
  remarks: [],
  doubts: [],
  files: 1,
  opened: 1,
  rows: 1,
  isPart: false,
  currencies: [],
  months: [],
  firstDay: null,
  lastDay: null,
  services: [],
};
const log = (firstDay: string, lastDay: string, isPart = false): SourceDraft => ({ ...NONE, firstDay, lastDay, isPart });
const bill = (months: readonly string[], lastDay: string): SourceDraft => ({ ...NONE, kind: 'focus', months, lastDay });

it.each([
  ['evidence of the running month', [log('2026-08-03', '2026-09-29')], { start: '2026-08', asOf: null }],
  [
    'evidence that ended in an earlier month',
    [bill(['2026-05', '2026-06'], '2026-06-12')],
    { start: '2026-05', asOf: '2026-06-30' },
  ],
  ['a log that was read in part', [log('2026-05-03', '2026-06-12', true)], { start: '2026-05', asOf: null }],
  [
    'a bill older than the log',
    [bill(['2026-03'], '2026-03-31'), log('2026-09-01', '2026-09-02')],
    { start: '2026-03', asOf: null },
  ],
  ['evidence of a month that has just begun', [log('2026-10-01', '2026-10-01')], { start: '2026-10', asOf: '2026-10-31' }],
  ['a stray event of long ago', [log('2001-01-01', '2026-09-02')], { start: '2023-10', asOf: null, isCut: true }],
  ['nothing that has a day', [NONE], { start: '2026-09', asOf: null }],
])('of %s', (_, sources, books) => {
  expect(booksOf(sources, new Date('2026-10-01T02:00:00Z'))).toMatchObject(books);
});
