// The shape of the command line: help, mistakes and exit codes.
import { describe, expect, it } from 'vitest';
import { EXIT_CODE, Failure, type FailureKind } from '../../../src/kernel/failure.js';
import { runCli } from '../../../src/cli/program.js';
import type { RunRequest } from '../../../src/run/api.js';
import { reportError } from '../../../src/cli/problems.js';
import { everyCommand, pathOf } from '../../../src/cli/command-tree.js';
import { cli, companyFolder, ioOf, NO_RUNS, program, type Screen, screen } from './harness.js';

const COMMANDS = everyCommand(program())
  .filter((command) => command.parent !== null)
  .map(pathOf);

async function failing(error: unknown, args: readonly string[] = []): Promise<Awaited<ReturnType<typeof cli>>> {
  const checkPipeline = async (): Promise<never> => Promise.reject(error);
  return cli(['check', ...args], { cwd: await companyFolder(), runs: async () => ({ ...NO_RUNS, checkPipeline }) });
}

describe('help', () => {
  it('lists every command but the hidden one, with examples and exit codes', async () => {
    const { code, out, err } = await cli(['--help']);
    expect([code, err]).toEqual([0, '']);
    for (const command of ['run', 'backfill', 'plan', 'check', 'show', 'gc', 'rates', 'sql'])
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(out).not.toMatch(/^ {2}docs/m);
    expect(out).toContain('Examples:');
    expect(out).toContain('75 another run');
  });

  it.each(COMMANDS)('of %s has examples', async (command) => {
    const { code, out } = await cli([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Examples:\\n  \\$ showback ${command}`));
  });

  it('is what a bare `showback` answers, as a mistake', async () => {
    const { code, out, err } = await cli([]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Usage: showback');
  });

  it('tells the version', async () => {
    expect(await cli(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe('mistakes', () => {
  it.each([
    [['rnu'], '→ did you mean run?'],
    [['run', '--mont', '2026-09'], '→ did you mean --month?'],
    [['rates', 'shwo'], '→ did you mean show?'],
    [['run', '--month', '2026-13'], 'a month is written as 2026-09'],
    [['run', '--date', '2026-02-30'], 'a day is written as 2026-09-30'],
    [['run', '--month', '2026-09', '--date', '2026-09-01'], 'cannot be used with'],
    [['run', '--threads', '0'], 'a whole number from 1'],
    [['run', '--threads', '99999'], 'threads make sense'],
    [['run', 'one.yaml', 'two.yaml'], 'too many arguments'],
    [['completion'], "missing required argument 'shell'"],
    [['sql', 'select 1', '--format', 'xlsx'], 'allowed choices are table, csv, json'],
    [['rates', 'show'], "required option '-m, --model <name>'"],
    [['rates', 'show', '--model', 'x', '--on', '2026-09-31'], 'write it as 2026-09-01'],
  ])('%j are told and exit with 2', async (args, words) => {
    const { code, out, err } = await cli(args);
    expect([code, out]).toEqual([EXIT_CODE.user, '']);
    expect(err).toContain(words);
    expect(err).toContain('--help shows what there is');
  });
});

describe('wrong values', () => {
  it('are told all at once, and in JSON too', async () => {
    const { code, out, err } = await cli(['run', '--month', '2026-13', '--threads', '0', '--json']);
    expect(code).toBe(EXIT_CODE.user);
    expect(err).toContain('showback: 2 problems in the configuration or the arguments\n');
    expect(err).toContain(
      '`--month` cannot be `2026-13` [cli/bad-argument]\n  → a month is written as 2026-09 (showback run --help',
    );
    expect(err).toContain('`--threads` cannot be `0` [cli/bad-argument]\n  → a whole number from 1 is needed (');
    expect(JSON.parse(out)).toMatchObject({ kind: 'failure', problems: [{}, { code: 'cli/bad-argument' }] });
  });

  it('of an option that must be given is not told as missing', async () => {
    const { err } = await cli(['backfill', '--from', 'July']);
    expect(err).toContain('`--from` cannot be `July`');
    expect(err).not.toContain('required');
  });
});

describe('exit codes', () => {
  it.each<[FailureKind, number, string]>([
    ['user', 2, '1 problem in the configuration'],
    ['check', 3, '1 check failed; nothing was published'],
    ['unavailable', 4, 'run again later'],
    ['locked', 75, 'another run is at work'],
  ])('a failure of kind %s is %i', async (kind, code, heading) => {
    const failure = new Failure(kind, [
      { code: 'x/y', message: 'it is so', remedy: 'do this', place: { file: 'a.yaml', line: 3, column: 5 } },
    ]);
    const told = await failing(failure);
    expect([told.code, told.out]).toEqual([code, '']);
    expect(told.err).toContain(heading);
    expect(told.err).toContain('a.yaml:3:5: it is so [x/y]\n  → do this');
  });

  it('a bug is 1, in one line, with the trace on demand', async () => {
    const told = await failing(new TypeError('x is undefined'));
    expect(told.code).toBe(1);
    expect(told.err).toBe(
      'showback: a bug: x is undefined\n  → run again with --debug for the trace, and report it with what you ran\n',
    );
    const traced = await failing(new TypeError('x is undefined'), ['--debug']);
    expect(traced.err).toContain('program.test.ts');
  });

  it('of success is 0', async () => {
    const runs = async () => ({ ...NO_RUNS, checkPipeline: async () => ['registry: 12 features'] });
    const told = await cli(['check'], { cwd: await companyFolder(), runs });
    expect(told).toEqual({ code: 0, out: '✔ registry: 12 features\n', err: '' });
  });
});

describe('problems', () => {
  it('are all told, with their excerpts; beyond fifty they are counted', async () => {
    const problems = Array.from({ length: 60 }, (_, at) => ({
      code: 'c/d',
      message: `no. ${at}`,
      remedy: 'mend',
      excerpt: 'a: 1\nb: 2',
    }));
    const { err } = await failing(new Failure('user', problems));
    expect(err).toContain('60 problems');
    expect(err).toContain('no. 49 [c/d]\n    a: 1\n    b: 2\n  → mend');
    expect(err).not.toContain('no. 50');
    expect(err).toContain('… and 10 more');
  });

  it('cannot move the cursor or hide text, whatever the data holds', async () => {
    const { err } = await failing(
      new Failure('check', [{ code: 'c/d', message: 'customer \u001b[2J\u202egnp', remedy: 'mend' }]),
    );
    expect(err).not.toContain('\u001b');
    expect(err).toContain('customer \\u001b[2J\\u202egnp');
  });

  it('are broken between words on a terminal, and nowhere else', () => {
    const place = { file: '/company/pipelines/nightly.yaml', line: 3 };
    const remedy = 'deliver the whole file again; a part of it is not used';
    const failure = new Failure('user', [{ code: 'c/d', message: 'it is so', remedy, place }]);
    const told = (stderr: Screen): string => {
      reportError(failure, { ...ioOf(screen(), stderr), cwd: '/company', env: { NO_COLOR: '1' } }, false);
      return stderr.text;
    };
    expect(told(screen({ columns: 40 }))).toContain(`  → ${remedy}\n`);
    expect(told(screen({ isTTY: true, columns: 40 }))).toContain(`
pipelines/nightly.yaml:3: it is so [c/d]
  → deliver the whole file again; a part
    of it is not used
`);
  });

  it('have colour only where it is wanted', async () => {
    const failure = new Failure('user', [{ code: 'c/d', message: 'so', remedy: 'mend' }]);
    const checkPipeline = async (): Promise<never> => Promise.reject(failure);
    const runs = async () => ({ ...NO_RUNS, checkPipeline });
    const cwd = await companyFolder();
    expect((await cli(['check'], { cwd, runs, env: { FORCE_COLOR: '1' } })).err).toContain('\u001b[31m');
    expect((await cli(['check'], { cwd, runs, env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).err).not.toContain('\u001b');
  });
});

describe('check', () => {
  const checkPipeline = async ({ listener }: RunRequest): Promise<readonly string[]> => {
    listener({ kind: 'step', step: 'land aws', state: 'started' });
    listener({ kind: 'step', step: 'land aws', state: 'done', seconds: 1, files: 3 });
    return ['data: 3 files'];
  };

  it.each([
    ['shows its steps to who looks', { isTTY: true }, [], 'land aws'],
    ['is silent in a log', { isTTY: false }, [], ''],
    ['is silent beside JSON', { isTTY: true }, ['--json'], ''],
  ] as const)('%s', async (_, options, args, seen) => {
    const [stdout, stderr] = [screen(), screen(options)];
    const io = { ...ioOf(stdout, stderr), cwd: await companyFolder(), runs: async () => ({ ...NO_RUNS, checkPipeline }) };
    expect(await runCli(['check', ...args], io)).toBe(0);
    expect(stdout.text).toContain('data: 3 files');
    expect(stderr.text === '' ? '' : /land aws/.exec(stderr.text)?.[0]).toBe(seen);
  });
});
