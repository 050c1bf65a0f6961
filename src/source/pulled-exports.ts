// Months of a bill that a provider exports: the parts of its ZIP land as one CSV, and beside it what the export says of itself.
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Failure } from '../kernel/failure.js';
import { type Day, lastDay, plusDays } from '../kernel/period.js';
import type { ExportPull } from '../pipeline/pipeline.js';
import type { Arrival, BringOptions } from './arrival.js';
import { joinParts, PartsProblem } from './csv-parts.js';
import { newestDeliveries } from './export-delivery.js';
import { partsOf } from './export-parts.js';
import { downloadFile } from './http-file.js';
import { HttpProblem } from './http-failure.js';
import { KeptExport } from './kept-export.js';
import { LandingStore } from './landing.js';
import { byName } from './listing.js';
import { type ExportRequest, failureOf, linkOf, type Pulling, pullingOf, readyExport, told } from './pinecone.js';
import { askedNow, monthsOf, resumedName, type Span, tellOfUnknown, type Unit, writeText } from './pulled-units.js';
import type { ControlTotal, Landing } from './source.js';
import { inZip, ZipProblem } from './zip.js';

/** What lands beside the lines: nothing that differs from export to export of the same costs. */
interface Facts {
  readonly api: ExportPull['api'];
  readonly asked: Span;
  /** The last day that is known. */
  readonly through: Day;
  /** Lines that have to be read; null: the export does not say. */
  readonly rows: number | null;
  /** Lines of later days, which are not among them. */
  readonly left_out: number;
}

const LINES = 'costs.csv';
const FACTS = 'export.json';

export async function landExports(request: ExportRequest, pull: ExportPull): Promise<Landing> {
  const pulling = pullingOf(request, pull);
  const store = await LandingStore.open(request.landingDir, request.config.id);
  const months = monthsOf(request.outside, pull);
  let bytes = 0;
  const onBytes = (came: number): void => void (bytes += came);
  // One after the other, as they are made.
  for (const [at, month] of months.entries()) {
    request.signal?.throwIfAborted();
    await landMonth(month, { pulling, store, onBytes });
    const step = `land ${request.config.id}`;
    request.listener({ kind: 'progress', step, done: at + 1, total: months.length, unit: 'files', bytes });
  }
  const { manifests, files } = newestDeliveries(store.entries, pull.api, { isManifest: (name) => name.endsWith(`/${FACTS}`) });
  const controls = await Promise.all(
    manifests.map(async ({ name, unit, sha256 }) => {
      const facts = JSON.parse(await readFile(store.pathOf(sha256), 'utf8')) as Facts;
      if (facts.through < lastDay(unit)) tellOfUnknown(request, pull, unit, plusDays(facts.through, 1));
      return rowCount(facts, name, request.config.id);
    }),
  );
  return { files: files.map((entry) => store.landed(entry)).sort(byName), controls: controls.flat() };
}

interface Month {
  readonly pulling: Pulling;
  readonly store: LandingStore;
  readonly onBytes: (bytes: number) => void;
}

/** Both files of one export, or none: they are remembered and recorded together. */
async function landMonth(unit: Unit, { pulling, store, onBytes }: Month): Promise<void> {
  const { request, pull } = pulling;
  const { span, state } = askedNow(unit, { request, times: pull, asked: [pull.api, pull.url] });
  const name = (file: string): string => `${pull.api}/${unit.key}/${file}`;
  const resume = resumedName(request, name(LINES), state);
  const kept = await KeptExport.open(await aside(request, `${resume}.export`));
  const known = (await isWhole(unit, pulling, store)) ? state : `${state} again`;
  let facts: Facts | null = null;
  const arrival = (file: string, bring: Arrival['bring']): Arrival => ({
    name: name(file),
    resume: file === LINES ? resume : null,
    state: async () => known,
    touch: async () => undefined,
    bring,
  });
  const lines = arrival(LINES, async (target, options) => {
    const { brought, ...told } = await bring(pulling, span, kept, { target, options });
    facts = told.facts;
    return { ...brought, state: known };
  });
  const about = arrival(FACTS, async (target) => {
    if (facts === null) throw new Error(`${name(FACTS)} without its lines`);
    return { ...(await writeText(target, `${JSON.stringify(facts)}\n`)), state: known };
  });
  const landed = [await store.receive(lines, { signal: request.signal, onBytes }), await store.receive(about)];
  const delivery = landed.map(({ sha256 }) => sha256.slice(0, 16)).join(' ');
  await store.record(landed.map((blob) => ({ ...blob, unit: unit.key, delivery })));
  await kept.drop();
}

