// A nightly run: the log of one day comes to a company that has a history, and to one that has nothing else.
import { cp, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { coldRun, type ColdRequest, timedRun } from './cold.js';
import { writeCompany } from './company.js';
import { writeLogs } from './logs.js';
import { middle, type Night, nightOf } from './results.js';

export interface NightRequest extends ColdRequest {
  /** Days before the first night. */
  readonly history: number;
  /** Events of each of them. */
  readonly before: number;
}

const BOOKS = '2026-07';

export async function measureNights(request: NightRequest): Promise<Night> {
  const { events, history, before, rounds, size, packed, dir, tell } = request;
  const [long, alone] = [join(dir, 'history'), join(dir, 'alone')];
  const dayOf = (number: number): string => new Date(Date.UTC(2026, 6, 1 + number)).toISOString().slice(0, 10);
  const asOf = dayOf(history + rounds);
  const pipeline = await writeCompany(long, { start: BOOKS, asOf, ...size });
  const pipelineAlone = await writeCompany(alone, { start: BOOKS, asOf, ...size });
  tell(`${String(history)} days of ${String(before)} events: writing the logs`);
  const logs = { ...size, packed, events: before * history, files: history, from: dayOf(0), days: history, prefix: 'day' };
  await writeLogs({ ...logs, dir: join(long, 'logs') });
  const first = await timedRun(pipeline, ['--as-of', dayOf(history - 1)]);
  tell(`history: run ${first.seconds.toFixed(2)} s`);
  const nights: { readonly seconds: number; readonly alone: number; readonly peakRssMib: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const day = dayOf(history + round);
    const [log = ''] = await writeLogs({
      ...logs,
      dir: join(dir, 'new'),
      events,
      files: 1,
      from: day,
      days: 1,
      first: before * history + events * (round + 1),
      prefix: `night-${String(round)}`,
    });
    await rm(join(alone, 'logs'), { recursive: true, force: true });
    for (const folder of [alone, long]) {
      await mkdir(join(folder, 'logs'), { recursive: true });
      await cp(log, join(folder, 'logs', basename(log)));
    }
    const only = await coldRun(pipelineAlone, alone, ['--as-of', day]);
    const night = await timedRun(pipeline, ['--as-of', day]);
    nights.push({ seconds: night.seconds, alone: only.seconds, peakRssMib: night.peakRssMib });
    tell(`night of ${day}: ${night.seconds.toFixed(2)} s, that day alone ${only.seconds.toFixed(2)} s`);
  }
  await rm(dir, { recursive: true, force: true });
  return nightOf({
    events,
    history,
    before,
    seconds: middle(nights.map((night) => night.seconds)),
    alone: middle(nights.map((night) => night.alone)),
    peakRssMib: Math.max(...nights.map((night) => night.peakRssMib)),
    rounds,
  });
}
