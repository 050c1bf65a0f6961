// Runs the commands of a page as its reader would: one after the other, in one folder, until one fails.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Page } from './page.js';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

/** Blocks that hold no commands. Anything else is a spelling of `sh` that nobody would run. */
const SILENT = new Set(['', 'text', 'console', 'yaml', 'json', 'sql', 'ini', 'python', 'ts', 'csv']);

/** What is wrong with the commands of a page, run in `folder`; nothing where all end with 0 and print what is shown. */
export function wrongCommands(page: Page, folder: string): readonly string[] {
  const unknown = page.blocks.filter(({ language }) => language !== 'sh' && !SILENT.has(language));
  if (unknown.length > 0)
    return unknown.map(({ line, language }) => `${page.path}:${line}: nobody runs ${language}: commands are sh`);
  let cwd = folder;
  for (const { language, text, line, leftOut, shown } of page.blocks) {
    if (language !== 'sh') continue;
    if (leftOut === '') return [`${page.path}:${line}: left out, but the comment does not say why`];
    if (leftOut !== null) continue;
    const told = runIn(cwd, folder, text);
    if (told.status !== 0) return [`${page.path}:${line}: ended with ${told.status}\n${told.stdout}${told.stderr}`];
    if (shown !== null && !isLike(told.stdout, shown))
      return [`${page.path}:${line}: printed\n${told.stdout}\nand not\n${shown}`];
    cwd = told.cwd;
  }
  return [];
}

function runIn(cwd: string, folder: string, text: string) {
  const trace = join(binOf(folder), 'cwd');
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', `${text}\npwd > '${trace}'`], {
    cwd,
    env: {
      ...process.env,
      PATH: `${binOf(folder)}:${dirname(process.execPath)}:${process.env['PATH']}`,
      NO_COLOR: '1',
      COLUMNS: '100',
    },
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, stdout, stderr, cwd: status === 0 ? readFileSync(trace, 'utf8').trim() : cwd };
}

/** Beside the folder, so that a page sees only its own files. */
function binOf(folder: string): string {
  return `${folder}.bin`;
}

/** Puts `showback` on the PATH of what runs in the folder. */
export function provide(folder: string): string {
  mkdirSync(binOf(folder), { recursive: true });
  writeFileSync(join(binOf(folder), 'main.sh'), `#!/bin/sh\nexec node '${MAIN}' "$@"\n`, { mode: 0o755 });
  symlinkSync('main.sh', join(binOf(folder), 'showback'));
  return folder;
}

/** `…` alone on a line is any lines, within a line any text; space at the end of lines does not count. */
export function isLike(printed: string, shown: string): boolean {
  const pattern = shown
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\n)*' : `${line.trimEnd().split('…').map(literally).join('.*')}[ \t]*\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${printed.trimEnd()}\n`);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
