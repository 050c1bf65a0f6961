// The command line in-process: streams that remember, a clock that stands, and runs that do what a test says.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Io, Output, Runs } from '../../../src/cli/io.js';
import { jsonLine } from '../../../src/cli/ndjson.js';
import { buildProgram, runCli } from '../../../src/cli/program.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';

export interface Screen extends Output {
  /** Of bytes that were sent, one character each. */
  text: string;
}

export function screen(options: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number } = {}): Screen {
  const output: Screen = {
    text: '',
    write: (text) => {
      output.text += text;
    },
    send: async (data) => {
      output.text += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    },
    isTTY: options.isTTY ?? false,
    columns: () => options.columns ?? 100,
    rows: () => options.rows ?? 24,
  };
  return output;
}

/** A value as `--json` spells it. */
export const spelled = (value: unknown): unknown => JSON.parse(jsonLine(value));

export const unused = async (): Promise<never> => Promise.reject(new Error('this command must not come here'));

export const NO_RUNS: Runs = {
  runPipeline: unused,
  runBackfill: unused,
  collectGarbage: unused,
  planPipeline: unused,
  checkPipeline: unused,
  describeStep: (step) => step.kind,
  diffDeliveries: unused,
  diffRuns: unused,
  closeMonth: unused,
  reopenMonth: unused,
  verifyMonth: unused,
  reratePipeline: unused,
  writeStatements: unused,
};

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The commands, for who looks at them only. */
export function program(): Command {
  return buildProgram(ioOf(screen(), screen()));
}

export function ioOf(stdout: Screen, stderr: Screen): Io {
  return {
    stdout,
    stderr,
    stdin: async () => '',
    env: {},
    cwd: tmpdir(),
    now: () => new Date('2026-10-01T02:00:00Z'),
    runs: async () => NO_RUNS,
    sqlChild: SQL_CHILD,
  };
}

export async function cli(args: readonly string[], changes: Partial<Omit<Io, 'stdout' | 'stderr'>> = {}): Promise<Told> {
  const [stdout, stderr] = [screen(), screen()];
  const code = await runCli(args, { ...ioOf(stdout, stderr), ...changes });
  return { code, out: stdout.text, err: stderr.text };
}

/** As built: `make test` builds first, and it starts in half the time. */
export const SQL_CHILD = {
  file: fileURLToPath(new URL('../../../dist/cli/sql-child.js', import.meta.url)),
  execArgv: [],
};

/** A folder of its own, gone after the run of the tests. */
export async function tempFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `showback-${name}-`));
}

/** A folder with an empty pipeline file, for commands that only need to find one. */
export async function companyFolder(): Promise<string> {
  const dir = await tempFolder('company');
  await writeFile(join(dir, 'pipeline.yaml'), 'name: test\n');
  return dir;
}

interface StatementCells {
  readonly month: string;
  readonly feature: string;
  readonly team: string;
  readonly amount: string;
  readonly share?: string;
  readonly previous?: string;
}

/** A warehouse file with the two marts that a summary reads. */
export async function warehouseFile(
  dir: string,
  statement: readonly StatementCells[],
  controls: readonly (readonly string[])[],
): Promise<string> {
  const path = join(dir, 'warehouse.duckdb');
  await using warehouse = await openDuckDb({ path, threads: 1 });
  await warehouse.run(`CREATE SCHEMA marts;
    CREATE TABLE marts.showback_feature_month (billing_month VARCHAR, feature_id VARCHAR, feature_name VARCHAR, team VARCHAR,
      currency VARCHAR, amount DECIMAL(38,12), statement_amount DECIMAL(38,4), share DECIMAL(26,6), previous_month_amount DECIMAL(38,12));
    CREATE TABLE marts.reconciliation_month (billing_month VARCHAR, control VARCHAR, scope VARCHAR, currency VARCHAR,
      expected DECIMAL(38,12), actual DECIMAL(38,12), difference DECIMAL(38,12), tolerance DECIMAL(38,12), passed BOOLEAN)`);
  await warehouse.insert(
    'marts.showback_feature_month',
    [
      'billing_month',
      'feature_id',
      'feature_name',
      'team',
      'currency',
      'amount',
      'statement_amount',
      'share',
      'previous_month_amount',
    ],
    statement.map(({ month, feature, team, amount, share, previous }) => [
      month,
      feature.startsWith('(') ? feature : feature.toLowerCase(),
      feature,
      team,
      'USD',
      amount,
      amount,
      share ?? null,
      previous ?? null,
    ]),
  );
  await warehouse.insert(
    'marts.reconciliation_month',
    ['billing_month', 'control', 'scope', 'currency', 'expected', 'actual', 'difference', 'tolerance', 'passed'],
    controls,
  );
  return path;
}
