// A process of its own that runs statements on Athena, to be killed: options and statements come as one JSON argument, events go out a line each.
import { EXIT_OF_SIGNAL, Failure, Stopped } from '../../src/kernel/failure.js';
import { type AthenaOptions, openAthena } from '../../src/warehouse/athena-queries.js';
import type { Statement } from '../../src/warehouse/athena-statement.js';

const { options, statements } = JSON.parse(process.argv[2] ?? '') as {
  options: Omit<AthenaOptions, 'budgetBytes'>;
  statements: readonly Statement[];
};

function tell(event: object): void {
  process.stdout.write(`${JSON.stringify(event, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`);
}

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort(new Stopped('SIGTERM')));
// Whoever started it may be gone.
setTimeout(() => process.exit(99), 120_000).unref();

const athena = await openAthena({ ...options, budgetBytes: null, signal: stop.signal, listener: tell });
try {
  await Promise.all(statements.map((statement) => athena.execute(statement)));
} catch (error) {
  tell({ kind: 'failed', message: String(error) });
  process.exitCode = error instanceof Stopped ? EXIT_OF_SIGNAL[error.by] : error instanceof Failure ? error.exitCode : 1;
} finally {
  await athena[Symbol.asyncDispose]();
}
