// Names of commands, flags and make targets that a page uses within its text or in commands that nobody runs.
import { cli } from '../unit/cli/harness.js';
import type { Page } from './page.js';

/** A sentence for each that does not exist. Commands that run are held to it by running. */
export async function unknownWords(page: Page, makefile: string): Promise<readonly string[]> {
  const leftOut = page.blocks.filter((block) => block.language === 'sh' && block.leftOut !== null);
  const lines = leftOut.flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'));
  const said: string[] = [];
  for (const text of [...page.code, ...lines.map((line) => line.trim())]) {
    const problem = text.startsWith('make ') ? targetProblem(text, makefile) : await commandProblem(text);
    if (problem !== null) said.push(`${page.path}: \`${text}\`: ${problem}`);
  }
  return said;
}

function targetProblem(text: string, makefile: string): string | null {
  const targets = text
    .split(/\s+/)
    .slice(1)
    .filter((word) => /^[a-z-]+$/.test(word));
  const known = (target: string): boolean => new RegExp(`^${target}:`, 'm').test(makefile);
  return targets.slice(0, 1).every(known) ? null : 'the Makefile has no such target';
}

async function commandProblem(text: string): Promise<string | null> {
  const [, words] = /^showback ((?:[^#|>&]|(?<=\S)#)*)/.exec(text) ?? [];
  if (words === undefined) return null;
  const [first = '', second = ''] = words.split(/\s+/);
  if (first.startsWith('-') || first === '') return null;
  const outer = await cli([first, '--help']);
  if (!outer.out.startsWith(`Usage: showback ${first} `)) return 'there is no such command';
  const isGroup = outer.out.includes('Commands:');
  const path = isGroup && second !== '' ? [first, second] : [first];
  const help = isGroup ? await cli([...path, '--help']) : outer;
  const flags = words.match(/(?<=\s)--[a-z-]+/g) ?? [];
  const unknown = flags.find((flag) => !new RegExp(`${flag}\\b(?!-)`).test(help.out));
  return unknown === undefined ? null : `showback ${path.join(' ')} has no ${unknown}`;
}
