// The pages of all commands, and of all lines that `--json` prints.
import { block, cellText, page, table } from './markdown.js';

interface Command {
  readonly path: string;
  readonly about: string;
  readonly usage: string;
  readonly parameters: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly {
    readonly flags: string;
    readonly about: string;
    readonly choices: readonly string[];
    readonly standard: string;
  }[];
  readonly examples: string;
  readonly notes: readonly string[];
}

interface Line {
  readonly means: string;
  readonly fields: Readonly<Record<string, string>>;
}

export function commandPage(commands: readonly Command[], exits: string): string {
  return page('src/cli/command-*.ts', [
    '# Commands',
    `Results go to stdout, progress and errors to stderr. A terminal shows a live list of steps, anything else dated lines;
\`--json\` gives [events](events.md). \`NO_COLOR\` and \`TERM=dumb\` take colours away, \`FORCE_COLOR=1\` brings them into a file.
\`showback completion bash\` (or zsh, fish) prints what makes a shell complete all of this.`,
    `${exits.replaceAll('\n', ' ')}. Every error: [errors](errors.md).`,
    table(
      ['command', 'does'],
      commands.map(({ path, about }) => [`[\`${path}\`](#showback-${path.replaceAll(' ', '-')})`, cellText(about)]),
    ),
    ...commands.flatMap(commandParts),
  ]);
}

function commandParts({ path, about, usage, parameters, options, examples, notes }: Command): readonly string[] {
  const rows = [
    ...parameters.map(({ name, about: text }) => [`\`${name}\``, cellText(text)]),
    ...options.map(({ flags, about: text, choices, standard }) => [
      `\`${flags}\``,
      cellText(
        `${text}${choices.length === 0 ? '' : `: ${choices.join(', ')}`}${standard === '' ? '' : ` (default: ${standard})`}`,
      ),
    ]),
  ];
  return [
    `## showback ${path}`,
    `${about.charAt(0).toUpperCase()}${about.slice(1)}.`,
    block(usage),
    table(['argument or option', ''], rows),
    block(examples.replace(/^ {2}/gm, ''), 'console'),
    ...notes,
  ];
}

/** `spelled` is how a field is written on a line. */
export function eventPage(lines: Readonly<Record<string, Line>>, spelled: (name: string) => string): string {
  return page('src/cli/json-lines.ts', [
    '# Events',
    `With \`--json\`, \`run\`, \`backfill\` and \`gc\` tell everything as one JSON object a line on stdout, and nothing else there. \`kind\` says
what a line is; a field that has nothing to say is left out. Later versions may add kinds and fields. Amounts of money are
text with every digit, never numbers. Other commands print one object, and on a failure the line \`failure\` too.`,
    ...Object.entries(lines).flatMap(([kind, { means, fields }]) => [
      `## \`${kind}\``,
      means,
      table(
        ['field', 'is'],
        Object.entries(fields).map(([name, text]) => [`\`${spelled(name)}\``, cellText(text)]),
      ),
    ]),
    'The failure of a run, in a shell:',
    block(`showback run --json | grep '^{"kind":"failure"' || echo 'it did not fail'`, 'sh'),
  ]);
}
