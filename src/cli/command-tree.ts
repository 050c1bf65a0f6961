// The commands as data: what the reference is made of, and what a shell completes.
import type { Argument, Command, Option } from 'commander';

export interface CommandText {
  /** `rates show`; empty for the program itself. */
  readonly path: string;
  readonly about: string;
  readonly usage: string;
  readonly parameters: readonly ParameterText[];
  readonly options: readonly OptionText[];
  /** Lines of commands, as its help shows them. */
  readonly examples: string;
  readonly notes: readonly string[];
}

export interface ParameterText {
  readonly name: string;
  readonly about: string;
}

export interface OptionText {
  readonly flags: string;
  readonly about: string;
  readonly choices: readonly string[];
  readonly standard: string;
}

/** Lines that fit a terminal of 80 columns. */
export const EXIT_CODES = `Exit codes: 0 done or nothing to do · 1 a bug · 2 configuration or arguments ·
3 a check failed, nothing published · 4 a source or engine is unavailable, retry
later · 75 another run is at work · 130/143 stopped by a signal`;

/** The command and all below it, hidden ones too. */
export function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap((inner) => everyCommand(inner))];
}

export function pathOf(command: Command): string {
  if (command.parent === null) return '';
  return [pathOf(command.parent), command.name()].filter((name) => name !== '').join(' ');
}

export function visibleCommands(command: Command): readonly Command[] {
  return command.createHelp().visibleCommands(command);
}

export function visibleOptions(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

/** Of every command that does something, in the order of the help. */
export function commandTexts(program: Command): readonly CommandText[] {
  return visibleCommands(program)
    .flatMap(withInner)
    .filter((command) => command.commands.length === 0 && command.name() !== 'help')
    .map(textOf);
}

function withInner(command: Command): readonly Command[] {
  return [command, ...visibleCommands(command).flatMap(withInner)];
}

function textOf(command: Command): CommandText {
  return {
    path: pathOf(command),
    about: command.description(),
    usage: `showback ${pathOf(command)} ${command.usage()}`,
    parameters: command.registeredArguments.map(parameterText),
    options: visibleOptions(command).map(optionText),
    ...examplesOf(command),
  };
}

function parameterText(argument: Argument): ParameterText {
  const choices = argument.argChoices === undefined ? '' : `: ${argument.argChoices.join(', ')}`;
  return { name: argument.name(), about: `${argument.description}${choices}` };
}

function optionText({ flags, description, argChoices, defaultValue, defaultValueDescription }: Option): OptionText {
  const plain = typeof defaultValue === 'string' || typeof defaultValue === 'number' ? String(defaultValue) : '';
  return { flags, about: description, choices: argChoices ?? [], standard: defaultValueDescription ?? plain };
}

/** What the help says below `Examples:`, and behind it. */
function examplesOf(command: Command): Pick<CommandText, 'examples' | 'notes'> {
  const kept = command.configureOutput();
  let help = '';
  command.configureOutput({ ...kept, writeOut: (text) => (help += text) });
  command.outputHelp();
  command.configureOutput(kept);
  const [examples = '', ...notes] = (/\nExamples:\n([\s\S]*)$/.exec(help)?.[1] ?? '').trimEnd().split('\n\n');
  return { examples, notes };
}
