// Opening the last closed month again. What it was closed with stays where it is, and the journal tells of both.
import { readPipeline } from '../pipeline/read.js';
import type { ReopenRequest } from './closing-api.js';
import { readBooks, writeJournal } from './books.js';
import { refusePeople, reopenable } from './close-refusals.js';
import { endingOf } from './ending.js';
import { waitForLock } from './lock.js';
import { makeState } from './state.js';

/** The next run computes the month anew. */
export async function reopenMonth(request: ReopenRequest): Promise<void> {
  const { month, by, reason } = request;
  const pipeline = await readPipeline(request.pipelineFile);
  refusePeople({ preparedBy: null, approvedBy: by, reason }, { ...pipeline.close, twoPeople: false });
  try {
    await makeState(pipeline.stateDir);
    await using _lock = await waitForLock(pipeline.stateDir, request);
    reopenable(await readBooks(pipeline), month);
    await writeJournal(pipeline, { entry: 'reopened', month, at: request.now().toISOString(), by, reason });
  } catch (error) {
    throw endingOf(error, request.signal, pipeline.stateDir).error;
  }
}
