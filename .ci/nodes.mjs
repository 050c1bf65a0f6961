// Runs the tests that depend on Node under each version of .ci/node/package.json: `node .ci/nodes.mjs [20 22 24]`,
// with NODES=some without what the same tests have shown under another version.
// The versions come as npm packages, held to the checksums of the lockfile, into .cache/; nothing of the machine changes.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { countTests } from './count.mjs';

/** What the engine's client, streams, files, child processes and npm do differs by Node; what SQL answers does not. */
const EVERYWHERE = ['node', 'package', 'engine-facts', 'cli/process', 'contract/source', 'tag/records', 'tag/module'].map(
  (name) => `test/${name}.test.ts`,
);
/** The newest runs more, the demo company among it, and those checks that are programs of Node. */
const NEWEST = [...EVERYWHERE, 'test/tag/files.test.ts', 'test/docs.test.ts', 'test/cli', 'test/demo', 'test/unit'];
/** Of that, what `NODES=some` leaves out: what ran under another version already, and takes minutes. */
const AGAIN = ['test/cli', 'test/demo', 'test/docs.test.ts', 'test/unit'];

/** @param {string} folder of the package.json that names the versions */
export function nodesOf(folder) {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.entries(dependencies).map(([name, spec], index, all) => {
    const newest = index === all.length - 1;
    return { name, version: spec.split('@').at(-1), checks: newest, tests: newest ? NEWEST : EVERYWHERE };
  });
}

/** Installed once a lockfile, whole or not at all. Answers the folder that holds the versions. */
function install(folder) {
  const lock = readFileSync(join(folder, 'package-lock.json'));
  const place = join('.cache/node', createHash('sha256').update(lock).digest('hex').slice(0, 12));
  if (existsSync(place)) return place;
  const arriving = `${place}.arriving`;
  rmSync(arriving, { recursive: true, force: true });
  mkdirSync(arriving, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(folder, name), join(arriving, name));
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: arriving });
  renameSync(arriving, place);
  return place;
}

function run(command, words, options = {}) {
  const { status, error } = spawnSync(command, words, { stdio: 'inherit', ...options });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${status}`);
}

/** True where all of it passed. The count goes to `.cache/<name>-report.json`, for .ci/run to add up. */
function runUnder({ name, version, checks, tests: all }, place) {
  const some = process.env['NODES'] === 'some';
  const tests = some ? all.filter((path) => !AGAIN.includes(path)) : all;
  const report = `.cache/${name}-report.json`;
  const bin = resolve(place, 'node_modules', name, 'bin');
  const PATH = `${bin}${delimiter}${process.env['PATH']}`;
  const env = { ...process.env, PATH, TEST_REPORT: report, EXPECTED_NODE: version, PAGES: 'every' };
  // By its path: npm scripts and shims put other folders before the ones that are given.
  const vitest = spawnSync(join(bin, 'node'), ['node_modules/vitest/vitest.mjs', 'run', ...tests], { stdio: 'inherit', env });
  const check = checks && !some ? spawnSync('make', ['arrows', 'dead', 'sql'], { stdio: 'inherit', env }).status : 0;
  if (check !== 0) console.error(`make arrows dead sql failed under Node ${version}`);
  const { line, ok } = countTests(existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {});
  console.log(`node-${version}: ${line}`);
  return ok && check === 0 && vitest.status === 0;
}

function main(majors) {
  const nodes = nodesOf('.ci/node').filter(({ name }) => majors.length === 0 || majors.includes(name.replace('node', '')));
  if (nodes.length === 0) throw new Error(`.ci/node/package.json has no Node ${majors.join(', ')}`);
  for (const { name } of nodes) rmSync(`.cache/${name}-report.json`, { force: true });
  const place = install('.ci/node');
  return nodes.map((node) => runUnder(node, place)).every(Boolean) ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.chdir(resolve(dirname(new URL(import.meta.url).pathname), '..'));
  process.exitCode = main(process.argv.slice(2));
}
