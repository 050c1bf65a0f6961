// What `showback init` found and wrote, on one screen, and as JSON.
import { relative } from 'node:path';
import { describeProblem, type Failure } from '../kernel/failure.js';
import type { NotTaken } from '../init/finding.js';
import type { InitResult } from '../init/init.js';
import { counted, countText, listed } from './figures-text.js';
import { type Io, type Paint, painter } from './io.js';
import { type TableColumn, tableLines } from './table.js';
import { displayWidth, printable } from './width.js';

/** What a run on the new files came to. */
export type Trial =
  | { readonly kind: 'passes'; readonly told: readonly string[] }
  | { readonly kind: 'fails'; readonly failure: Failure };

/** More of them are counted; --json has all. */
const SHOWN = 8;

type Source = InitResult['sources'][number];

export function initLines(result: InitResult, trial: Trial | null, io: Io): readonly string[] {
  const paint = painter(io.stdout, io.env);
  const width = io.stdout.columns();
  return [
    ...trialLines(trial, paint),
    ...sourceLines(result, width, paint),
    ...notTakenLines(result.notTaken, width, paint),
    ...stepLines(result.steps, width, paint),
    '',
    ...endLines(result, trial, { cwd: io.cwd, width, paint }),
  ];
}

/** What stops a run comes before all else. */
function trialLines(trial: Trial | null, paint: Paint): readonly string[] {
  if (trial?.kind !== 'fails') return [];
  const problems = trial.failure.problems.slice(0, SHOWN).flatMap((problem) =>
    describeProblem(problem)
      .split('\n')
      .map((line) => `  ${printable(line)}`),
  );
  return [`${paint(['red', 'bold'], '✘ a run would not publish yet')}: correct this first`, ...problems, ''];
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'source', align: 'left' },
  { title: 'what', align: 'left' },
  { title: 'files', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'of', align: 'left' },
  { title: 'from', align: 'left', shrinks: true },
];

const KINDS: Readonly<Record<Source['kind'], string>> = {
  usage: 'usage log',
  focus: 'FOCUS bill',
  'aws-cur': 'AWS Cost and Usage Report',
  'openai-costs': 'OpenAI costs',
  'anthropic-costs': 'Anthropic costs',
  'openai-usage': 'OpenAI usage',
  'anthropic-usage': 'Anthropic usage',
  'invoice-csv': 'invoice',
  'json-costs': 'costs as JSON',
};

function sourceLines({ sources }: InitResult, width: number, paint: Paint): readonly string[] {
  const rows = sources.map((source) => [
    source.id,
    whatOf(source),
    countText(source.files),
    rowsOf(source),
    timeOf(source),
    placeOf(source),
  ]);
  const part = sources.filter(({ isPart, opened, files }) => isPart || opened < files);
  const note =
    part.length === 0
      ? []
      : [
          `  ${paint('dim', `+ ${listed(part.map(({ id }) => id))}: only the first rows, or some of the files, were looked at; features, models and days are from those`)}`,
        ];
  return [...tableLines(COLUMNS, rows, { width, paint, indent: '  ' }), ...note];
}

function whatOf({ kind, role }: Source): string {
  return `${KINDS[kind]}${role === 'evidence' ? ' (compared)' : ''}`;
}

function rowsOf({ rows, isPart, opened, files }: Source): string {
  return `${countText(rows)}${isPart || opened < files ? '+' : ''}`;
}

function timeOf({ months, firstDay, lastDay, currencies }: Source): string {
  return [months.length > 0 ? spanText(months.at(0), months.at(-1)) : spanText(firstDay, lastDay), currencies.join(', ')]
    .filter((text) => text !== '')
    .join(' ');
}

function spanText(first: string | null | undefined, last: string | null | undefined): string {
  return first === last ? (first ?? '') : `${first ?? ''} – ${last ?? ''}`;
}

function placeOf({ spec }: Source): string {
  const { files, path } = spec;
  return Array.isArray(files) ? files.join(' ') : String(path);
}

