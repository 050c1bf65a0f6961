// `showback init`: files that a user points at → a company folder whose pipeline runs at once. Nothing is asked, nothing is guessed in silence.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Day, Month } from '../kernel/period.js';
import { draftCompany, readDraft, type Wishes } from './company.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { SourceDraft } from './draft.js';
import { type NotTaken, notTakenOf } from './finding.js';
import { gather } from './gather.js';
import { type GivenPaths, givenFiles } from './given.js';
import { textsOf } from './scaffold.js';
import { refuseToOverwrite, writeTexts } from './write.js';

export interface InitRequest extends GivenPaths, Wishes {
  readonly force: boolean;
}

export interface InitResult {
  readonly folder: string;
  readonly pipelineFile: string;
  readonly written: readonly string[];
  readonly name: string;
  readonly currency: string;
  readonly start: Month;
  readonly asOf: Day | null;
  readonly sources: readonly SourceDraft[];
  readonly features: number;
  readonly rules: number;
  readonly notTaken: readonly NotTaken[];
  readonly steps: readonly string[];
  /** Of all files that will be read. */
  readonly files: number;
  readonly bytes: number;
}

export async function initCompany(request: InitRequest): Promise<InitResult> {
  const given = await givenFiles(request);
  if (!request.force) await refuseToOverwrite(given.folder);
  if (given.files.length === 0) throw noFiles();
  await using engine = await openDuckDb({ threads: 2 });
  const found = await gather(engine, given.files, request.currency ?? 'USD');
  const notTaken = notTakenOf(found);
  if (found.length === notTaken.length) throw noneRecognised(notTaken);
  const draft = await draftCompany(engine, found, given, request);
  const texts = textsOf(draft);
  // The books of the package were read for the draft.
  await readDraft(given, texts, 'without');
  const written = await writeTexts(given.folder, texts);
  const taken = found.filter(({ finding }) => finding.kind !== 'unknown').map(({ file }) => file.bytes);
  const { name, currency, books, sources, features, rules, steps } = draft;
  return {
    folder: given.folder,
    pipelineFile: join(given.folder, 'pipeline.yaml'),
    written,
    name,
    currency,
    start: books.start,
    asOf: books.asOf,
    sources,
    features: features.features.length,
    rules: rules.rules.length,
    notTaken,
    steps,
    files: taken.length,
    bytes: taken.reduce((sum, bytes) => sum + bytes, 0),
  };
}

function noFiles(): Failure {
  const message = 'there is no file in what was named';
  return new Failure('user', [
    { code: 'init/no-files', message, remedy: 'name folders or files that hold bills and usage logs' },
  ]);
}

/** Each file with what it is instead. */
function noneRecognised(notTaken: readonly NotTaken[]): Failure {
  const problems = notTaken.map(({ file, reason, remedy }) => ({
    code: 'init/nothing-recognised',
    message: reason,
    remedy,
    place: { file },
  }));
  return new Failure('user', problems);
}
