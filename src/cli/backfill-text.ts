// How the months of a backfill are told, on a terminal and in a log alike.
import type { RunEvent } from '../kernel/event.js';
import { monthsText, secondsText } from './figures-text.js';

export function monthText({ month, number, total, state }: Extract<RunEvent, { kind: 'month' }>): string {
  const place = `month ${number} of ${total}: ${month}`;
  switch (state) {
    case 'started':
      return place;
    case 'published':
      return `${place} is published`;
    case 'unchanged':
      return `${place} is unchanged`;
    case 'failed':
      return `${place} failed`;
    default:
      return state satisfies never;
  }
}

export function backfillText({
  outcome,
  seconds,
  published,
  unchanged,
  left,
}: Extract<RunEvent, { kind: 'backfill-finished' }>): string {
  const parts = [
    ...(published.length === 0 ? [] : [`${monthsText(published)} published`]),
    ...(unchanged.length === 0 ? [] : [`${monthsText(unchanged)} unchanged`]),
    ...(left.length === 0 ? [] : [`${monthsText(left)} not done`]),
  ];
  const again = outcome === 'failed' ? '; the same backfill goes on from there' : '';
  return `backfill ${outcome === 'failed' ? 'stopped' : 'done'} after ${secondsText(seconds)}: ${parts.join(', ')}${again}`;
}
