// `showback completion`: what makes a shell complete commands, flags, choices, pipeline files, months and runs.
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import { completionScript, type Shell, SHELLS } from './completion-scripts.js';
import { type Candidate, completions, type Surroundings } from './completions.js';
import type { Io } from './io.js';
import { placesOf } from './published-run.js';
import { printable } from './width.js';

const EXAMPLES = `
Examples:
  $ showback completion bash >> ~/.bashrc
  $ showback completion zsh >> ~/.zshrc                                   after compinit
  $ showback completion fish > ~/.config/fish/completions/showback.fish`;

const RUNS_OFFERED = 20;

export function addCompletion(program: Command, io: Io): void {
  program
    .command('completion')
    .description('print what makes a shell complete showback')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action((shell: Shell) => io.stdout.write(completionScript(shell)));
  program
    .command('complete', { hidden: true })
    .description('what the scripts of `completion` ask: a candidate a line, a tab, and what it means')
    .argument('[words...]', 'the words after the name of the program; the last is the one being typed')
    .addHelpText('after', '\nExamples:\n  $ showback complete -- run --mo')
    .action(async (words: readonly string[]) => {
      const found = await completions(program, words.length === 0 ? [''] : words, surroundings(io));
      io.stdout.write(found.map(({ value, means }) => `${printable(value)}\t${printable(means)}\n`).join(''));
    });
}

function surroundings(io: Io): Surroundings {
  return {
    files: async (typed, wanted) => filesAt(typed, wanted, io.cwd),
    months: async (pipeline) => orNothing(monthsOf(pipeline, io)),
    runs: async (pipeline) => orNothing(runsOf(pipeline, io)),
  };
}

/** Whoever presses a key has not asked to hear what is wrong with a pipeline. */
async function orNothing<T>(found: Promise<readonly T[]>): Promise<readonly T[]> {
  return found.catch((error: unknown) => {
    if (error instanceof Failure) return [];
    throw error;
  });
}

/** Files whose name is wanted, and every folder, with its slash. */
async function filesAt(typed: string, wanted: RegExp, cwd: string): Promise<readonly string[]> {
  const folder = typed.endsWith('/') ? typed : join(dirname(typed), '/');
  const shown = typed.includes('/') ? folder : '';
  const entries = await readdir(resolve(cwd, folder), { withFileTypes: true }).catch(() => []);
  return entries
    .filter(({ name }) => !name.startsWith('.') || typed.slice(shown.length).startsWith('.'))
    .filter((entry) => entry.isDirectory() || wanted.test(entry.name))
    .map((entry) => `${shown}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .sort();
}

/** From the first month of the pipeline through that of today. */
async function monthsOf(pipeline: string | undefined, io: Io): Promise<readonly string[]> {
  const [{ readPipeline }, { findPipeline }] = await Promise.all([import('../pipeline/read.js'), import('./pipeline-file.js')]);
  const { monthsThrough } = await import('../kernel/period.js');
  const { start } = await readPipeline(await findPipeline(pipeline, io.cwd));
  return monthsThrough(start, io.now().toISOString().slice(0, 7));
}

async function runsOf(pipeline: string | undefined, io: Io): Promise<readonly Candidate[]> {
  const { readHistory } = await import('../run/ledger.js');
  const { stateDir } = await placesOf(pipeline === undefined ? {} : { pipeline }, io.cwd);
  const ended = (await readHistory(stateDir)).filter((run) => run.runId !== '').slice(-RUNS_OFFERED);
  const newest = new Map(ended.map((run) => [run.runId, `${run.outcome ?? ''} ${run.startedAt.slice(0, 16).replace('T', ' ')}`]));
  return [...newest].map(([value, means]) => ({ value, means }));
}