function notTakenLines(notTaken: readonly NotTaken[], width: number, paint: Paint): readonly string[] {
  if (notTaken.length === 0) return [];
  const alike = new Map<string, NotTaken[]>();
  for (const each of notTaken)
    alike.set(`${each.reason}\n${each.remedy}`, [...(alike.get(`${each.reason}\n${each.remedy}`) ?? []), each]);
  const groups = [...alike.values()];
  const lines = groups.slice(0, SHOWN).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const more = group.length > 1 ? ` (and ${countText(group.length - 1)} more)` : '';
    return [
      ...wrapped(`  ${paint('yellow', '–')} `, `${first.file}${more}: ${first.reason}`, width),
      ...wrapped('    → ', first.remedy, width),
    ];
  });
  const rest = groups.slice(SHOWN).flat().length;
  return [
    '',
    paint('bold', `Not read: ${counted(notTaken.length, 'file')}`),
    ...lines,
    ...(rest > 0 ? [`  … and ${countText(rest)} more: --json has all`] : []),
  ];
}

function stepLines(steps: readonly string[], width: number, paint: Paint): readonly string[] {
  if (steps.length === 0) return [];
  const shown = steps.slice(0, SHOWN + 4);
  const lines = shown.flatMap((step, at) => wrapped(`  ${String(at + 1).padStart(2)}. `, step, width));
  const rest = steps.length - shown.length;
  return [
    '',
    paint('bold', 'What only you can tell'),
    ...lines,
    ...(rest > 0 ? [`      … and ${countText(rest)} more, in pipeline.yaml`] : []),
  ];
}

function endLines(
  result: InitResult,
  trial: Trial | null,
  { cwd, width, paint }: { readonly cwd: string; readonly width: number; readonly paint: Paint },
): readonly string[] {
  const { folder, written, currency, start, asOf, features, rules } = result;
  const place = relative(cwd, folder);
  const books = `books in ${currency} from ${start}${asOf === null ? '' : ` through ${asOf}`}`;
  const drafted = `${counted(features, 'feature')}, ${counted(rules, 'rule')}, ${books}`;
  const wrote = `wrote ${listed(written)}${place === '' ? '' : ` in ${place}`}: ${drafted}`;
  return [
    ...wrapped(`${paint('green', '✔')} `, wrote, width),
    ...(trial === null ? [paint('dim', '  not tried: the run itself tells whether all controls pass')] : []),
    ...(trial?.kind === 'passes' ? wrapped(`${paint('green', '✔')} `, `tried: ${trial.told.at(-1) ?? ''}`, width) : []),
    `${trial?.kind === 'fails' ? 'Once that is corrected' : 'Now'}: ${paint('bold', `showback run${place === '' ? '' : ` ${quoted(place)}`}`)}`,
  ];
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${printable(path).replaceAll("'", "'\\''")}'`;
}

/** Words in lines of the terminal's width, the later ones below the first. */
function wrapped(head: string, text: string, width: number): readonly string[] {
  const indent = ' '.repeat(displayWidth(head));
  const room = Math.max(30, width - indent.length);
  const lines: string[] = [];
  for (const word of printable(text).split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || displayWidth(line) + 1 + displayWidth(word) > room) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map((line, at) => `${at === 0 ? head : indent}${line}`);
}

/** All of it, for `--json`. */
export function initEvent(result: InitResult, trial: Trial | null): Readonly<Record<string, unknown>> {
  const { sources, notTaken, ...facts } = result;
  return {
    kind: 'init',
    ...facts,
    sources: sources.map(({ id, kind, role, provider, spec, files, opened, rows, isPart, months, firstDay, lastDay }) => {
      return { id, kind, role, provider, files, opened, rows, isPart, months, firstDay, lastDay, spec };
    }),
    notRead: notTaken,
    trial: trial === null ? 'not tried' : trial.kind,
    problems: trial?.kind === 'fails' ? trial.failure.problems : [],
  };
}
