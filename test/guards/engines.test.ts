// What `make test` leaves to `make test-engines`, and what that says on a machine that lacks something. Nothing is installed here.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { InlineConfig } from 'vitest/node';
import config from '../../vitest.config.js';

const BARE = ['bash', 'dirname', 'readlink', 'sed', 'env'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'showback-install-'));
  mkdirSync(join(folder, 'bin'));
  for (const name of BARE) symlinkSync(spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim(), join(folder, 'bin', name));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program that prints what it is asked for its version. */
function program(name: string, prints: string): void {
  writeFileSync(join(folder, 'bin', name), `#!${join(folder, 'bin/bash')}\necho '${prints}'\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
}

function install() {
  const env = {
    PATH: join(folder, 'bin'),
    HOME: folder,
    JAVA_HOME: join(folder, 'no-jdk'),
    SHOWBACK_ENGINES: join(folder, 'engines'),
  };
  const { status, stdout, stderr } = spawnSync(join(folder, 'bin/bash'), ['test/engines/setup/install.sh'], {
    env,
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

it('says what is missing, and what installs it', () => {
  const { status, said } = install();
  expect(status).toBe(1);
  expect(said).toMatch(
    /^cannot install the engines, missing: .*Maven, Go 1\.25 or later, unzip\. `make engines-debian` installs them/,
  );
});

it('takes no Go that is too old', () => {
  program('unzip', '');
  program('mvn', '');
  program('go', 'go1.24.13');
  expect(install().said).toMatch(/missing: (a JDK 17, )?Go 1\.25 or later\./);
});

it('leaves alone what is installed, whatever is missing', () => {
  for (const name of ['trino-435', 'versitygw-v1.8.0']) {
    mkdirSync(join(folder, 'engines', name), { recursive: true });
    writeFileSync(join(folder, 'engines', name, '.installed'), '');
  }
  expect(install()).toEqual({ status: 0, said: '' });
});

it('runs no test of the engines without them, and says so', () => {
  const projects = (config.test?.projects ?? []).map((project) => (project as { readonly test: InlineConfig }).test);
  expect(projects.map(({ name, isolate }) => [name, isolate])).toEqual([
    ['apart', undefined],
    ['shared', false],
  ]);
  for (const { exclude } of projects) expect(exclude).toContain('test/engines/**');
  // A file that mocks is left out of those that share a process, and no other is.
  const [apart, shared] = projects;
  expect([apart?.exclude?.includes('test/golden.test.ts'), shared?.exclude?.includes('test/golden.test.ts')]).toEqual([
    false,
    true,
  ]);
  expect([apart, shared].map((each) => each?.exclude?.includes('test/unit/emptiness.test.ts'))).toEqual([true, false]);
  expect(config.test?.globalSetup).toEqual([expect.stringMatching(/test.temp-folder\.ts$/)]);
  const { stdout } = spawnSync('make', ['-n', 'test'], { encoding: 'utf8' });
  expect(stdout).toMatch(/left out: .*test\/engines.*\(make test-engines\)/);
});
