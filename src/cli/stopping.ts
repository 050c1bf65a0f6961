// SIGINT and SIGTERM. A command that said it stops in an orderly way is asked to; any other ends where it stands.
import { EXIT_OF_SIGNAL, Stopped, type StopSignal } from '../kernel/failure.js';

const SHOW_CURSOR = '\u001b[?25h';
/** What is not over by then is killed: nothing that stands is harmed by that, only leftovers stay for the next run. */
const GRACE_MS = 2000;

export interface Stopping {
  /** Whoever takes it stops when it aborts, with the `Stopped` that is its reason. */
  readonly orderly: () => AbortSignal;
  readonly isOrderly: () => boolean;
  /** The signal that came, if one did. */
  readonly by: () => StopSignal | null;
}

export function stopText(by: StopSignal): string {
  return `showback: stopped by ${by}; what was published before still stands, run again to go on\n`;
}

/** From here on the process answers to signals in words. A second one kills it at once. */
export function stopOnSignals(): Stopping {
  const controller = new AbortController();
  let taken = false;
  let came: StopSignal | null = null;
  const stop = (by: StopSignal): void => {
    for (const name of SIGNALS) process.removeListener(name, stop);
    came = by;
    // Who stops in order still draws over its own lines.
    if (process.stderr.isTTY) process.stderr.write(taken ? SHOW_CURSOR : `${SHOW_CURSOR}\n`);
    if (!taken) {
      process.stderr.write(stopText(by));
      process.exit(EXIT_OF_SIGNAL[by]);
    }
    controller.abort(new Stopped(by));
    setTimeout(() => dieBy(by), GRACE_MS).unref();
  };
  for (const name of SIGNALS) process.on(name, stop);
  return {
    orderly: () => {
      taken = true;
      return controller.signal;
    },
    isOrderly: () => taken,
    by: () => came,
  };
}

const SIGNALS = Object.keys(EXIT_OF_SIGNAL) as readonly StopSignal[];

/** By the signal itself: an exit would wait for an engine that does not answer. */
function dieBy(by: StopSignal): void {
  process.stderr.write(stopText(by));
  process.kill(process.pid, by);
}
