// What may come next on a command line, told from the commands themselves.
import type { Argument, Command, Option } from 'commander';
import { visibleCommands, visibleOptions } from './command-tree.js';

export interface Candidate {
  readonly value: string;
  readonly means: string;
}

/** What only the folder that one works in can tell. None of it fails: where nothing can be known, nothing is offered. */
export interface Surroundings {
  readonly files: (typed: string, wanted: RegExp) => Promise<readonly string[]>;
  /** Of the pipeline that is named so far, or the one that lies here. */
  readonly months: (pipeline: string | undefined) => Promise<readonly string[]>;
  readonly runs: (pipeline: string | undefined) => Promise<readonly Candidate[]>;
}

/** The line up to the cursor. */
interface Line {
  readonly command: Command;
  readonly parameters: readonly string[];
  /** Flags and their values. */
  readonly given: ReadonlyMap<Option, string>;
  /** The option whose value the cursor is in. */
  readonly open: Option | null;
  readonly onlyParameters: boolean;
}

const YAML = /\.ya?ml$/;
const ANY = /./;
const NONE = /^$/;
/** A run may stand where a pipeline can be left out. */
const RUN = /^\d{4}-\d{2}/;

/** `words` are those after the name of the program; the last is the one that is typed, and may be empty. */
export async function completions(
  program: Command,
  words: readonly string[],
  around: Surroundings,
): Promise<readonly Candidate[]> {
  const separate = separated(words);
  const typed = separate.at(-1) ?? '';
  const line = lineOf(program, separate.slice(0, -1));
  const [, flag = ''] = /^(--[^=]+=)./.exec(`${words.at(-1) ?? ''} `) ?? [];
  const found = await candidatesOf(line, typed, around);
  return found.filter(({ value }) => value.startsWith(typed)).map(({ value, means }) => ({ value: flag + value, means }));
}

/** `--month=2026` as two words; bash cuts it into three. */
function separated(words: readonly string[]): readonly string[] {
  const apart = words.flatMap((word) => {
    const at = /^--[^=]+=/.test(word) ? word.indexOf('=') : -1;
    return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
  });
  return apart.flatMap((word, at) =>
    word !== '=' || !apart[at - 1]?.startsWith('--') ? [word] : at === apart.length - 1 ? [''] : [],
  );
}

function lineOf(program: Command, words: readonly string[]): Line {
  let command = program;
  let open: Option | null = null;
  let onlyParameters = false;
  const parameters: string[] = [];
  const given = new Map<Option, string>();
  for (const word of words) {
    const inner = visibleCommands(command).find((each) => each.name() === word);
    if (open !== null) {
      given.set(open, word);
      open = null;
    } else if (word === '--') onlyParameters = true;
    else if (word.startsWith('-') && !onlyParameters) {
      const option = visibleOptions(command).find((each) => each.long === word || each.short === word);
      if (option !== undefined) given.set(option, '');
      open = option?.required === true || option?.optional === true ? option : null;
    } else if (inner !== undefined && parameters.length === 0) command = inner;
    else parameters.push(word);
  }
  return { command, parameters, given, open, onlyParameters };
}

async function candidatesOf(line: Line, typed: string, around: Surroundings): Promise<readonly Candidate[]> {
  const { command, parameters, given, open, onlyParameters } = line;
  if (open !== null) return valuesOf(open, line, typed, around);
  const options = visibleOptions(command)
    .filter((option) => !given.has(option))
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', means: description }));
  if (typed.startsWith('-') && !onlyParameters) return options;
  const inner = visibleCommands(command).map((each) => ({ value: each.name(), means: each.description() }));
  const wanted = command.registeredArguments.slice(parameters.length);
  const next = wanted[0] ?? command.registeredArguments.find((each) => each.variadic);
  if (next !== undefined) return [...inner, ...(await parametersOf(next, line, typed, around))];
  return inner.length > 0 || onlyParameters ? inner : options;
}

async function valuesOf(option: Option, line: Line, typed: string, around: Surroundings): Promise<readonly Candidate[]> {
  if (option.argChoices !== undefined) return plain(option.argChoices);
  switch (/<([^>]+)>/.exec(option.flags)?.[1]) {
    case 'YYYY-MM':
      return plain(await around.months(pipelineOf(line)));
    case 'file':
    case 'csv':
      return plain(await around.files(typed, option.long === '--pipeline' ? YAML : ANY));
    case 'path':
      return plain(await around.files(typed, ANY));
    case 'folder':
      return plain(await around.files(typed, NONE));
    default:
      return [];
  }
}

async function parametersOf(argument: Argument, line: Line, typed: string, around: Surroundings): Promise<readonly Candidate[]> {
  if (argument.argChoices !== undefined) return plain(argument.argChoices);
  switch (argument.name()) {
    case 'pipeline':
      // Where a run may be named alone, the pipeline that lies here is meant.
      return [...plain(await around.files(typed, YAML)), ...(takesRun(line.command) ? await around.runs(undefined) : [])];
    case 'run':
      return around.runs(pipelineOf(line));
    case 'folder':
      return plain(await around.files(typed, NONE));
    default:
      return [];
  }
}

function takesRun(command: Command): boolean {
  return command.registeredArguments.some((argument) => argument.name() === 'run');
}

function pipelineOf({ command, parameters, given }: Line): string | undefined {
  const at = command.registeredArguments.findIndex((argument) => argument.name() === 'pipeline');
  const named = [...given].find(([option]) => option.long === '--pipeline')?.[1];
  const first = at < 0 ? undefined : parameters[at];
  return named ?? (first !== undefined && RUN.test(first) ? undefined : first);
}

function plain(values: readonly string[]): readonly Candidate[] {
  return values.map((value) => ({ value, means: '' }));
}
