// What was measured, as a table and as one line of JSON.
export interface Round {
  /** The whole run, from the start of its process to its end, without landing. */
  readonly seconds: number;
  readonly landSeconds: number;
  readonly copySeconds: number;
  readonly peakRssMib: number;
}

export interface Result {
  readonly events: number;
  readonly seconds: number;
  readonly copy_seconds: number;
  readonly ratio: number;
  readonly peak_rss_mib: number;
  readonly rows_per_s: number;
  readonly land_seconds: number;
  readonly rounds: number;
}

/** The middle of the rounds, each figure by itself; the ratio is of the middles. */
export function resultOf(events: number, rounds: readonly Round[]): Result {
  const seconds = middle(rounds.map((round) => round.seconds));
  const copySeconds = middle(rounds.map((round) => round.copySeconds));
  return {
    events,
    seconds: digits(seconds, 2),
    copy_seconds: digits(copySeconds, 2),
    ratio: digits(seconds / copySeconds, 2),
    peak_rss_mib: Math.round(Math.max(...rounds.map((round) => round.peakRssMib))),
    rows_per_s: Math.round(events / seconds),
    land_seconds: digits(middle(rounds.map((round) => round.landSeconds)), 2),
    rounds: rounds.length,
  };
}

export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? 0) + (sorted[Math.ceil(at)] ?? 0)) / 2;
}

export interface Night {
  readonly events: number;
  readonly history_days: number;
  /** Of each of those days. */
  readonly history_events: number;
  readonly seconds: number;
  readonly alone_seconds: number;
  readonly ratio: number;
  readonly peak_rss_mib: number;
  readonly rounds: number;
}

/** `seconds` and `alone`: the middles of the nights. */
export function nightOf(night: {
  readonly events: number;
  readonly history: number;
  readonly before: number;
  readonly seconds: number;
  readonly alone: number;
  readonly peakRssMib: number;
  readonly rounds: number;
}): Night {
  return {
    events: night.events,
    history_days: night.history,
    history_events: night.before,
    seconds: digits(night.seconds, 2),
    alone_seconds: digits(night.alone, 2),
    ratio: digits(night.seconds / night.alone, 2),
    peak_rss_mib: Math.round(night.peakRssMib),
    rounds: night.rounds,
  };
}

export function nightsTable(nights: readonly Night[]): string {
  const head = ['events', 'days before', 'of', 'night', 'day alone', 'ratio', 'peak MiB'];
  const rows = nights.map((night) => [
    grouped(night.events),
    grouped(night.history_days),
    grouped(night.history_events),
    night.seconds.toFixed(2),
    night.alone_seconds.toFixed(2),
    night.ratio.toFixed(2),
    grouped(night.peak_rss_mib),
  ]);
  return aligned([head, ...rows]);
}

export function tableOf(results: readonly Result[]): string {
  const head = ['events', 'seconds', 'copy', 'ratio', 'peak MiB', 'events/s', 'landing'];
  const rows = results.map((result) => [
    grouped(result.events),
    result.seconds.toFixed(2),
    result.copy_seconds.toFixed(2),
    result.ratio.toFixed(2),
    grouped(result.peak_rss_mib),
    grouped(result.rows_per_s),
    result.land_seconds.toFixed(2),
  ]);
  return aligned([head, ...rows]);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  ')).join('\n');
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

function digits(value: number, places: number): number {
  return Number(value.toFixed(places));
}
