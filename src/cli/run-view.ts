// What `run` and `backfill` show: the view that fits whoever looks, and the summary at the end.
import type { RunResult } from '../run/api.js';
import { type Io, painter, type RunView } from './io.js';
import { linesView } from './lines.js';
import { LiveView } from './live.js';
import { jsonLine, ndjsonView } from './ndjson.js';

export interface ViewOptions {
  readonly json?: boolean;
}

/** How a run is told while it goes on. */
export function viewOf(options: ViewOptions, io: Io): RunView {
  if (options.json === true) return ndjsonView(io.stdout);
  if (io.stderr.isTTY && io.env['TERM'] !== 'dumb') return new LiveView(io.stderr, painter(io.stderr, io.env));
  return linesView(io.stderr, io.now);
}

/** What came out, on one screen or as the last line of `--json`. */
export async function summarise(result: RunResult, options: ViewOptions, io: Io): Promise<void> {
  const [{ readFigures }, { summaryLines, summaryLine }] = await Promise.all([import('./figures.js'), import('./summary.js')]);
  const figures = await readFigures(result.warehousePath);
  if (options.json === true) {
    io.stdout.write(jsonLine(summaryLine(result, figures)));
    return;
  }
  const size = { columns: io.stdout.columns(), rows: io.stdout.isTTY ? io.stdout.rows() : null };
  io.stdout.write(`${summaryLines(result, figures, { size, paint: painter(io.stdout, io.env), cwd: io.cwd }).join('\n')}\n`);
}
