// Sources that are files under patterns: a name delivered again replaces itself, and a name that is gone keeps its last landing.
import { Failure } from '../kernel/failure.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import type { Arrival } from './arrival.js';
import { type Blob, LandingStore } from './landing.js';
import { byName, matches } from './listing.js';
import { Origin } from './origin.js';
import { withReceipts } from './receipt.js';
import type { LandedFile, LandRequest } from './source.js';

const AT_ONCE = 4;
/** Bytes after which a file that is under way is told of. */
const TOLD_EVERY = 16 * 1024 * 1024;

export async function landPlainFiles(request: LandRequest, patterns: readonly string[]): Promise<readonly LandedFile[]> {
  const { config, landingDir } = request;
  await using origin = new Origin(request);
  const found = await origin.list(patterns);
  const listed = request.remote === undefined ? found : withReceipts(found, request.remote);
  const store = await LandingStore.open(landingDir, config.id);
  const blobs = await receiveAll(store, listed, request);
  await store.record(blobs.map((blob) => ({ ...blob, unit: blob.name, delivery: blob.name })));
  const ours = matches(patterns);
  const landed = [...store.newest().values()].filter((entry) => entry.unit === entry.name && ours(entry.name));
  const here = new Set(listed.map((file) => file.name));
  const gone = landed.filter((entry) => !here.has(entry.name));
  if (!keepsGone(config)) tellOfGone(gone, request);
  const files = landed.filter((entry) => here.has(entry.name) || keepsGone(config)).map((entry) => store.landed(entry));
  if (files.length === 0) throw nothingThere(request, patterns);
  tellOfPatternsWithout(files, patterns, request);
  return files.sort(byName);
}

const REPLACED_BY_OTHERS: readonly SourceConfig['kind'][] = ['focus', 'aws-cur', 'invoice-csv', 'json-costs'];

/** Logs and dumps are rotated away, and history must not shrink. A bill that is gone was replaced by one of another name: both would count. */
function keepsGone({ kind }: SourceConfig): boolean {
  return !REPLACED_BY_OTHERS.includes(kind);
}

function tellOfGone(gone: readonly { readonly name: string }[], { config, listener }: LandRequest): void {
  if (gone.length === 0) return;
  const message = `source \`${config.id}\`: ${gone.map(({ name }) => `\`${name}\``).join(', ')} landed before, is gone now and does not count`;
  listener({ kind: 'note', level: 'warning', message });
}

/** All files, or every problem of all files. */
export async function receiveAll(
  store: LandingStore,
  listed: readonly Arrival[],
  request: LandRequest,
  onBlob: () => Promise<void> = async () => undefined,
): Promise<readonly Blob[]> {
  const blobs: Blob[] = [];
  const failures: Failure[] = [];
  const queue = [...listed];
  const { tell, ...told } = telling(request, listed.length, blobs);
  const receive = async (file: Arrival): Promise<void> => {
    request.signal?.throwIfAborted();
    blobs.push(await store.receive(file, { signal: request.signal, ...told }));
    await onBlob();
  };
  const work = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      try {
        await receive(file);
      } catch (error) {
        if (!(error instanceof Failure)) {
          queue.length = 0;
          throw error;
        }
        failures.push(error);
      }
      tell();
    }
  };
  // What came whole beside what failed, or before the run was stopped, need not come again.
  await allEnded(Array.from({ length: Math.min(AT_ONCE, listed.length) }, work), async () => store.remember());
  if (failures.length > 0) throw allOf(failures);
  return blobs.sort(byName);
}

/** How far it is, after each file and page, and within large files. */
function telling({ config, listener }: LandRequest, total: number, blobs: readonly Blob[]) {
  let bytes = 0;
  let toldBytes = 0;
  let pages = 0;
  const tell = (): void => {
    toldBytes = bytes;
    const came = pages === 0 ? { bytes } : { bytes, pages };
    listener({ kind: 'progress', step: `land ${config.id}`, done: blobs.length, total, unit: 'files', ...came });
  };
  const onBytes = (came: number): void => {
    bytes += came;
    if (bytes - toldBytes >= TOLD_EVERY) tell();
  };
  const onPage = (): void => {
    pages += 1;
    tell();
  };
  return { onBytes, onPage, tell };
}

/** Waits for every worker before the first error goes up: none is left writing. `then` comes before that, too. */
async function allEnded(workers: readonly Promise<void>[], then: () => Promise<void>): Promise<void> {
  const ends = await Promise.allSettled(workers);
  await then();
  const lost = ends.find((end) => end.status === 'rejected');
  if (lost !== undefined) throw lost.reason as Error;
}

/** One failure of many; what the user can mend comes before what may mend itself. */
export function allOf(failures: readonly Failure[]): Failure {
  const kind = failures.some((failure) => failure.kind === 'user') ? 'user' : (failures[0]?.kind ?? 'unavailable');
  // What keeps all files from coming is told once.
  const all = failures.flatMap((failure) => failure.problems);
  const problems = [...new Map(all.map((problem) => [JSON.stringify(problem), problem])).values()];
  return new Failure(
    kind,
    problems.sort((a, b) => byName({ name: a.place?.file ?? '' }, { name: b.place?.file ?? '' })),
  );
}

function nothingThere({ config }: LandRequest, patterns: readonly string[]): Failure {
  return new Failure('unavailable', [
    {
      code: 'source/no-files',
      message: `source \`${config.id}\`: there is no file under ${patterns.map((pattern) => `\`${pattern}\``).join(', ')}, and nothing that landed before counts`,
      remedy: 'deliver the files or correct the pattern; a source that is no longer wanted is taken out of the pipeline',
      place: config.place,
    },
  ]);
}

function tellOfPatternsWithout(
  files: readonly LandedFile[],
  patterns: readonly string[],
  { config, listener }: LandRequest,
): void {
  for (const pattern of patterns) {
    const ours = matches([pattern]);
    if (files.some((file) => ours(file.name))) continue;
    listener({ kind: 'note', level: 'warning', message: `source \`${config.id}\`: no file under \`${pattern}\`` });
  }
}
