// Closing a month: what is published of it is built again from what landed, looked at, and locked by hash.
import { join } from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import { lastDay, type Month } from '../kernel/period.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { type MadeMonth, type Manifest, type PublishedFile, readPublished } from '../publish/directory.js';
import { damagedFiles, type KeptFile, keepFiles } from '../publish/kept.js';
import { sealed } from '../publish/manifest.js';
import { landedFiles } from '../source/landing.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import { closeFailure, refuseClosing, refusePeople } from './close-refusals.js';
import type { CloseRequest, CloseResult } from './closing-api.js';
import { booksDir, FILES, filesOf, LEDGER, LOCK, type Lock, nextFolder, sha256Of, writeJournal } from './books.js';
import { booksOf, refuseLostBooks } from './books-held.js';
import { copyConfiguration } from './config-copy.js';
import { endingOf } from './ending.js';
import type { RunContext } from './execute.js';
import type { ExportedFile } from './export.js';
import { fingerprintOf, modelsHash, rulesHash } from './fingerprint.js';
import { openGates } from './gates.js';
import { journalOf } from './journal.js';
import { sweepLeftovers } from './leftovers.js';
import { damageProblem } from './history.js';
import { waitForLock } from './lock.js';
import { type Evidence, makerOf, storedRuns } from './manifest.js';
import { modelsOf, versionsOf } from './models.js';
import { exportAtClose, exportLedger, exportMonth, isOfHistory } from './rebuild.js';
import { inScratch, tempOf } from './scratch.js';
import { buildEvidence } from './session.js';
import { freshFolder, isThere, makeState, nameDurably, removeFolder, scratchFolder, writeBytes } from './state.js';

/** Closes the month, or throws every reason why it cannot be closed. Nothing that is published changes. */
export async function closeMonth(request: CloseRequest): Promise<CloseResult> {
  const pipeline = await readPipeline(request.pipelineFile);
  refusePeople(request, pipeline.close);
  try {
    await makeState(pipeline.stateDir);
    await using _lock = await waitForLock(pipeline.stateDir, request);
    await sweepLeftovers(pipeline);
    return await closeLocked(request, pipeline);
  } catch (error) {
    throw endingOf(error, request.signal, pipeline.stateDir).error;
  }
}

/** The published month, what it was made of, and where its files lie. */
interface Published {
  readonly made: MadeMonth;
  readonly evidence: Evidence;
  readonly files: readonly KeptFile[];
}

async function closeLocked(request: CloseRequest, pipeline: Pipeline): Promise<CloseResult> {
  const { month } = request;
  const books = await booksOf(pipeline);
  const manifest = await readPublished(pipeline.outDir);
  await refuseLostBooks(pipeline, books, manifest?.made ?? []);
  refuseClosing(pipeline, books, month);
  const published = await publishedMonth(pipeline, manifest, month);
  const scratch = await scratchFolder();
  try {
    await using reader = await openDuckDb({ threads: 1 });
    const period = { asOf: published.made.asOf, firstMonth: month, lastMonth: month };
    const work = {
      ...{ pipeline, period, books: { ...books, closing: month }, tempDirectory: tempOf(scratch) },
      catalog: await modelsOf(reader, pipeline.stateDir),
      files: landedFiles(join(pipeline.stateDir, 'landing'), published.evidence.files),
      controls: published.evidence.controls,
    };
    return await inScratch(request, work, async (context) => closeBuilt(request, context, published));
  } finally {
    await removeFolder(scratch);
  }
}

/** What is published of the month, and the evidence of the run that made it. */
async function publishedMonth({ outDir, stateDir, name }: Pipeline, manifest: Manifest | null, month: Month): Promise<Published> {
  const made = manifest?.made.find((each) => each.month === month);
  if (manifest === null || made === undefined || made.asOf < lastDay(month)) throw closeFailure('close/not-published', month);
  const maker = makerOf(await storedRuns(stateDir), name, made);
  if (maker === null) throw closeFailure('close/unknown-evidence', month);
  const root = join(outDir, 'runs', manifest.runId);
  const files = manifest.files.filter((file) => file.month === month).map((file) => ({ ...file, root }));
  return { made, evidence: maker.evidence, files };
}

async function closeBuilt(request: CloseRequest, context: RunContext, published: Published): Promise<CloseResult> {
  const { month } = request;
  const { pipeline } = context;
  await refuseGone(context, month);
  await buildEvidence(context);
  const gates = await openGates(context.engine, month);
  if (gates.length > 0) throw new Failure('check', gates);
  const aside = await freshFolder(join(booksDir(pipeline), `${await nextFolder(pipeline, month, null)}.partial`));
  // Bytes of their own: links would change with the published files.
  const fresh = join(aside, FILES);
  const remembered = published.files.filter((file) => isOfHistory(context, file)).map((file) => ({ ...file, apart: true }));
  const damaged = await damagedFiles(remembered);
  if (damaged.length > 0) throw new Failure('check', damaged.map(damageProblem));
  const made = [...(await exportMonth(context, month, fresh)), ...(await keepFiles(fresh, remembered))];
  await refuseChanged(made, { published, fresh, month });
  const own = new Set(made.map(({ path }) => path));
  // Of a month that was closed before, what that close made is published still.
  const files = published.files.filter(({ path }) => own.has(path));
  const atClose = await sealedFiles(fresh, await exportAtClose(context, month, fresh));
  const lock = await lockOf(request, context, { published: { ...published, files }, atClose, aside });
  const text = `${JSON.stringify(lock, null, 2)}\n`;
  await writeBytes(join(aside, LOCK), Buffer.from(text));
  await sealed(join(aside, LOCK));
  const folder = await nextFolder(pipeline, month, sha256Of(text));
  const dir = join(booksDir(pipeline), folder);
  // The very same close, killed before its line: it is whole already.
  if (await isThere(dir)) await removeFolder(aside);
  else await nameDurably(aside, dir);
  const { preparedBy, approvedBy, reason } = request;
  const by = { preparedBy, approvedBy, reason };
  await writeJournal(pipeline, { entry: 'closed', month, folder, lock: sha256Of(text), at: request.now().toISOString(), ...by });
  const closed = { month, preparedBy, approvedBy, lock: sha256Of(text), dir, files: filesOf(lock).length };
  return { ...closed, totals: lock.totals, journal: await journalOf(context, atClose, dir) };
}

