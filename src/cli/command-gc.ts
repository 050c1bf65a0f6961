// `showback gc`: what was removed, by kind, and what the retention is.
import type { Command } from 'commander';
import type { GcResult, Waste, WasteKind } from '../run/api.js';
import { bytesText, counted, countText } from './figures-text.js';
import { type Io, painter } from './io.js';
import { addPipelineArgument, waitOption } from './options.js';
import { findPipeline } from './pipeline-file.js';
import type { GcLine } from './json-lines.js';
import { jsonLine } from './ndjson.js';
import { viewOf } from './run-view.js';
import { type TableColumn, tableLines } from './table.js';
import { printable } from './width.js';

interface GcOptions {
  readonly dryRun?: boolean;
  readonly wait?: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback gc --dry-run                       what would go
  $ showback gc                                 what is beyond the retention of the pipeline
  $ showback run nightly.yaml && showback gc nightly.yaml
  $ showback gc --json > gc.ndjson              one JSON object for each file or folder that went, the totals last`;

export function addGc(program: Command, io: Io): void {
  const command = program
    .command('gc')
    .description('remove old runs, replaced deliveries and unused lake files; see docs/state.md');
  addPipelineArgument(command)
    .option('--dry-run', 'tell what would go, and remove nothing')
    .addOption(waitOption())
    .option('--json', 'tell everything as one JSON object a line on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: GcOptions) => gc(pipeline, options, io));
}

async function gc(given: string | undefined, options: GcOptions, io: Io): Promise<void> {
  const dryRun = options.dryRun === true;
  const { collectGarbage } = await io.runs();
  const result = await collectGarbage({
    pipelineFile: await findPipeline(given, io.cwd),
    dryRun,
    ...(options.wait === undefined ? {} : { wait: options.wait }),
    listener: viewOf(options, io).listen,
    now: io.now,
  });
  if (options.json === true) io.stdout.write(jsonLines(result, dryRun).map(jsonLine).join(''));
  else tell(result, dryRun, io);
}

function jsonLines({ waste, notes, retention }: GcResult, dryRun: boolean): readonly GcLine[] {
  const { files, bytes } = totalOf(waste);
  const kind = dryRun ? 'would-remove' : 'removed';
  return [
    ...notes.map((message): GcLine => ({ kind: 'note', level: 'warning', message })),
    ...waste.map((item): GcLine => ({ kind, what: item.kind, path: item.path, files: item.files, bytes: item.bytes })),
    { kind: 'gc-finished', dryRun, files, bytes, retention },
  ];
}

const NAMES: Readonly<Record<WasteKind, string>> = {
  leftover: 'left by killed runs',
  'published-run': 'published runs',
  run: 'warehouses of runs',
  delivery: 'replaced deliveries',
  unnamed: 'landed, never noted',
  'lake-file': 'lake',
  'athena-notes': 'queries of runs on Athena',
  'athena-run': 'unfinished runs on S3',
  upload: 'logs on S3',
  's3-run': 'published runs on S3',
  'athena-table': 'tables on Athena',
  'athena-partition': 'partitions on Athena',
};

const COLUMNS: readonly TableColumn[] = [
  { title: 'what', align: 'left' },
  { title: 'files', align: 'right' },
  { title: 'bytes', align: 'right' },
];

function tell({ waste, notes, retention, kinds: looked }: GcResult, dryRun: boolean, io: Io): void {
  for (const note of notes) io.stderr.write(`warning: ${printable(note)}\n`);
  const kinds = (Object.keys(NAMES) as WasteKind[])
    .filter((kind) => looked.includes(kind))
    .map((kind) => {
      const { files, bytes } = totalOf(waste.filter((item) => item.kind === kind));
      return [NAMES[kind], countText(files), bytesText(bytes)];
    });
  const { files, bytes } = totalOf(waste);
  const paint = painter(io.stdout, io.env);
  const footer = [[dryRun ? 'would go' : 'went', countText(files), bytesText(bytes)]];
  const lines = tableLines(COLUMNS, kinds, { width: io.stdout.columns(), paint, footer });
  const days = counted(retention.deliveriesDays, 'day');
  const rule = `retention: ${counted(retention.runs, 'published run')}; deliveries for ${days} after they were replaced`;
  io.stdout.write(`${[...lines, rule].join('\n')}\n`);
}

function totalOf(waste: readonly Waste[]): { readonly files: number; readonly bytes: number } {
  return waste.reduce((sum, item) => ({ files: sum.files + item.files, bytes: sum.bytes + item.bytes }), { files: 0, bytes: 0 });
}
