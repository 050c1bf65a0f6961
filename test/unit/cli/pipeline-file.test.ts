// Which pipeline a command means.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { findPipeline } from '../../../src/cli/pipeline-file.js';
import { tempFolder } from './harness.js';

let cwd = '';
beforeEach(async () => {
  cwd = await tempFolder('find');
});

async function files(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(cwd, path, '..'), { recursive: true });
    await writeFile(join(cwd, path), '');
  }
}

it('is the one that is named, from anywhere', async () => {
  await files('pipeline.yaml', 'other/nightly.yaml');
  expect(await findPipeline('other/nightly.yaml', cwd)).toBe(join(cwd, 'other/nightly.yaml'));
  expect(await findPipeline(join(cwd, 'other/nightly.yaml'), '/')).toBe(join(cwd, 'other/nightly.yaml'));
});

it('is the pipeline.yaml of the folder that is named', async () => {
  await files('company/pipeline.yaml');
  expect(await findPipeline('company', cwd)).toBe(join(cwd, 'company/pipeline.yaml'));
});

it('is ./pipeline.yaml, before anything in ./pipelines', async () => {
  await files('pipeline.yaml', 'pipelines/nightly.yaml');
  expect(await findPipeline(undefined, cwd)).toBe(join(cwd, 'pipeline.yaml'));
});

it('is the only YAML in ./pipelines; schemas do not count', async () => {
  await files('pipelines/nightly.yml', 'pipelines/pipeline.schema.json');
  expect(await findPipeline(undefined, cwd)).toBe(join(cwd, 'pipelines/nightly.yml'));
});

it('is asked for where there are several, which are listed', async () => {
  await files('pipelines/nightly.yaml', 'pipelines/demo.yaml');
  const found = findPipeline(undefined, cwd);
  await expect(found).rejects.toMatchObject({ kind: 'user' });
  await expect(found).rejects.toThrow('pipelines/demo.yaml\n    pipelines/nightly.yaml');
});

it('is missed where there is none', async () => {
  await expect(findPipeline(undefined, cwd)).rejects.toThrow('no pipeline here');
  await expect(findPipeline('nope.yaml', cwd)).rejects.toThrow('nope.yaml: there is no such file');
  await expect(findPipeline('.', cwd)).rejects.toThrow('a folder without a pipeline.yaml');
});
