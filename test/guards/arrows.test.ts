// Every rule of .dependency-cruiser.cjs has a planted violation here and is seen to catch it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { cruiseArrows, skeletonOf } from '../../.ci/arrows.mjs';

const RULES = (
  createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: { name: string; comment: string }[] }
).forbidden;

type Tree = Readonly<Record<string, string>>;

/** Empty files that the plants import. */
const GROUND: Tree = Object.fromEntries(
  [
    'kernel',
    'pipeline',
    'store',
    'source',
    'warehouse',
    'publish',
    'model',
    'run',
    'report',
    'init',
    'tag',
    'explain',
    'cli',
  ].map((folder) => [`${folder}/${folder}.ts`, 'export const name = 1;\n']),
);

const PLANTS: readonly (readonly [rule: string, why: string, tree: Tree])[] = [
  ['no-cycle', 'two files', { 'run/a.ts': "import './b.js';", 'run/b.ts': "import type { A } from './a.js';" }],
  ['kernel-imports-nothing', 'a folder of ours', { 'kernel/x.ts': "import { name } from '../run/run.js';" }],
  ['kernel-imports-nothing', 'a type', { 'kernel/x.ts': "import type { Run } from '../run/run.js';" }],
  ['kernel-imports-nothing', 'the platform', { 'kernel/x.ts': "import { hostname } from 'node:os';" }],
  ['pipeline-to-kernel-only', 'warehouse', { 'pipeline/x.ts': "import { name } from '../warehouse/warehouse.js';" }],
  ['pipeline-to-kernel-only', 'a re-export', { 'pipeline/x.ts': "export * from '../source/source.js';" }],
  ['store-to-kernel-only', 'a type', { 'store/x.ts': "import type { P } from '../pipeline/pipeline.js';" }],
  ['store-to-kernel-only', 'publish', { 'store/x.ts': "import { name } from '../publish/publish.js';" }],
  ['store-below-its-users', 'report', { 'report/x.ts': "import type { S } from '../store/store.js';" }],
  ['model-takes-types-of-store', 'a value', { 'model/x.ts': "import { name } from '../store/store.js';" }],
  ['source-knows-files-not-tables', 'warehouse', { 'source/x.ts': "import type { W } from '../warehouse/warehouse.js';" }],
  ['source-takes-types-of-pipeline', 'a value', { 'source/x.ts': "import { name } from '../pipeline/pipeline.js';" }],
  ['source-takes-types-of-pipeline', 'inline types', { 'source/x.ts': "import { type P } from '../pipeline/pipeline.js';" }],
  ['warehouse-is-the-engine-seam', 'model', { 'warehouse/x.ts': "import { name } from '../model/model.js';" }],
  ['warehouse-takes-types-of-its-peers', 'a value', { 'warehouse/x.ts': "import { name } from '../source/source.js';" }],
  ['publish-is-given-files', 'model', { 'publish/x.ts': "import { name } from '../model/model.js';" }],
  ['publish-takes-types-of-warehouse', 'a value', { 'publish/x.ts': "import { name } from '../warehouse/warehouse.js';" }],
  ['model-below-run', 'run', { 'model/x.ts': "import type { Run } from '../run/run.js';" }],
  ['run-and-report-below-cli', 'report', { 'run/x.ts': "import { name } from '../report/report.js';" }],
  ['init-drafts-what-run-reads', 'run', { 'init/x.ts': "import { name } from '../run/run.js';" }],
  ['nothing-below-knows-init', 'a type', { 'pipeline/x.ts': "import type { Draft } from '../init/init.js';" }],
  ['explain-asks-runs', 'report', { 'explain/x.ts': "import { name } from '../report/report.js';" }],
  [
    'explain-asks-runs',
    'a type',
    { 'explain/x.ts': "import type { S } from '../publish/s3.js';", 'publish/s3.ts': 'export {};' },
  ],
  ['nothing-below-knows-explain', 'a type', { 'run/x.ts': "import type { Figure } from '../explain/explain.js';" }],
  ['report-reads-marts', 'run', { 'report/x.ts': "import { name } from '../run/run.js';" }],
  ['nobody-imports-cli', 'lazily', { 'run/x.ts': "export const open = async () => import('../cli/cli.js');" }],
  ['tag-imports-nothing-of-ours', 'a list of the kernel', { 'tag/x.ts': "import { METERS } from '../kernel/kernel.js';" }],
  ['tag-imports-nothing-of-ours', 'a type', { 'tag/x.ts': "import type { S } from '../store/store.js';" }],
  ['tag-imports-nothing-of-ours', 'a package', { 'tag/x.ts': "import { z } from 'zod';" }],
  ['nobody-imports-tag', 'a type', { 'source/x.ts': "import type { Tags } from '../tag/tag.js';" }],
  ['file-system-where-named', 'node:fs', { 'run/execute.ts': "import { rmSync } from 'node:fs';" }],
  ['file-system-where-named', 'in a draft', { 'init/init.ts': "import { readFile } from 'node:fs/promises';" }],
  ['file-system-where-named', 'fs/promises', { 'model/lint.ts': "import { readFile } from 'fs/promises';" }],
  ['file-system-where-named', 'in a store', { 'store/s3.ts': "import { open } from 'node:fs/promises';" }],
  ['file-system-where-named', 'beside the files', { 'tag/measure.ts': "import { readFile } from 'node:fs/promises';" }],
  ['process-in-cli-only', 'node:process', { 'run/x.ts': "import { env } from 'node:process';" }],
  ['duckdb-client-in-one-file', 'types too', { 'model/x.ts': "import type { DuckDBInstance } from '@duckdb/node-api';" }],
  ['duckdb-client-in-one-file', 'its bindings', { 'warehouse/x.ts': "import duckdb from '@duckdb/node-bindings';" }],
  ['undici-in-one-file', 'a value', { 'source/http.ts': "import { fetch } from 'undici';" }],
  ['yauzl-in-one-file', 'a value', { 'source/pinecone.ts': "import { open } from 'yauzl';" }],
  ['s3-client-in-one-store', 'a value', { 'publish/s3.ts': "import { S3Client } from '@aws-sdk/client-s3';" }],
  ['s3-client-in-one-store', 'types, beside it', { 'store/x.ts': "import type { S3Client } from '@aws-sdk/client-s3';" }],
  ['vectors-take-types-of-duckdb', 'a value', { 'warehouse/vectors.ts': "import { DuckDBInstance } from '@duckdb/node-api';" }],
  [
    'athena-client-in-one-file',
    'beside it',
    { 'warehouse/athena-x.ts': "import { AthenaClient } from '@aws-sdk/client-athena';" },
  ],
  ['athena-client-in-one-file', 'types too', { 'run/x.ts': "import type { Athena } from '@aws-sdk/client-athena';" }],
  ['file-system-where-named', 'the executor', { 'warehouse/athena-run.ts': "import { open } from 'node:fs/promises';" }],
  ['no-junk-drawer', 'a folder', { 'run/utils/dates.ts': 'export {};' }],
  ['no-junk-drawer', 'a file', { 'model/sql-helpers.ts': 'export {};' }],
  ['no-junk-drawer', 'a manager', { 'run/manager.ts': 'export {};' }],
  ['no-junk-drawer', 'common', { 'common/x.ts': 'export {};' }],
  ['no-dev-dependency', 'fast-check', { 'run/x.ts': "import fc from 'fast-check';" }],
  ['no-unresolved', 'a file that is not there', { 'run/x.ts': "import './gone.js';" }],
];

