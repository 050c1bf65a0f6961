// `--json`: everything that a run tells, one JSON object a line.
import type { Output, RunView } from './io.js';

export function ndjsonView(stdout: Output): RunView {
  return { listen: (event) => stdout.write(`${JSON.stringify(event)}\n`), close: () => undefined };
}
