// `showback/tag`: one line at a call-site that turns an answer and a few tags into a usage event. Nothing here throws into the caller.
import { randomUUID } from 'node:crypto';
import type { MoreTags, PricedTags, Tags } from './fields.js';
import {
  type Measure,
  type Measured,
  measureAnthropic,
  measureEmbedding,
  measureFailure,
  measureNothing,
  measureOpenAi,
  measureToolCall,
  measureVectorQuery,
} from './measure.js';
import { Outbox, type Sink } from './outbox.js';
import { ownProcess } from './own-process.js';
import { type Note, type Problem, type ProblemCounts, reasonOf, tallyOf } from './problems.js';
import { at, attempted, isCount } from './reading.js';
import { recordOf } from './record.js';
import { RotatingFile } from './rotating-file.js';

export type { MoreTags, PricedTags, Problem, ProblemCounts, Sink, Tags };

interface Common {
  /** What every record of this process has in common: environment, team, region. */
  readonly tags?: MoreTags | undefined;
  /** Told the first problem of each kind; `problems()` has the counts. */
  readonly onProblem?: ((problem: Problem) => void) | undefined;
  /** How long records wait for others before they are written: 1000 ms. */
  readonly flush_ms?: number | undefined;
  /** How much waits at most while the sink is slow or fails; more is dropped and counted: 8 MiB. */
  readonly queue_bytes?: number | undefined;
}

export interface FolderOptions extends Common {
  /** Where the files go; it is made where it is not there. */
  readonly folder: string;
  /** What file names begin with: `usage`. Letters, digits, `-` and `_`. */
  readonly name?: string | undefined;
  /** A file of more bytes is complete, and the next one begins: 64 MiB. */
  readonly max_file_bytes?: number | undefined;
}

export interface SinkOptions extends Common {
  readonly sink: Sink;
}

/** The kinds of calls. `T` are the arguments after the answer: tags, or none within a `call()` that has them. */
interface Recorder<T extends readonly unknown[], P extends readonly unknown[], F extends readonly unknown[]> {
  /** A Chat Completion, a Response, or the last chunk or event of a stream of either, which has the usage. */
  readonly openai: (answer: unknown, ...tags: T) => void;
  /** A whole message; of a stream its `finalMessage()`. */
  readonly anthropic: (message: unknown, ...tags: T) => void;
  /** An embeddings answer of OpenAI, or one with its shape. */
  readonly embedding: (answer: unknown, ...tags: T) => void;
  readonly vectorQuery: (answer: unknown, ...tags: P) => void;
  /** Counts as one `tool_calls`, unless the tags say `tool_calls`, `search_queries` or `rerank_queries`. */
  readonly toolCall: (...tags: P) => void;
  /** An attempt that ended in an error. Nothing tells its provider but the tags. */
  readonly failed: (...tags: F) => void;
  /** Anything else: the tags are the record. */
  readonly record: (...tags: P) => void;
}

/** Attempts at one logical call: they share `call_id`, and are counted from 1. */
export type Call = Recorder<Perhaps, Perhaps, readonly [tags: MoreTags & WithProvider]> & { readonly call_id: string };

type Perhaps = readonly [tags?: MoreTags];
interface WithProvider {
  readonly provider: string;
}

export interface Tag extends Recorder<readonly [tags: Tags], readonly [tags: PricedTags], readonly [tags: Tags & WithProvider]> {
  /** For a call that may take several attempts. Retries that the provider's client makes by itself are seen by nobody but it. */
  readonly call: (tags: Tags) => Call;
  readonly problems: () => ProblemCounts;
  /** Whether all records are with the sink, within five seconds or those given. Files stay open. */
  readonly flush: (within_ms?: number) => Promise<boolean>;
  /** Flushes and completes the file. What is recorded after that is dropped and counted. */
  readonly close: (within_ms?: number) => Promise<boolean>;
}

/** What comes from outside of the module. */
export interface Effects {
  readonly now: () => Date;
  readonly uuid: () => string;
}

const REAL: Effects = { now: () => new Date(), uuid: () => randomUUID() };
const PATIENCE_MS = 5000;
/** Records wait, and are dropped and counted when the queue is full. */
const NO_SINK: Sink = { write: async () => Promise.reject(new Error('there is neither a folder nor a sink')) };

