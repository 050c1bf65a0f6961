// Verifying a closed month: everything that it was closed with is hashed again, and the month is built once more from landing, in
// scratch, by the configuration of its close. Its files must come out byte for byte.
import { join } from 'node:path';
import { readPipeline } from '../pipeline/read.js';
import { type MadeMonth, type Manifest, readPublished } from '../publish/directory.js';
import { hashOfFile } from '../publish/manifest.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Verified, VerifyRequest, VerifyResult } from './closing-api.js';
import { type Books, type ClosedMonth, FILES, filesOf, landedOf, LEDGER, readBooks } from './books.js';
import { closedMonth } from './close-refusals.js';
import { readLockedPipeline } from './config-copy.js';
import type { RunContext } from './execute.js';
import { modelsHash } from './fingerprint.js';
import { modelsOf, versionsOf } from './models.js';
import { exportAtClose, exportLedger, exportMonth, isOfHistory } from './rebuild.js';
import { inScratch, tempOf } from './scratch.js';
import { buildEvidence } from './session.js';
import { makeFolder, removeFolder, scratchFolder } from './state.js';

/** Tells of every comparison whether it holds; throws only where nothing can be compared. Reads, and writes nothing. */
export async function verifyMonth(request: VerifyRequest): Promise<VerifyResult> {
  const pipeline = await readPipeline(request.pipelineFile);
  const books = await readBooks(pipeline);
  const closed = closedMonth(books, request.month);
  const landed = await landedHolds(closed, pipeline.stateDir);
  const checked = [
    await filesHold(closed),
    await publishedHolds(closed, pipeline.outDir, await readPublished(pipeline.outDir)),
    ...landed,
  ];
  const whole = landed.every(({ holds }) => holds);
  const rebuilt = whole ? await rebuild(request, closed, books) : [];
  const { closedAt, lock, lockSha256 } = closed;
  return { month: closed.month, closedAt, approvedBy: lock.approvedBy, lock: lockSha256, checked: [...checked, ...rebuilt] };
}

async function sameBytes(path: string, sha256: string): Promise<boolean> {
  return (await hashOfFile(path)) === sha256;
}

/** What carried months are made of. */
async function filesHold({ dir, lock }: ClosedMonth): Promise<Verified> {
  const wrong: string[] = [];
  for (const { path, sha256 } of filesOf(lock)) if (!(await sameBytes(join(dir, FILES, path), sha256))) wrong.push(path);
  if (!(await sameBytes(join(dir, LEDGER), lock.ledger.sha256))) wrong.push(LEDGER);
  return verdict(`${filesOf(lock).length} files and the ledger kept with the close`, wrong);
}

/** What closing made is published by the first run after it. */
async function publishedHolds(
  { lock, lockSha256, month }: ClosedMonth,
  outDir: string,
  published: Manifest | null,
): Promise<Verified> {
  // What an earlier close of the month made may be published still.
  const isThis = (made: MadeMonth): boolean =>
    made.month === month && made.closed === true && [undefined, lockSha256].includes(made.lock);
  const isOut = published?.made.some(isThis) === true;
  const files = isOut ? filesOf(lock) : lock.files;
  const wrong: string[] = [];
  for (const { path, sha256 } of files)
    if (!(await sameBytes(join(outDir, 'runs', published?.runId ?? '', path), sha256))) wrong.push(path);
  return verdict(`${files.length} files of ${month} as published now`, wrong);
}

async function landedHolds({ lock }: ClosedMonth, stateDir: string): Promise<readonly Verified[]> {
  const wrong: string[] = [];
  for (const { path, name, sha256 } of landedOf(lock, stateDir)) if (!(await sameBytes(path, sha256))) wrong.push(name);
  return [verdict(`${lock.landed.length} landed files that it was made of`, wrong)];
}

function verdict(what: string, wrong: readonly string[]): Verified {
  const [first] = wrong;
  const others = wrong.length > 1 ? ` and ${wrong.length - 1} more` : '';
  return { what: first === undefined ? what : `${what}: ${first}${others} is gone or changed`, holds: first === undefined };
}

/** From landing, by the configuration of the close, with the closed months that there were before it. */
async function rebuild(request: VerifyRequest, closed: ClosedMonth, books: Books): Promise<readonly Verified[]> {
  const today = await readPipeline(request.pipelineFile);
  const { month, lock } = closed;
  const locked = await readLockedPipeline(closed, today);
  const scratch = await scratchFolder();
  try {
    await using reader = await openDuckDb({ threads: 1 });
    const catalog = await modelsOf(reader, null);
    const versions = await versionsOf(reader);
    const work = {
      pipeline: { ...locked, stateDir: scratch },
      ...{ catalog, tempDirectory: tempOf(scratch) },
      period: { asOf: lock.asOf, firstMonth: month, lastMonth: month },
      files: landedOf(lock, today.stateDir),
      controls: lock.controls,
      books: { closed: books.closed.filter((each) => each.month < month), closing: month },
    };
    const same = lock.models === modelsHash(catalog) && lock.versions === versions;
    const by = same
      ? ''
      : ` (closed by ${lock.versions}, built by ${versions}${lock.models === modelsHash(catalog) ? '' : ' with other models'})`;
    return await inScratch(request, work, async (context) => compared(context, closed, { scratch, by }));
  } finally {
    await removeFolder(scratch);
  }
}

async function compared(
  context: RunContext,
  { month, lock }: ClosedMonth,
  { scratch, by }: { readonly scratch: string; readonly by: string },
): Promise<readonly Verified[]> {
  await buildEvidence(context);
  const dir = await makeFolder(join(scratch, 'rebuilt'));
  const exported = [...(await exportMonth(context, month, dir))];
  if (lock.atClose !== undefined) exported.push(...(await exportAtClose(context, month, dir)));
  const made = new Set(exported.map(({ path }) => path));
  const wrong: string[] = [];
  const anew = filesOf(lock).filter((file) => !isOfHistory(context, file));
  for (const { path, sha256 } of anew) if (!made.has(path) || !(await sameBytes(join(dir, path), sha256))) wrong.push(path);
  await exportLedger(context, month, dir);
  if (!(await sameBytes(join(dir, LEDGER), lock.ledger.sha256))) wrong.push(LEDGER);
  return [verdict(`${anew.length} files and the ledger, built again from landing${by}`, wrong)];
}
