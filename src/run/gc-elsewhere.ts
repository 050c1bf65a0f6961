// What `gc` finds on S3 and in Athena, for pipelines that run or publish there. The clients of AWS are loaded where they are used.
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Elsewhere, GcNeeds } from './gc-part.js';

export interface AllElsewhere extends AsyncDisposable {
  readonly parts: readonly Elsewhere[];
}

export async function planElsewhere(pipeline: Pipeline, needs: GcNeeds): Promise<AllElsewhere> {
  const parts: Elsewhere[] = [];
  const { engine, publish } = pipeline;
  const close = async (): Promise<void> => {
    for (const part of parts) await part[Symbol.asyncDispose]();
  };
  try {
    if (engine.kind === 'athena') {
      const { planAthena } = await import('./gc-athena.js');
      parts.push(await planAthena(pipeline, engine, needs));
    }
    if (publish !== null) {
      const { planPublished } = await import('./gc-published.js');
      parts.push(await planPublished(pipeline, publish, needs));
    }
    return { parts, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