export function openTag(options: FolderOptions | SinkOptions, effects: Effects = REAL): Tag {
  const { note, counts } = tallyOf(at(options, 'onProblem', () => undefined));
  const pace = {
    flushMs: sizeOf(options, 'flush_ms', 1000, note),
    queueBytes: sizeOf(options, 'queue_bytes', 8 * 1024 ** 2, note),
  };
  const outbox = new Outbox(attempted(() => sinkOf(options, effects, note)) ?? NO_SINK, pace, note);
  const common = at(options, 'tags', note);
  const keep: Keep = (measure, answer, layers) => {
    const measured = measure(answer, note);
    if (measured.kind === 'usage') {
      const stamp = { eventId: effects.uuid(), now: effects.now() };
      outbox.add(JSON.stringify(Object.fromEntries(recordOf([common, ...layers], measured, stamp, note))));
    }
    return measured;
  };
  const once: Keep = (measure, answer, layers) => keep(measure, answer, [{ call_id: effects.uuid(), attempt: 1 }, ...layers]);
  return {
    ...recorderOf(safely(withoutCall(keep, once), note)),
    call: (tags) => callOf(tags, safely(keep, note), effects),
    problems: counts,
    flush: async (within) => outbox.flush(isCount(within) ? within : PATIENCE_MS),
    close: async (within) => outbox.close(isCount(within) ? within : PATIENCE_MS),
  };
}

type Keep = (measure: Measure, answer: unknown, layers: readonly unknown[]) => Measured | null;

/** A call of one attempt has an id of its own, unless the caller says which call it belongs to. */
function withoutCall(said: Keep, once: Keep): Keep {
  return (measure, answer, layers) => {
    const isSaid = layers.some((layer) => at(layer, 'call_id', () => undefined) !== undefined);
    return (isSaid ? said : once)(measure, answer, layers);
  };
}

/** The last guard: whatever is wrong here, the caller's feature goes on. */
function safely(keep: Keep, note: Note): Keep {
  return (measure, answer, layers) => {
    try {
      const measured = keep(measure, answer, layers);
      if (measured?.kind === 'no_usage') note({ kind: 'no_usage', from: measured.from });
      return measured;
    } catch (error) {
      note({ kind: 'bug', reason: reasonOf(error) });
      return null;
    }
  };
}

function recorderOf(keep: Keep): Recorder<Perhaps, Perhaps, Perhaps> {
  const answered = (measure: Measure) => (answer: unknown, tags?: MoreTags) => void keep(measure, answer, [tags]);
  const told = (measure: Measure) => (tags?: MoreTags) => void keep(measure, tags, [tags]);
  return {
    openai: answered(measureOpenAi),
    anthropic: answered(measureAnthropic),
    embedding: answered(measureEmbedding),
    vectorQuery: answered(measureVectorQuery),
    toolCall: told(measureToolCall),
    failed: told(measureFailure),
    record: told(measureNothing),
  };
}

function callOf(tags: Tags, keep: Keep, effects: Effects): Call {
  const said = at(tags, 'call_id', () => undefined);
  const call_id = typeof said === 'string' ? said : effects.uuid();
  let attempt = 1;
  const counted: Keep = (measure, answer, layers) => {
    const measured = keep(measure, answer, [tags, { call_id, attempt }, ...layers]);
    if (measured?.kind === 'usage') attempt += 1;
    return measured;
  };
  return { ...recorderOf(counted), call_id };
}

function sizeOf(options: unknown, key: string, usual: number, note: Note): number {
  const given = at(options, key, note);
  if (given === undefined || given === null) return usual;
  if (isCount(given) && given > 0) return Math.min(given, 2 ** 31 - 1);
  note({ kind: 'bad_value', field: key });
  return usual;
}

function sinkOf(options: unknown, effects: Effects, note: Note): Sink {
  const sink = at(options, 'sink', note);
  if (typeof at(sink, 'write', note) === 'function') return sink as Sink;
  const folder = at(options, 'folder', note);
  if (typeof folder === 'string' && folder !== '') {
    const failed = (error: unknown): void => note({ kind: 'sink_failed', reason: reasonOf(error) });
    const around = { own: ownProcess(), id: randomUUID().replaceAll('-', '').slice(0, 12), now: effects.now, failed };
    const maxBytes = sizeOf(options, 'max_file_bytes', 64 * 1024 ** 2, note);
    return new RotatingFile({ folder, name: nameOf(options, note), maxBytes }, around);
  }
  note({ kind: 'bad_value', field: 'folder' });
  return NO_SINK;
}

function nameOf(options: unknown, note: Note): string {
  const name = at(options, 'name', note);
  if (typeof name === 'string' && /^[\w-]{1,60}$/.test(name)) return name;
  if (name !== undefined && name !== null) note({ kind: 'bad_value', field: 'name' });
  return 'usage';
}
