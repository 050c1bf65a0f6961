// What `--json` prints of a real company is what docs/events.md says, kind by kind and field by field.
import { spawnSync } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { LINE_TEXTS, type LineText } from '../../src/cli/json-lines.js';
import { snakeCase } from '../../src/cli/ndjson.js';
import { tempFolder } from '../unit/cli/harness.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TEXTS: Readonly<Record<string, LineText | undefined>> = LINE_TEXTS;

type Line = Readonly<Record<string, unknown>> & { readonly kind: string };

let lines: readonly Line[] = [];
let codes: readonly (number | null)[] = [];
beforeAll(async () => {
  const cwd = await tempFolder('events');
  await cp(`${ROOT}fixtures/errors/.base/running`, cwd, { recursive: true });
  await writeFile(`${cwd}/usage/empty.jsonl`, '');
  const told = [['backfill', '--from', '2026-07'], ['run'], ['run', '--month', '2020-01'], ['gc']].map((args) =>
    spawnSync(process.execPath, [`${ROOT}dist/cli/main.js`, ...args, '--json'], { cwd, encoding: 'utf8', timeout: 240_000 }),
  );
  codes = told.map(({ status }) => status);
  lines = told.flatMap(({ stdout }) => stdout.trimEnd().split('\n')).map((line) => JSON.parse(line) as Line);
}, 300_000);

/** Kinds and fields that nobody documented. */
function undocumented(told: readonly Line[]): readonly string[] {
  const missing = told.flatMap(({ kind, ...fields }) => {
    const known = TEXTS[kind];
    if (known === undefined) return [kind];
    const names = Object.keys(known.fields).map(snakeCase);
    return Object.keys(fields)
      .filter((name) => !names.includes(name))
      .map((name) => `${kind}.${name}`);
  });
  return [...new Set(missing)];
}

describe('the lines of --json', () => {
  it('are all documented, with every field', () => {
    expect(codes).toEqual([0, 0, 2, 0]);
    expect(undocumented(lines)).toEqual([]);
  });

  it('are of every kind but what gc removes', () => {
    const seen = [...new Set(lines.map(({ kind }) => kind))].sort();
    expect(seen).toEqual(
      Object.keys(TEXTS)
        .filter((kind) => !/remove/.test(kind))
        .sort(),
    );
  });

  it('miss a planted kind and a planted field', () => {
    expect(undocumented([{ kind: 'planted' }, { kind: 'note', level: 'info', message: '', planted: 1 }])).toEqual([
      'planted',
      'note.planted',
    ]);
  });

  it('tell rows and bytes while the lake is loaded, and files and bytes of what landed', () => {
    expect(lines.find(({ kind, unit }) => kind === 'progress' && unit === 'bytes')).toMatchObject({
      step: 'load the lake',
      rows: expect.any(Number),
    });
    const landed = lines.find(({ step, state }) => step === 'land aws' && state === 'done');
    expect(landed).toMatchObject({ files: 1, bytes: expect.any(Number) });
    expect(landed).not.toHaveProperty('rows');
  });

  it('end with why it failed, in a form that a program can read', () => {
    const failure = lines.find(({ kind }) => kind === 'failure');
    expect(failure).toMatchObject({
      failure: 'user',
      exit_code: 2,
      problems: [{ code: 'run/scope', remedy: expect.any(String) }],
    });
  });

  it('stand on the page with their fields', async () => {
    const page = await readFile(`${ROOT}docs/events.md`, 'utf8');
    for (const [kind, text] of Object.entries(LINE_TEXTS)) {
      const section = page.split(`## \`${kind}\`\n`)[1]?.split('\n## ')[0] ?? '';
      for (const name of Object.keys(text.fields)) expect(section, kind).toContain(`| \`${snakeCase(name)}\` |`);
    }
  });
});
