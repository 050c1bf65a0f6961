// `showback statements`: what each customer of a closed month cost, one file each.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Month } from '../kernel/period.js';
import type { StatementsResult } from '../run/closing-api.js';
import { counted } from './figures-text.js';
import type { Io } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, parseMonth } from './options.js';
import { findPipeline } from './pipeline-file.js';
import { printable } from './width.js';

interface StatementsOptions {
  readonly out: string;
  readonly customer?: readonly string[];
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback statements 2026-08 --out statements             statements/2026-08/<customer>.csv, and an index
  $ showback statements 2026-08 --out to-acme --customer acme
  $ showback statements 2026-08 nightly.yaml --out statements --json

A file holds the rows of one customer only. The lines of _index.csv sum to what the month was closed with. docs/chargeback.md`;

export function addStatements(program: Command, io: Io): void {
  const command = program
    .command('statements')
    .description('write a closed month as one CSV a customer, with an index that sums to the ledger')
    .argument('<month>', 'a closed month, as 2026-08', parseMonth);
  addPipelineArgument(command)
    .requiredOption('--out <dir>', 'where to: a folder of the month is made in it, or replaced')
    .option('--customer <id>', 'this customer only; may be given again', collected)
    .option('--json', 'what was written as one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (month: Month, pipeline: string | undefined, options: StatementsOptions) => {
      await statements(month, pipeline, options, io);
    });
}

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function statements(month: Month, pipeline: string | undefined, options: StatementsOptions, io: Io): Promise<void> {
  const { writeStatements } = await io.runs();
  const result = await writeStatements({
    pipelineFile: await findPipeline(pipeline, io.cwd),
    month,
    dir: resolve(io.cwd, options.out),
    customers: options.customer ?? [],
    signal: io.orderly?.(),
  });
  io.stdout.write(options.json === true ? jsonLine({ kind: 'statements', ...result }) : `${lines(result).join('\n')}\n`);
}

function lines({ month, dir, statements: written, totals }: StatementsResult): readonly string[] {
  return [`${month}: ${counted(written, 'statement')} in ${printable(dir)}`, ...totals.map(totalLine)];
}

function totalLine({ currency, stated, others, nobody, total }: StatementsResult['totals'][number]): string {
  const parts = [
    `${minor(stated)} stated`,
    ...(/[1-9]/.test(others) ? [`${minor(others)} of other customers`] : []),
    `${minor(nobody)} of no customer`,
  ];
  return `  ${currency}: ${parts.join(', ')}; ${minor(total)} as closed`;
}

function minor(amount: string): string {
  return amount.replace(/(\.\d\d)0+$/, '$1');
}
