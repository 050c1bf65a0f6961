// An executor over scripted answers, with short waits and a folder of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../../src/kernel/failure.js';
import { type AthenaOptions, openAthena } from '../../../src/warehouse/athena-queries.js';
import type { AthenaEvent, AthenaQueries } from '../../../src/warehouse/athena-statement.js';
import { CREDENTIALS, Replies, type Script } from './athena-replies.js';

export const SHORT = {
  poll: 4,
  pollMost: 20,
  backoff: 4,
  backoffMost: 20,
  // Long enough for a machine under load; tests of what hangs shorten them.
  request: 10_000,
  patience: 30_000,
  stop: 10_000,
  grace: 10_000,
};

export class Company implements AsyncDisposable {
  readonly replies: Replies;
  readonly tokenDir = mkdtempSync(join(tmpdir(), 'showback-athena-'));
  readonly events: AthenaEvent[] = [];
  readonly #open: AthenaQueries[] = [];

  private constructor(replies: Replies) {
    this.replies = replies;
  }

  static async make(script: Script = {}): Promise<Company> {
    return new Company(await Replies.open(script));
  }

  options(more: Partial<AthenaOptions> = {}): AthenaOptions {
    return {
      workgroup: 'finops',
      database: 'showback',
      region: 'eu-central-1',
      endpoint: this.replies.endpoint,
      credentials: CREDENTIALS,
      output: 's3://lake/showback/',
      tokenDir: this.tokenDir,
      runId: 'run-1',
      budgetBytes: null,
      deadlineSeconds: 20,
      timers: SHORT,
      listener: (event) => this.events.push(event),
      ...more,
    };
  }

  /** A process over the same folder: closed with the company, unless it is killed. */
  async athena(more: Partial<AthenaOptions> = {}): Promise<AthenaQueries> {
    const athena = await openAthena(this.options(more));
    this.#open.push(athena);
    return athena;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const athena of this.#open) await athena[Symbol.asyncDispose]();
    await this.replies[Symbol.asyncDispose]();
    rmSync(this.tokenDir, { recursive: true, force: true });
  }
}

/** The failure that a promise ends with; anything else is an error of the test. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const thrown = await promise.then(
    (value) => new Error(`no failure, but ${String(value)}`),
    (error: unknown) => error,
  );
  if (thrown instanceof Failure) return thrown;
  throw thrown;
}

export function codesOf(failure: Failure): readonly string[] {
  return failure.problems.map(({ code }) => code);
}
