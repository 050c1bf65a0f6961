// Usage logs for the bench, made by the engine: every value is a hash of the event's number, so the same request gives the same bytes.
// Ids are UUIDs, tags are independent of each other, and one record in two hundred is delivered again in the next file.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { MODELS } from './company.js';

export type Packed = 'none' | 'gzip' | 'zstd';

const ENDING: Readonly<Record<Packed, string>> = { none: '.jsonl', gzip: '.jsonl.gz', zstd: '.jsonl.zst' };

export interface LogRequest {
  readonly dir: string;
  /** Events, without those that are delivered again. */
  readonly events: number;
  readonly files: number;
  readonly packed: Packed;
  /** First day, and how many: the events are spread evenly over them. */
  readonly from: string;
  readonly days: number;
  readonly features: number;
  readonly customers: number;
  /** Number of the first event: two requests with other numbers share no event. */
  readonly first?: number;
  readonly prefix?: string;
}

/** Returns the files, in the order of time. */
export async function writeLogs(request: LogRequest): Promise<readonly string[]> {
  await mkdir(request.dir, { recursive: true });
  const names = Array.from(
    { length: request.files },
    (_, at) => `${request.prefix ?? 'part'}-${String(at).padStart(4, '0')}${ENDING[request.packed]}`,
  );
  const queue = [...names.entries()];
  const work = async (): Promise<void> => {
    await using engine = await openDuckDb({ threads: 1 });
    const options = `FORMAT json, COMPRESSION ${request.packed}`;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await engine.run(`COPY (${recordsOf(request, next[0])}) TO '${join(request.dir, next[1])}' (${options})`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return names.map((name) => join(request.dir, name));
}

function recordsOf(request: LogRequest, file: number): string {
  const { events, files, first = 0 } = request;
  const border = (at: number): number => first + Math.floor((events * at) / files);
  const again = file === 0 ? '' : ` UNION ALL ${select(request, border(file - 1), border(file), true)}`;
  return `${select(request, border(file), border(file + 1), false)}${again}`;
}

function select(
  { events, from, days, features, customers, first = 0 }: LogRequest,
  begin: number,
  end: number,
  again: boolean,
): string {
  const draw = (key: number, outOf: number): string => `CAST(hash(i * 16 + ${String(key)}) % ${String(outOf)} AS INTEGER)`;
  const id = (key: number): string => `CAST(CAST(md5(concat(i, '-', ${String(key)})) AS UUID) AS VARCHAR)`;
  const microseconds = Math.floor((days * 86_400_000_000) / events);
  const time = `TIMESTAMP '${from} 00:00:00' + to_microseconds((i - ${String(first)}) * ${String(microseconds)})`;
  const text = (value: string): string => `strftime(${value}, '%Y-%m-%dT%H:%M:%S.%fZ')`;
  const embeds = 'm = 5';
  return `SELECT ${id(1)} AS event_id, ${text('t')} AS event_time, ${text(again ? 't + INTERVAL 1 HOUR' : 't + INTERVAL 1 SECOND')} AS recorded_at,
    ${id(2)} AS call_id, 1 AS attempt, ${id(3)} AS run_id, concat('flow-', ${draw(3, 12)}) AS workflow_id,
    CASE WHEN ${embeds} THEN 'embedding' ELSE 'chat' END AS operation, ${choice('provider')} AS provider,
    concat('account-', ${choice('provider')}) AS account_id, ${choice('model')} AS model, 'default' AS service_tier,
    concat('feature-', lpad(CAST(${draw(5, features)} AS VARCHAR), 2, '0')) AS feature_id, concat('customer-', c) AS customer_id,
    CASE WHEN ${draw(6, 10)} < 8 THEN 'production' ELSE 'staging' END AS environment,
    CASE WHEN ${draw(7, 100)} < 3 THEN 'error' ELSE 'ok' END AS status, 200 + ${draw(8, 9000)} AS run_ms,
    CASE WHEN ${embeds} THEN 0 ELSE 100 + ${draw(9, 20_000)} END AS input_tokens,
    CASE WHEN ${embeds} THEN 0 ELSE ${draw(10, 8000)} END AS cache_read_tokens,
    CASE WHEN ${embeds} THEN 0 ELSE 10 + ${draw(11, 2000)} END AS output_tokens,
    CASE WHEN ${embeds} THEN 50 + ${draw(12, 4000)} ELSE 0 END AS embedding_tokens
  FROM (SELECT i, ${time} AS t, ${modelOf(draw(1, 1000))} AS m, ${draw(2, Math.max(1, customers))} AS c
        FROM range(${String(begin)}, ${String(end)}) AS r(i) ${again ? 'WHERE hash(i * 16) % 200 = 0' : ''})`;
}

function modelOf(draw: string): string {
  let below = 0;
  const cases = MODELS.map(([, , share], at) => `WHEN ${draw} < ${String((below += share))} THEN ${String(at + 1)}`);
  return `CASE ${cases.join(' ')} END`;
}

function choice(what: 'provider' | 'model'): string {
  const cases = MODELS.map(([provider, model], at) => `WHEN ${String(at + 1)} THEN '${what === 'provider' ? provider : model}'`);
  return `CASE m ${cases.join(' ')} END`;
}