async function aside({ landingDir }: ExportRequest, name: string): Promise<string> {
  const folder = path.join(landingDir, 'arriving');
  await mkdir(folder, { recursive: true });
  return path.join(folder, name);
}

/** Is nothing of what landed last gone? One of the two files alone says nothing. */
async function isWhole(unit: Unit, { pull }: Pulling, store: LandingStore): Promise<boolean> {
  const ours = [...store.newest().values()].filter(({ name }) => name.startsWith(`${pull.api}/${unit.key}/`));
  const sizes = await Promise.all(
    ours.map(async ({ sha256, bytes }) =>
      stat(store.pathOf(sha256)).then(
        ({ size }) => size === bytes,
        () => false,
      ),
    ),
  );
  return sizes.every(Boolean);
}

interface Target {
  readonly target: string;
  readonly options: BringOptions;
}

interface Came {
  readonly brought: { readonly sha256: string; readonly bytes: number };
  readonly facts: Facts;
}

async function bring(pulling: Pulling, span: Span, kept: KeptExport, { target, options }: Target): Promise<Came> {
  const zip = `${target}.zip`;
  try {
    const { id, rows: stated, through: told } = await readyExport(pulling, span, kept);
    await download(pulling, id, zip, options);
    const through = lastKnown(told, span);
    const isLate = through < plusDays(span.to, -1);
    const { joined, rows } = await inZip(zip, async (entries) => {
      const { parts, rows: count } = await partsOf(entries, stated);
      const known = isLate ? through : null;
      return { joined: await joinParts(parts, target, { ...options, column: 'ChargePeriodStart', known }), rows: count };
    });
    if (joined.leftOut > 0) tellOfLate(pulling, joined.leftOut, through);
    const expected = rows === null ? null : rows - joined.leftOut;
    const facts: Facts = { api: pulling.pull.api, asked: span, through, rows: expected, left_out: joined.leftOut };
    return { brought: { sha256: joined.sha256, bytes: joined.bytes }, facts };
  } catch (error) {
    if (!(error instanceof ZipProblem) && !(error instanceof PartsProblem)) throw error;
    // The next run asks for another one: this one will be no better.
    await kept.drop();
    throw brokenFile(pulling, error);
  } finally {
    await rm(zip, { force: true });
  }
}

async function download(pulling: Pulling, id: string, zip: string, { onBytes }: BringOptions): Promise<void> {
  const { env, patience = {} } = pulling.request.outside;
  const link = async () => linkOf(pulling, id);
  try {
    await downloadFile(zip, { link, env, signal: pulling.request.signal, patience, onBytes });
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    if (error.status === null || error.status === 429 || error.status >= 500) throw told(pulling, error);
    const what = `the file of export ${id} is not given out (${error.status}): ${error.message}`;
    throw failureOf(
      pulling,
      'pull/export-failed',
      what,
      'run again later; the file may be asked for from this machine for an hour',
    );
  }
}

/** The moment up to which costs are known, as a day. A midnight names the day that begins then, so that no last day of a month is left out for good. */
function lastKnown(through: string | null, { to }: Span): Day {
  const last = plusDays(to, -1);
  const time = through === null ? Number.NaN : Date.parse(through);
  if (Number.isNaN(time)) return last;
  const at = new Date(time).toISOString();
  const isMidnight = at.endsWith('T00:00:00.000Z');
  const day = isMidnight ? at.slice(0, 10) : plusDays(new Date(time + 1000).toISOString().slice(0, 10), -1);
  return day < last ? day : last;
}

function tellOfLate({ request }: Pulling, lines: number, through: Day): void {
  const message = `source \`${request.config.id}\`: ${lines} lines of days after ${through} are left out: their costs are not all known yet`;
  request.listener({ kind: 'note', level: 'info', message });
}

function brokenFile(pulling: Pulling, error: ZipProblem | PartsProblem): Failure {
  const isBomb = error instanceof ZipProblem && error.isBomb;
  const what = `the file of the export is ${isBomb ? 'refused' : 'not whole, or no export'}: ${error.message}`;
  return failureOf(
    pulling,
    'pull/export-broken',
    what,
    'run again: another export is asked for then; should it stay so, tell Pinecone',
  );
}

function rowCount({ rows }: Facts, name: string, sourceId: string): readonly ControlTotal[] {
  const scope = `${path.posix.dirname(name)}/${LINES}`;
  return rows === null ? [] : [{ sourceId, control: 'row_count', scope, currency: null, expected: String(rows) }];
}
