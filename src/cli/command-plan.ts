// `showback plan`: the steps that `run` would execute, in their order, and what they would scan on Athena. Nothing is written.
import type { Command } from 'commander';
import type { Planned, ScanEstimate } from '../run/api.js';
import { bytesText, counted } from './figures-text.js';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, addScope, requestOf, type ScopeOptions } from './options.js';
import { type TableColumn, tableLines } from './table.js';

const EXAMPLES = `
Examples:
  $ showback plan
  $ showback plan pipelines/nightly.yaml --month 2026-09
  $ showback plan --json`;

export function addPlan(program: Command, io: Io): void {
  const command = program.command('plan').description('print the very steps that run executes; writes nothing');
  addScope(addPipelineArgument(command))
    .option('--json', 'one JSON object a step; on Athena one more, of kind `scan`')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: ScopeOptions & { readonly json?: boolean }) => {
      const runs = await io.runs();
      const { steps, scan } = await runs.planPipeline(await requestOf(pipeline, options, io));
      if (options.json === true) io.stdout.write(jsonLines({ steps, scan }));
      else io.stdout.write(`${textLines(steps.map(runs.describeStep))}${scan === null ? '' : scanText(scan, io)}`);
      if (scan !== null) warn(scan, io);
    });
}

function textLines(steps: readonly string[]): string {
  const width = String(steps.length).length;
  const lines = steps.map((step, at) => `${String(at + 1).padStart(width)}  ${step}\n`);
  return `${lines.join('')}${counted(steps.length, 'step')}\n`;
}

function jsonLines({ steps, scan }: Planned): string {
  const lines = steps.map(jsonLine).join('');
  return scan === null ? lines : `${lines}${jsonLine({ kind: 'scan', ...scan })}`;
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'scanned on Athena', align: 'left' },
  { title: 'bytes', align: 'right' },
];

/** Models that are told by name; the others scan less. */
const NAMED = 6;

function scanText({ parts, bytes, basis, budget }: ScanEstimate, io: Io): string {
  const named = parts.slice(0, NAMED + 1);
  const others = parts.slice(named.length);
  const rest = others.reduce((sum, part) => sum + part.bytes, 0);
  const rows = [
    ...named.map(({ what, bytes: own }) => [what === 'logs' ? 'logs, read twice' : what, bytesText(own)]),
    ...(others.length === 0 ? [] : [[counted(others.length, 'other model'), bytesText(rest)]]),
  ];
  const footer = [
    [basis === 'measured' ? 'about' : 'at most, so far as is known', bytesText(bytes)],
    ...(budget === null ? [] : [['budget', bytesText(budget)]]),
  ];
  const lines = tableLines(COLUMNS, rows, { width: io.stdout.columns(), paint: painter(io.stdout, io.env), footer });
  return `\n${[...lines, BASES[basis]].join('\n')}\n`;
}

const BASES: Readonly<Record<ScanEstimate['basis'], string>> = {
  measured: 'logs by the size of what landed; models as in the run before',
  sizes: 'by the size of what landed; what models read of each other is known after the first run',
};

function warn({ bytes, known, budget }: ScanEstimate, io: Io): void {
  if (budget === null || bytes <= budget) return;
  const what = known > budget ? 'is more than its budget: a run stops before its first query' : 'may be more than its budget';
  io.stderr.write(`warning: what a run scans ${what}; see scan_budget_gb of \`engine\`\n`);
}
