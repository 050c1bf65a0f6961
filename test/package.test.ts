// The package: packed from a clean tree, installed elsewhere, used from a third place.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadLinks } from './docs/links.js';
import { readPage } from './docs/page.js';
import { cleanTree, ENV, filesBelow, install, misfits, pack } from './package/packed.js';

const folder = mkdtempSync(join(tmpdir(), 'showback-package-'));
const place = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Prices and aliases are the package's own: it must find them. */
const COMPANY: Readonly<Record<string, string>> = {
  'pipeline.yaml': `name: shop
currency: USD
start: 2026-07
as_of: 2026-07-31
registry: { features: features.yaml, aliases: ["builtin:aliases.csv"] }
prices: { list: ["builtin:list.csv"] }
sources: [{ id: app, kind: usage, files: ["logs/*.jsonl"] }]
`,
  'features.yaml': `features:
  - { id: search, name: Search, team: core, cost_center: CC-1, category: product, owners: { feature: Ann Lee } }
`,
  'logs/july.jsonl': `${JSON.stringify({
    event_id: 'e1',
    event_time: '2026-07-03T10:00:00Z',
    provider: 'openai',
    model: 'gpt-4o',
    feature_id: 'search',
    input_tokens: 1_000_000,
    output_tokens: 100_000,
  })}\n`,
};

let tree = '';
let home = '';
beforeAll(() => {
  tree = cleanTree(place('tree'));
  mkdirSync(place('prefix'));
  home = install(pack(tree), place('prefix'));
  for (const [name, text] of Object.entries(COMPANY)) {
    mkdirSync(join(place('a company'), name, '..'), { recursive: true });
    writeFileSync(join(place('a company'), name), text);
  }
}, 120_000);

/** The installed command, as the shell finds it. */
function showback(...words: readonly string[]) {
  const env = { ...ENV, PATH: `${place('prefix/bin')}:${ENV.PATH}`, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync('showback', words, { cwd: place('a company'), env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

interface Manifest {
  readonly version: string;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function manifestOf(packageFolder: string): Manifest {
  return JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as Manifest;
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const name of filesBelow(home)) hash.update(name).update(readFileSync(join(home, name)));
  return hash.digest('hex');
}

describe('the installed package', () => {
  it('holds what runs and what is read, nothing else', () => {
    expect(misfits(tree, filesBelow(home))).toEqual([]);
  });

  it('would be told to lack a folder that `files` forgets, and to hold one that it must not', () => {
    const manifest = manifestOf(tree);
    const files = [...manifest.files.filter((name) => name !== 'rates'), 'src/kernel'];
    writeFileSync(join(tree, 'package.json'), JSON.stringify({ ...manifest, files }));
    const listing = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
      cwd: tree,
      env: ENV,
      stdio: 'pipe',
    });
    const [{ files: packed } = { files: [] }] = JSON.parse(String(listing)) as readonly {
      readonly files: readonly { path: string }[];
    }[];
    const told = misfits(
      tree,
      packed.map(({ path }) => path),
    );
    expect(told).toContain('missing: rates/list.csv');
    expect(told).toContain('not wanted: src/kernel/failure.ts');
  });

  it('has the packages that were tested, and none for development', () => {
    const { dependencies, devDependencies } = manifestOf(home);
    const installed = Object.keys(dependencies).map((name) => [name, manifestOf(join(home, 'node_modules', name)).version]);
    expect(Object.fromEntries(installed)).toEqual(dependencies);
    expect(Object.keys(devDependencies).filter((name) => existsSync(join(home, 'node_modules', name)))).toEqual(['@types/node']);
  });

  it('tells its version and its commands', () => {
    expect(showback('--version')).toEqual({ status: 0, stdout: `${manifestOf(home).version}\n`, stderr: '' });
    expect(showback('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('showback run') as string,
      stderr: '',
    });
  });

  it('has pages whose links lead within it, but for those about a clone', () => {
    const aboutClones = /\[[./]*(?:ARCHITECTURE|CONTRIBUTING|DECISIONS)[.]md|\[[./]*fixtures\/|\[[./]*pipelines\/demo[.]yaml/;
    const pages = filesBelow(home).filter((name) => name.endsWith('.md'));
    const dead = pages.flatMap((name) => deadLinks(home, readPage(home, name)));
    expect(pages.length).toBeGreaterThan(20);
    expect(dead.filter((problem) => !aboutClones.test(problem))).toEqual([]);
  });

  it('gives other programs `showback/tag`, with its types, and nothing else to import', () => {
    mkdirSync(place('service/node_modules'), { recursive: true });
    symlinkSync(home, place('service/node_modules/showback'));
    const program = (text: string) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', text], { cwd: place('service'), encoding: 'utf8' });
    const records = `const { openTag } = await import('showback/tag');
      const tag = openTag({ folder: 'logs' });
      tag.openai({ model: 'gpt-4o', usage: { prompt_tokens: 5, completion_tokens: 1 } }, { feature_id: 'search' });
      console.log(await tag.close());`;
    expect(program(records)).toMatchObject({ status: 0, stdout: 'true\n', stderr: '' });
    expect(program("await import('showback/dist/run/run.js')").stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
    expect(existsSync(join(home, 'dist/tag/tag.d.ts'))).toBe(true);
  });

  it('runs a company from another folder and answers questions, writing nothing beside the program', { timeout: 120_000 }, () => {
    const before = fingerprint();
    expect(showback('run')).toMatchObject({ status: 0, stdout: expect.stringContaining('3.50') as string });
    const question = 'select feature_id, sum(amount) as cost from showback_feature_month group by all';
    expect(showback('sql', question, '--format', 'csv')).toEqual({
      status: 0,
      stdout: 'feature_id,cost\r\nsearch,3.500000000000\r\n',
      stderr: '',
    });
    expect(showback('rates', 'show', '--model', 'gpt-4o', '--on', '2026-07-03')).toMatchObject({ status: 0 });
    expect(fingerprint()).toBe(before);
    // Where the shipped models are not taken for those of its code, the state gets a copy, and every first run is a second slower.
    expect(filesBelow(place('a company')).filter((name) => name.includes('models-'))).toEqual([]);
  });
});
