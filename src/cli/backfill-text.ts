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
    case 'stopped':
      return `${place} ${state === 'failed' ? 'failed' : 'was stopped'}`;
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
  const ended = outcome === 'failed' || outcome === 'stopped';
  const again = ended ? '; the same backfill goes on from there' : '';
  return `backfill ${ended ? outcome : 'done'} after ${secondsText(seconds)}: ${parts.join(', ')}${again}`;
}