/** What the arrows allow, close to what they forbid. */
const CLEAN: Tree = {
  'kernel/period.ts': "import { addDays } from 'date-fns';",
  'pipeline/read.ts': "import { readFile } from 'node:fs/promises';\nimport { name } from '../kernel/kernel.js';",
  'store/s3.ts': "import { S3Client } from '@aws-sdk/client-s3';\nimport { name } from '../kernel/kernel.js';",
  'store/file-parts.ts': "import { open } from 'node:fs/promises';",
  'source/objects.ts': "import { name } from '../store/store.js';",
  'warehouse/results.ts': "import { name } from '../store/store.js';",
  'publish/objects.ts': "import { name } from '../store/store.js';",
  'source/land.ts': "import { createReadStream } from 'node:fs';\nimport type { P } from '../pipeline/pipeline.js';",
  'warehouse/duckdb.ts': "import { DuckDBInstance } from '@duckdb/node-api';\nimport { rm } from 'node:fs/promises';",
  'warehouse/vectors.ts': "import type { DuckDBVector } from '@duckdb/node-api';",
  'warehouse/athena-client.ts': "import { AthenaClient } from '@aws-sdk/client-athena';",
  'warehouse/athena-journal.ts': "import { open } from 'node:fs/promises';",
  'warehouse/load-usage.ts': "import type { L } from '../source/source.js';\nimport { stat } from 'node:fs/promises';",
  'publish/directory.ts': "import { rename } from 'node:fs/promises';\nimport type { W } from '../warehouse/warehouse.js';",
  'model/catalog.ts': "import { readdir } from 'node:fs/promises';\nimport { name } from '../warehouse/warehouse.js';",
  'run/execute.ts': "import { name } from '../model/model.js';\nimport { publish } from '../publish/directory.js';",
  'init/write.ts':
    "import { writeFile } from 'node:fs/promises';\nimport { name } from '../warehouse/warehouse.js';\nimport { tabulate } from '../source/source.js';",
  'tag/rotating-file.ts':
    "import { open } from 'node:fs/promises';\nimport { hostname } from 'node:os';\nimport { name } from './tag.js';",
  'cli/main.ts': "import { env } from 'node:process';\nimport { name } from '../report/report.js';\nimport '../run/execute.js';",
};

async function rulesBroken(tree: Tree): Promise<readonly string[]> {
  const root = mkdtempSync(join(tmpdir(), 'showback-arrows-'));
  try {
    for (const [name, text] of Object.entries({ ...GROUND, ...tree })) {
      mkdirSync(dirname(join(root, 'src', name)), { recursive: true });
      writeFileSync(join(root, 'src', name), text);
    }
    const { modules, violations } = await cruiseArrows(root);
    expect(modules).toBe(new Set([...Object.keys(GROUND), ...Object.keys(tree)]).size);
    return violations.map(({ rule }: { rule: string }) => rule);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

it.each(PLANTS)('%s catches %s', async (rule, _why, tree) => {
  expect(await rulesBroken(tree)).toContain(rule);
});

it('lets pass what the arrows allow', async () => {
  expect(await rulesBroken(CLEAN)).toEqual([]);
});

it('has a plant for every rule, and every rule a reason', () => {
  expect(RULES.map(({ name }) => name).filter((name) => !PLANTS.some(([rule]) => rule === name))).toEqual([]);
  expect(RULES.filter(({ comment }) => comment.length < 20)).toEqual([]);
});

it('sees src/ itself, all of it', async () => {
  const { files, modules } = await cruiseArrows();
  expect(files).toBeGreaterThan(3);
  expect(modules).toBe(files);
});

it('refuses to guess at a file that does not parse', () => {
  expect(() => skeletonOf('x.ts', 'import {')).toThrow('x.ts');
});