/** Landing is not touched by `gc` while a run stands on it; somebody else may have. */
async function refuseGone({ files }: RunContext, month: Month): Promise<void> {
  const gone: Problem[] = [];
  for (const { path, name } of files) {
    if (!(await isThere(path)))
      gone.push({
        code: 'close/landing',
        message: `\`${name}\` of ${month} is no longer in landing: ${path}`,
        remedy: 'deliver it again and run, then close',
      });
  }
  if (gone.length > 0) throw new Failure('check', gone);
}

/** A person looked at what is published: only that is closed. */
async function refuseChanged(
  made: readonly { readonly path: string }[],
  { published, fresh, month }: { readonly published: Published; readonly fresh: string; readonly month: Month },
): Promise<void> {
  const changed = new Set<string>();
  const known = new Map(published.files.map((file) => [file.path, file]));
  for (const { path } of made) {
    const now = await sealed(join(fresh, path));
    const file = known.get(path);
    const there = file === undefined ? null : await sealed(join(file.root, path)).catch(() => null);
    if (file?.sha256 !== now.sha256 || there?.sha256 !== now.sha256) changed.add(path);
  }
  if (changed.size > 0) throw closeFailure('close/changed', month, [...changed].sort().join('\n'));
}

async function sealedFiles(dir: string, files: readonly ExportedFile[]): Promise<readonly PublishedFile[]> {
  const found: PublishedFile[] = [];
  for (const file of files) found.push({ ...file, ...(await sealed(join(dir, file.path))) });
  return found;
}

interface ToLock {
  readonly published: Published;
  readonly atClose: readonly PublishedFile[];
  readonly aside: string;
}

async function lockOf(
  { month, preparedBy, approvedBy, reason }: CloseRequest,
  context: RunContext,
  { published: { made, evidence, files }, atClose, aside }: ToLock,
): Promise<Lock> {
  const { pipeline, catalog, engine, warehouse } = context;
  const [digest] = await engine.rows('SELECT evidence FROM allocation.month_evidence WHERE month_text(billing_month) = $1', [
    month,
  ]);
  const rows = await exportLedger(context, month, aside);
  const { sha256 } = await sealed(join(aside, LEDGER));
  const versions = await versionsOf(warehouse);
  return {
    schemaVersion: 1,
    ...{ pipeline: pipeline.name, month, asOf: made.asOf },
    inputs: fingerprintOf({ ...context, asOf: made.asOf, versions }),
    ...{ rules: rulesHash(pipeline), models: modelsHash(catalog), versions },
    evidence: digest?.['evidence'] ?? '',
    ...{ landed: evidence.files, controls: evidence.controls },
    ...(await copyConfiguration(pipeline, aside)),
    files: files.map(({ root: _root, ...file }) => file),
    atClose,
    ledger: { rows, sha256 },
    register: await registerOf(context, month),
    totals: await totalsOf(context, month),
    ...{ preparedBy, approvedBy, reason },
  };
}

/** What later registers are held to. */
async function registerOf({ engine }: RunContext, month: Month): Promise<Lock['register']> {
  const rows = await engine.rows(
    `SELECT entry_id, 'schedule' AS kind, currency, money_sum(amount) AS amount FROM allocation.fixed_day
     WHERE month_text(usage_date) = $1 GROUP BY entry_id, currency
     UNION ALL
     SELECT entry_id, 'capitalised', currency, money_sum(amount) FROM allocation.capitalised_charge
     WHERE month_text(billing_month) = $1 GROUP BY entry_id, currency ORDER BY 1, 2, 3`,
    [month],
  );
  return rows.map(({ entry_id: entry, kind, currency, amount }) => ({
    ...{ entry_id: entry ?? '', kind: kind ?? '', currency: currency ?? '', amount: amount ?? '' },
  }));
}

async function totalsOf({ engine }: RunContext, month: Month): Promise<Lock['totals']> {
  const rows = await engine.rows(
    `SELECT currency, money_sum(amount) AS amount, CAST(money_sum(statement_amount) AS DECIMAL(38,4)) AS statement FROM allocation.statement
     WHERE month_text(billing_month) = $1 GROUP BY currency ORDER BY currency`,
    [month],
  );
  return rows.map(({ currency, amount, statement }) => ({
    currency: currency ?? '',
    amount: amount ?? '',
    statement: statement ?? '',
  }));
}
