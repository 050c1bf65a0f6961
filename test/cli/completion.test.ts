// Shell completion: what may come next, and the scripts in the shells that are here.
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openLedger } from '../../src/run/ledger.js';
import { cli, tempFolder } from '../unit/cli/harness.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PRICES = fileURLToPath(new URL('../../fixtures/errors/.base/running/prices.csv', import.meta.url));

let cwd = '';
beforeAll(async () => {
  cwd = await tempFolder('completion');
  const pipeline = `name: t
currency: USD
start: 2026-08
registry: { features: features.yaml }
prices: { list: [prices.csv] }
sources: [{ id: a, kind: usage, files: ["a.jsonl"] }]
`;
  await mkdir(`${cwd}/my files`);
  await mkdir(`${cwd}/.hidden`);
  await Promise.all([
    writeFile(`${cwd}/pipeline.yaml`, pipeline),
    writeFile(`${cwd}/my files/other.yml`, pipeline.replace('2026-08', '2026-10')),
    writeFile(`${cwd}/my files/features.yaml`, 'features: []\n'),
    writeFile(`${cwd}/broken.yaml`, 'name: [\n'),
    copyFile(PRICES, `${cwd}/prices.csv`),
    copyFile(PRICES, `${cwd}/my files/prices.csv`),
    writeFile(
      `${cwd}/features.yaml`,
      'features: [{ id: a, name: A, team: t, cost_center: c, category: x, owners: { feature: me } }]\n',
    ),
  ]);
  const ledger = openLedger(`${cwd}/.showback`, () => new Date('2026-10-01T02:00:00Z'));
  await ledger.started('2026-09-30', ['2026-09']);
  await ledger.finished('2026-09-30-aaaa', 'published', null);
});

/** The values that are offered, in order. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { code, out, err } = await cli(['complete', '--', ...words], { cwd });
  expect([code, err]).toEqual([0, '']);
  return out
    .split('\n')
    .flatMap((line) => line.split('\t')[0] ?? [])
    .filter((value) => value !== '');
}

describe('what may come next', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['commands', ['ba'], ['backfill']],
    ['commands of a command', ['rates', 's'], ['show', 'sync']],
    ['flags', ['run', '--mo'], ['--month']],
    ['flags of an inner command', ['rates', 'show', '--pro'], ['--provider', '--prompt-tokens']],
    ['no flag twice', ['run', '--force', '--fo'], []],
    ['choices of an option', ['sql', '--format', 'c'], ['csv']],
    ['choices of an argument', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['months of the pipeline that lies here', ['run', '--month', ''], ['2026-08', '2026-09', '2026-10']],
    ['months of the pipeline that is named', ['run', 'pipeline.yaml', '--month', '2026-09'], ['2026-09']],
    ['a value behind =', ['run', '--month=2026-1'], ['--month=2026-10']],
    ['a value behind =, as bash cuts it', ['run', '--month', '=', '2026-1'], ['2026-10']],
    ['nothing where the pipeline cannot be read', ['run', 'broken.yaml', '--month', ''], []],
    ['nothing for a value that nobody knows', ['run', '--threads', ''], []],
    ['pipeline files and folders', ['run', ''], ['broken.yaml', 'features.yaml', 'my files/', 'pipeline.yaml']],
    ['files below a folder', ['plan', 'my files/o'], ['my files/other.yml']],
    ['hidden folders on request', ['plan', '.h'], ['.hidden/']],
    ['any file for an option of one', ['rates', 'sync', '--file', 'p'], ['pipeline.yaml', 'prices.csv']],
    ['folders for an option of one', ['sql', '--out', ''], ['my files/']],
    ['runs', ['show', 'pipeline.yaml', ''], ['2026-09-30-aaaa']],
    ['runs of the pipeline that lies here', ['show', '2026'], ['2026-09-30-aaaa']],
    ['a second run', ['diff', '2026-09-30-aaaa', ''], ['2026-09-30-aaaa']],
    ['flags where nothing else can come', ['rates', 'sync', '--dry-run', ''], ['--file', '--on', '--debug', '--help']],
    ['no flag behind --', ['run', '--', '--mo'], []],
    ['nothing of a folder that is not there', ['run', 'nowhere/'], []],
  ])('is %s', async (_, words, values) => {
    expect(await offered(...words)).toEqual(values);
  });

  it('is told with what it means', async () => {
    const { out } = await cli(['complete', '--', 'g'], { cwd });
    expect(out).toMatch(/^gc\tremove old runs.+\n$/);
  });
});

describe('in a shell', () => {
  let path = '';
  beforeAll(async () => {
    const bin = await tempFolder('bin');
    await writeFile(`${bin}/showback`, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    await chmod(`${bin}/showback`, 0o755);
    path = `${bin}:${process.env['PATH'] ?? ''}`;
  });

  it('bash completes by its own machinery', () => {
    const script = `compopt() { :; }
source <(showback completion bash)
complete -p showback | grep -q -- '-F _showback' || exit 9
completed() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _showback showback; printf '%s: ' "\${@: -1}"; printf '%s\\n' "\${COMPREPLY[*]}"; }
completed showback com
completed showback run --month = 2026-08
completed showback run my`;
    const env = { ...process.env, PATH: path };
    const told = spawnSync('bash', ['--norc', '-c', script], { cwd, encoding: 'utf8', env, timeout: 60_000 });
    expect([told.status, told.stderr]).toEqual([0, '']);
    expect(told.stdout).toBe('com: completion\n2026-08: 2026-08\nmy: my\\ files/\n');
  });

  it.each(['bash', 'zsh', 'fish'])('the script for %s asks the program', async (shell) => {
    const { code, out } = await cli(['completion', shell]);
    expect(code).toBe(0);
    expect(out).toMatch(/ complete -- .+2>\/dev\/null/);
  });

  it('another one is refused', async () => {
    const told = await cli(['completion', 'tcsh']);
    expect(told.code).toBe(2);
    expect(told.err).toContain('allowed choices are bash, zsh, fish');
  });
});
