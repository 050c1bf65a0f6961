import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

// Kills, full disks and readers take minutes: they have a target of their own, `make test-crash` (CRASH=some for a few of each).
// So has the package as npm installs it: `make test-node`, which says what Node it expects.
// And what a real Trino and a real S3 server answer: `make test-engines`.
const engines = process.env['ENGINES'] !== undefined;
// Whole companies that are run again and again: `make test-long` (LONG=some for those whose state is at stake, and what else takes long).
const SOME = [
  'test/{backfill,explain,fuzz,gc,incremental,left-months,look-back,run-errors,two-at-once}.test.ts',
  'test/demo/run.test.ts',
  'test/property/{bridge,emptiness}.test.ts',
];
const LONG = [
  ...SOME,
  'test/{bench,close,diff,diff-runs,explain-all,init,movement,rerate}.test.ts',
  'test/pull/{*-company,go-on}.test.ts',
  'test/property/{calc-price,chargeback,close,cur-split,diff-runs,explain,kept-usage,left-months,loading-order,movement,price-order}.test.ts',
];
/** Some of their cases are runs of many runs: these are asked for with LONG alone, the others without it. */
const PARTLY = ['test/{errors,golden}.test.ts'];
const exclude = [
  ...(process.env['CRASH'] === undefined ? ['test/crash/**'] : []),
  ...(process.env['EXPECTED_NODE'] === undefined ? ['test/package.test.ts'] : []),
  ...(engines ? [] : ['test/engines/**']),
  ...(process.env['LONG'] === undefined ? LONG : []),
  // Whole companies on both engines take as long as all the rest.
  ...(process.env['ENGINES'] === 'some' ? ['test/engines/demo.test.ts', 'test/engines/random.test.ts'] : []),
];

/** What a test does to its process: such a file has one of its own. The others share one, which loads the modules once: a third longer without (79 files: 141 s and 105 s). */
const CHANGES_ITS_PROCESS =
  /\bvi\.(?:mock|doMock|hoisted|resetModules|stub\w+|useFakeTimers|spyOn)|\bprocess\.(?:env|chdir|on|umask|exitCode)\b/;
const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).map((name) => join('test', name));
const changes = (file: string): boolean => CHANGES_ITS_PROCESS.test(readFileSync(file, 'utf8'));
const tests = files.filter((file) => file.endsWith('.test.ts'));
const apart = tests.filter(changes);
const shared = tests.filter((file) => !changes(file));
const long = process.env['LONG'];
const include = long === undefined ? ['test/**/*.test.ts'] : [...(long === 'some' ? SOME : LONG), ...PARTLY];

const projects = [
  { extends: true, test: { name: 'apart', include: long === undefined ? apart : include, exclude: [...exclude, ...shared] } },
  { extends: true, test: { name: 'shared', include, exclude: [...exclude, ...apart], isolate: false } },
] satisfies TestProjectConfiguration[];

export default defineConfig({
  test: {
    ...(engines ? { include, exclude } : { projects }),
    globalSetup: [join(import.meta.dirname, 'test/temp-folder.ts'), ...(engines ? ['test/engines/global-setup.ts'] : [])],
    env: { TZ: 'UTC' },
    pool: 'forks',
    // On two cores, one that waits for a server or the disk leaves its core to a third. The engines take a core of their own.
    maxWorkers: engines ? 2 : 3,
    testTimeout: engines ? 90_000 : 60_000,
    hookTimeout: engines ? 120_000 : 60_000,
    teardownTimeout: 20_000,
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', ['json', { outputFile: process.env['TEST_REPORT'] ?? '.cache/test-report.json' }]],
  },
});
