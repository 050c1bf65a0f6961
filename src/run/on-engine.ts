// The engine of a pipeline, and where its runs go besides. The clients of AWS are loaded where they are used: others do not wait for them.
import type { Amounts, RunContext } from './execute.js';

/** Builds where the pipeline says. `inputs`: the fingerprint of all that months are made of. */
export async function onEngine<T>(context: RunContext, inputs: string, work: (context: RunContext) => Promise<T>): Promise<T> {
  const { engine } = context.pipeline;
  if (engine.kind === 'duckdb') return work(context);
  const { onAthena } = await import('./athena.js');
  return onAthena(context, engine, inputs, work);
}

/** Brings a published run to S3, if it is not there yet. `rows`: those of each mart. */
export async function delivered(context: RunContext, runId: string, rows: ReadonlyMap<string, number>): Promise<Amounts | null> {
  const { publish } = context.pipeline;
  if (publish === null) return null;
  const { deliver } = await import('./deliver.js');
  return deliver(context, publish, runId, rows);
}
