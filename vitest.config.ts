import { defineConfig } from 'vitest/config';

// Kills, full disks and readers take minutes: they have a target of their own, `make test-crash` (CRASH=some for a few of each).
// So has the package as npm installs it: `make test-node`, which says what Node it expects.
// And what a real Trino and a real S3 server answer: `make test-engines`.
const engines = process.env['ENGINES'] !== undefined;
// Whole companies that are run again and again: `make test-long` (LONG=some for those whose state is at stake).
const STATE = ['test/{backfill,gc,incremental,look-back,two-at-once}.test.ts'];
const LONG = [
  ...STATE,
  'test/{bench,close,diff,diff-runs,explain-all,init,movement,rerate}.test.ts',
  'test/pull/{*-company,go-on}.test.ts',
  'test/property/{calc-price,chargeback,close,cur-split,diff-runs,explain,kept-usage,loading-order,movement,price-order}.test.ts',
];
const exclude = [
  ...(process.env['CRASH'] === undefined ? ['test/crash/**'] : []),
  ...(process.env['EXPECTED_NODE'] === undefined ? ['test/package.test.ts'] : []),
  ...(engines ? [] : ['test/engines/**']),
  ...(process.env['LONG'] === undefined ? LONG : []),
  // Whole companies on both engines take as long as all the rest.
  ...(process.env['ENGINES'] === 'some' ? ['test/engines/demo.test.ts', 'test/engines/random.test.ts'] : []),
];

export default defineConfig({
  test: {
    include: process.env['LONG'] === undefined ? ['test/**/*.test.ts'] : process.env['LONG'] === 'some' ? STATE : LONG,
    exclude,
    globalSetup: engines ? ['test/engines/global-setup.ts'] : [],
    env: { TZ: 'UTC' },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: engines ? 90_000 : 30_000,
    hookTimeout: engines ? 120_000 : 60_000,
    teardownTimeout: 20_000,
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', ['json', { outputFile: process.env['TEST_REPORT'] ?? '.cache/test-report.json' }]],
  },
});
