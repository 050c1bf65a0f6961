// docs/tag-your-calls.md: its TypeScript compiles, and its Python writes the records that the module writes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { USAGE_FIELDS } from '../../src/kernel/usage-fields.js';
import { writerOf } from '../../src/tag/file-name.js';
import { Company, usage } from '../contract/company.js';
import { readPage } from '../docs/page.js';
import { chatCompletion, message, response } from './answers.js';
import { type Kept, memory } from './kept.js';

const ROOT = join(import.meta.dirname, '../..');
const { blocks } = readPage(ROOT, 'docs/tag-your-calls.md');
const textsIn = (language: string): readonly string[] =>
  blocks.filter((block) => block.language === language).map(({ text }) => text);

const folder = mkdtempSync(join(tmpdir(), 'showback-tag-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('TypeScript of the page', () => {
  it('compiles, clients aside', () => {
    const names = ['openai', 'anthropic', 'index', 'messages', 'texts', 'vector'].map((name) => `declare const ${name}: any;`);
    writeFileSync(
      join(folder, 'page.mts'),
      [...names, ...textsIn('ts').map((text, at) => (at === 0 ? text : `{\n${text}\n}`))].join('\n'),
    );
    const modules = { target: 'ES2022', module: 'NodeNext', types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] };
    const paths = { 'showback/tag': [join(ROOT, 'dist/tag/tag.d.ts')] };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...modules, strict: true, noEmit: true, paths }, files: ['page.mts'] }),
    );
    const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(textsIn('ts').length).toBeGreaterThanOrEqual(5);
  });
});

const [library = '', callSite = ''] = textsIn('python');
const PYTHON = spawnSync('python3', ['--version']).status === 0;

describe('Python of the page', () => {
  it('names fields of the usage event, and nothing else', () => {
    const stamped = [...library.matchAll(/"(\w+)": (?:str|now)/g)].map(([, name]) => name);
    const counted = [...library.matchAll(/^ {8}"(\w+)": /gm)].map(([, name]) => name);
    const given = [...callSite.matchAll(/(\w+)=(?!"gpt|messages)/g)].map(([, name]) => name);
    expect(stamped).toEqual(['event_id', 'event_time']);
    expect(new Set(counted).size).toBe(6);
    expect(given).toEqual(['provider', 'operation', 'status', 'model', 'service_tier', 'feature_id', 'customer_id']);
    expect(
      [...stamped, ...counted, ...given].filter((name) => !(USAGE_FIELDS as readonly string[]).includes(String(name))),
    ).toEqual([]);
  });
});

const WITH_PYTHON = PYTHON ? describe : describe.skip;

WITH_PYTHON('the Python when it runs # reason: there is no python3 here', () => {
  const answers = {
    openai: [chatCompletion(), response()],
    anthropic: [message(), message({ cache_creation: null, server_tool_use: null })],
  };
  let records: readonly Kept[] = [];
  let names: readonly string[] = [];
  let openName = '';

  beforeAll(() => {
    const program = `${library}
import sys
answers = json.loads(sys.argv[1])
log = UsageLog("logs/ai")
for kind, counts in (("openai", openai_counts), ("anthropic", anthropic_counts)):
    for answer in answers[kind]:
        log.write(provider=kind, model=answer["model"], feature_id="chat", customer_id=None, **counts(answer["usage"]))
print(os.listdir("logs/ai")[0])
blocked = UsageLog("logs/ai/" + os.listdir("logs/ai")[0])
blocked.write(provider="openai")
assert blocked.lost == 1
`;
    mkdirSync(join(folder, 'python'));
    writeFileSync(join(folder, 'python/program.py'), program);
    const { stdout, stderr } = spawnSync('python3', ['program.py', JSON.stringify(answers)], {
      cwd: join(folder, 'python'),
      encoding: 'utf8',
    });
    if (stderr !== '') throw new Error(stderr);
    openName = stdout.trim();
    names = readdirSync(join(folder, 'python/logs/ai'));
    const lines = readFileSync(join(folder, 'python/logs/ai', names[0] ?? ''), 'utf8')
      .trimEnd()
      .split('\n');
    records = lines.map((line) => JSON.parse(line) as Kept);
  });

  it('counts as the module does', async () => {
    const { tag, records: ours } = memory();
    for (const answer of answers.openai) tag.openai(answer, { feature_id: 'chat' });
    for (const answer of answers.anthropic) tag.anthropic(answer, { feature_id: 'chat' });
    const tokens = (record: Kept) =>
      Object.fromEntries(Object.entries(record).filter(([name, value]) => name.endsWith('_tokens') && value !== 0));
    expect(records.map(tokens)).toEqual((await ours()).map(tokens));
    expect(records[2]).toMatchObject({ search_queries: 3 });
  });

  it('names its file as the module does, so that what it leaves open is completed', () => {
    expect(writerOf(openName)).not.toBeNull();
    expect(names).toEqual([openName.slice(0, -'.open'.length)]);
  });

  it('writes what the reader of usage logs takes', async () => {
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    await using company = await Company.make({ 'logs/ai/python.jsonl': lines });
    const source = usage({ files: ['logs/ai/*.jsonl'], tokens: 'exclusive' });
    const rows = await company.ask([source], 'SELECT reject, count(*) AS n FROM raw.usage_event GROUP BY reject');
    expect(rows).toEqual([{ reject: null, n: String(records.length) }]);
  });
});
