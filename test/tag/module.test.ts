// The module as built: small, of nothing but Node, found by its name, and typed.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, 'dist/tag');
/** As docs/tag-your-calls.md says. */
const MOST_BYTES = 36 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'showback-module-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const built = readdirSync(BUILT).filter((name) => name.endsWith('.js'));
const textOf = (name: string): string => readFileSync(join(BUILT, name), 'utf8');
const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/\b(?:from|import)\s*\(?\s*(['"])(.+?)\1/g)].map(([, , name]) => String(name));

function node(text: string, cwd: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text], { cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the built module', () => {
  it('is small', () => {
    const bytes = built.reduce((sum, name) => sum + Buffer.byteLength(textOf(name)), 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(MOST_BYTES);
  });

  it('imports Node and its own files, nothing else', () => {
    const imported = built.flatMap((name) => importsOf(textOf(name)));
    const own = built.map((name) => `./${name}`);
    expect(imported).toEqual(expect.arrayContaining(['node:fs/promises', './record.js']));
    expect(imported.filter((name) => !own.includes(name) && !name.startsWith('node:'))).toEqual([]);
    expect(importsOf("import { z } from 'zod'; const a = await import(\"x\"); export * from './y.js'")).toEqual([
      'zod',
      'x',
      './y.js',
    ]);
  });

  it('works where there is nothing else of the package', () => {
    cpSync(BUILT, join(folder, 'alone/tag'), { recursive: true });
    writeFileSync(join(folder, 'alone/package.json'), '{ "type": "module" }');
    const program = `import { openTag } from './tag/tag.js';
      const tag = openTag({ folder: 'logs' });
      tag.openai({ model: 'gpt-4o', usage: { prompt_tokens: 5, completion_tokens: 1 } }, { feature_id: 'chat' });
      console.log(await tag.close());`;
    expect(node(program, join(folder, 'alone'))).toEqual({ status: 0, stdout: 'true\n', stderr: '' });
    const [name = ''] = readdirSync(join(folder, 'alone/logs'));
    expect(JSON.parse(readFileSync(join(folder, 'alone/logs', name), 'utf8'))).toMatchObject({
      input_tokens: 5,
      feature_id: 'chat',
    });
  });

  it('has the name `showback/tag`, and the package has no other way in', () => {
    expect(node("console.log(Object.keys(await import('showback/tag')).join())", ROOT).stdout).toBe('openTag\n');
    const other = "await import('showback/dist/cli/main.js')";
    expect(node(other, ROOT).stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

describe('its types', () => {
  const PROGRAM = `import { openTag, type Problem, type Sink, type Tag } from 'showback/tag';
    const sink: Sink = { write: (lines) => void lines.map((line: string) => line.length) };
    const tag: Tag = openTag({ folder: 'logs', tags: { environment: 'prod' }, onProblem: (problem: Problem) => problem.kind });
    tag.openai({}, { feature_id: 'chat', customer_id: undefined });
    const kept: boolean = await openTag({ sink }).close();
    tag.call({ feature_id: 'chat' }).openai({}, { run_ms: kept ? 1 : 2 });
  `;
  /** What the compiler says of a program that uses the package as installed. */
  function compile(name: string, text: string): string {
    const place = join(folder, name);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'program.mts'), text);
    // The strictest that a user may have, and the library checked too.
    const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false };
    const paths = { 'showback/tag': [join(BUILT, 'tag.d.ts')] };
    const modules = {
      target: 'ES2022',
      module: 'NodeNext',
      lib: ['ES2022'],
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    };
    const compilerOptions = { ...modules, ...strict, noEmit: true, paths };
    writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.mts'] }));
    return spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', place], { encoding: 'utf8' }).stdout;
  }

  it('take what the page shows', () => {
    expect(compile('right', PROGRAM)).toBe('');
  });

  it.each([
    ['no feature', 'tag.openai({}, { customer_id: "acme" });', 'feature_id'],
    ['a vector query that nobody charges for', 'tag.vectorQuery({}, { feature_id: "chat" });', 'provider'],
    ['a failure of nobody', 'tag.call({ feature_id: "chat" }).failed({});', 'provider'],
    ['a field that is not there', 'tag.openai({}, { feature_id: "chat", prompt: "x" });', 'prompt'],
    ['neither folder nor sink', 'openTag({ name: "x" });', 'sink'],
  ])('refuse %s', (name, line, told) => {
    const said = compile(name.replaceAll(' ', '-'), `${PROGRAM}${line}\n`);
    expect([said.split('\n').filter((one) => one.includes('error TS')).length, said]).toEqual([1, expect.stringContaining(told)]);
  });
});
