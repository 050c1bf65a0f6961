// The log of a run that nobody watches: cron mails what it finds here, so it says little. Start, warnings, failures, end.
import type { RunEvent } from '../kernel/event.js';
import { backfillText, monthText } from './backfill-text.js';
import { secondsText } from './figures-text.js';
import type { Output, RunView } from './io.js';
import { printable } from './width.js';

export function linesView(stderr: Output, now: () => Date): RunView {
  return {
    listen: (event) => {
      const text = lineOf(event);
      if (text !== null) stderr.write(`${now().toISOString().slice(0, 19)}Z  ${printable(text)}\n`);
    },
    close: () => undefined,
  };
}

function lineOf(event: RunEvent): string | null {
  switch (event.kind) {
    case 'run-started':
      return `${event.pipeline}: run as of ${event.asOf}, ${event.steps.length} steps`;
    case 'step':
      return event.state === 'failed' ? `failed: ${event.step}` : null;
    case 'progress':
      return null;
    case 'month':
      return event.state === 'started' ? null : monthText(event);
    case 'backfill-finished':
      return backfillText(event);
    case 'note':
      return event.level === 'warning' ? `warning: ${event.message}` : null;
    case 'run-finished':
      return endOf(event);
    default:
      return event satisfies never;
  }
}

function endOf(event: Extract<RunEvent, { kind: 'run-finished' }>): string | null {
  const took = `after ${secondsText(event.seconds)}`;
  switch (event.outcome) {
    case 'published':
      return `published run ${event.runId} ${took}${event.out === null ? '' : `: ${event.out}`}`;
    case 'unchanged':
      return `nothing changed since run ${event.runId}; nothing to do`;
    case 'failed':
      return `the run failed ${took}; nothing was published`;
    case 'stopped':
      // Whoever stopped it is told by the process, in one line.
      return null;
    default:
      return event.outcome satisfies never;
  }
}
