// `showback show`: past runs, one of them in full, how long steps took, the controls of what is published, its statement by owner, and how it moved.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { Failure } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import type { Month } from '../kernel/period.js';
import { OWNER_ROLES, type OwnerRole } from '../pipeline/pipeline.js';
import type { PastRun } from '../run/api.js';
import type { ControlRow } from './figures.js';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { PIPELINE, parseCount, parseMonth } from './options.js';
import { movementLines } from './movement-text.js';
import { ownerLines } from './owners-text.js';
import { type Places, placesOf, publishedWarehouse, warehouseOf } from './published-run.js';
import { controlLines, type Page, runDetail, runLines, timingLines, verdict } from './show-text.js';

interface ShowOptions {
  readonly last: number;
  readonly controls?: boolean;
  readonly timings?: boolean;
  readonly by?: 'owner' | 'movement';
  readonly role?: OwnerRole;
  readonly owner?: string;
  readonly month?: Month;
  readonly json?: boolean;
}

interface Told {
  readonly runs: readonly PastRun[];
  /** Null where they were not asked for, or the run has none left. */
  readonly controls: readonly ControlRow[] | null;
}

/** What the words after `show` name. */
interface Asked {
  readonly pipeline?: string;
  readonly run?: string;
}

const EXAMPLES = `
Examples:
  $ showback show                          the last runs
  $ showback show --timings                and how long each step of the last one took
  $ showback show --controls               and every control of what is published
  $ showback show last                     one run in full: failure, steps, controls
  $ showback show 2026-09-30-4267254d9b11 --controls
  $ showback show nightly.yaml 2026-10-01T02
  $ showback show --by owner               what each owner answers for, in the last published month
  $ showback show --by movement            how the last published month moved from run to run, and by feature what moved last
  $ showback show --owner jonas --role business --month 2026-09
  $ showback show --last 50 --json`;

/** Of one run, unless all timings are asked for. */
const SLOWEST = 8;

export function addShow(program: Command, io: Io): void {
  program
    .command('show')
    .description('show past runs, one run in full, timings, and the controls and owners of what is published')
    .argument('[pipeline]', PIPELINE)
    .argument('[run]', 'one run: its id, the beginning of its id or of its starting time, or `last`')
    .addOption(new Option('-n, --last <runs>', 'how many runs').argParser(parseCount).default(10))
    .option('--timings', 'every step of the run, or of the last that did any, slowest first')
    .option('--controls', 'every control of the run, or of the published one, failed ones first')
    .addOption(
      new Option('--by <cut>', 'the statement by owner, every role by itself; or its movement from run to run').choices([
        'owner',
        'movement',
      ]),
    )
    .addOption(new Option('--role <role>', 'with --by owner: this role only').choices(OWNER_ROLES))
    .option('--owner <name>', 'what this owner answers for: --by owner, and nobody else')
    .addOption(new Option('--month <YYYY-MM>', 'with --by: the month (default: the last published)').argParser(parseMonth))
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (first: string | undefined, second: string | undefined, options: ShowOptions) => {
      const asked = await askedOf(first, second, io.cwd);
      const places = await placesOf(asked.pipeline === undefined ? {} : { pipeline: asked.pipeline }, io.cwd);
      const { readHistory } = await import('../run/ledger.js');
      const history = await readHistory(places.stateDir);
      const page = { width: io.stdout.columns(), paint: painter(io.stdout, io.env) };
      if (isCut(options)) {
        const warehouse =
          asked.run === undefined ? await publishedWarehouse(places) : await warehouseNamed(history, asked.run, places);
        io.stdout.write(await (options.by === 'movement' ? movementText : ownersText)(warehouse, options, page));
        return;
      }
      const told = asked.run === undefined ? await listed(history, places, options) : await oneOf(history, asked.run, places);
      const text = asked.run === undefined ? await listText(told, places, options, page) : oneText(told, options, page);
      io.stdout.write(options.json === true ? jsonLine(told) : `${text.join('\n')}\n`);
    });
}

/** One word alone is a pipeline where there is such a file, or it looks like one; else it is a run. */
async function askedOf(first: string | undefined, second: string | undefined, cwd: string): Promise<Asked> {
  if (first === undefined) return {};
  if (second !== undefined) return { pipeline: first, run: second };
  const isThere = await stat(resolve(cwd, first)).then(
    () => true,
    () => false,
  );
  return isThere || /\.ya?ml$|\//.test(first) ? { pipeline: first } : { run: first };
}

async function listed(history: readonly PastRun[], places: Places, options: ShowOptions): Promise<Told> {
  const controls = options.controls === true ? await controlsIn(await publishedWarehouse(places)) : null;
  return { runs: history.slice(-options.last), controls };
}

async function listText({ runs, controls }: Told, { outDir }: Places, options: ShowOptions, page: Page) {
  const { readPublished } = await import('../publish/directory.js');
  const worked = runs.findLast((run) => run.steps.length > 0);
  return [
    ...runLines(runs, (await readPublished(outDir))?.runId ?? null, page),
    ...(options.timings === true && worked !== undefined ? ['', ...timingLines(worked.steps, page)] : []),
    ...(controls === null ? [] : ['', ...controlLines(controls, page)]),
  ];
}

function isCut({ by, role, owner, month }: ShowOptions): boolean {
  return (by ?? role ?? owner ?? month) !== undefined;
}

async function ownersText(warehouse: string, options: ShowOptions, page: Page): Promise<string> {
  const { ownersIn } = await import('./show-owners.js');
  const { month = null, role = null, owner = null } = options;
  const told = await ownersIn(warehouse, { month, role, owner });
  if (options.json === true) return jsonLine({ month: told.month, statements: told.statements });
  return `${ownerLines(told, owner !== null, page).join('\n')}\n`;
}

async function movementText(warehouse: string, options: ShowOptions, page: Page): Promise<string> {
  if ((options.role ?? options.owner) !== undefined) throw new Failure('user', [OF_OWNERS]);
  const { movementsIn } = await import('./movement.js');
  const movements = await movementsIn(warehouse, { month: options.month ?? null, rounded: options.json !== true });
  return options.json === true ? jsonLine({ movements }) : `${movementLines(movements, page).join('\n')}\n`;
}

const OF_OWNERS = {
  code: 'cli/bad-argument',
  message: '`--by` cannot be `movement` beside `--role` or `--owner`: it tells features',
  remedy: 'leave them out, or ask for `--by owner`',
};

async function warehouseNamed(history: readonly PastRun[], name: string, places: Places): Promise<string> {
  const { run, warehouse } = await runNamed(history, name, places);
  if (warehouse !== null) return warehouse;
  const remedy = 'ask for a run that is kept: `showback show` lists them';
  const message = `the warehouse file of run \`${run.runId === '' ? name : run.runId}\` is gone`;
  throw new Failure('user', [{ code: 'cli/no-warehouse', message, remedy }]);
}

async function runNamed(history: readonly PastRun[], name: string, { stateDir }: Places) {
  const run = findRun(history, name);
  if (run === undefined) throw unknownRun(history, name);
  return { run, warehouse: run.runId === '' ? null : await warehouseOf(stateDir, run.runId) };
}

async function oneOf(history: readonly PastRun[], name: string, places: Places): Promise<Told> {
  const { run, warehouse } = await runNamed(history, name, places);
  return { runs: [run], controls: warehouse === null ? null : await controlsIn(warehouse) };
}

function oneText({ runs: [run], controls }: Told, options: ShowOptions, page: Page): readonly string[] {
  if (run === undefined) return [];
  const steps = timingLines(run.steps, page, options.timings === true ? Number.POSITIVE_INFINITY : SLOWEST);
  const gone =
    options.controls === true && controls === null ? ['', 'the warehouse file of this run is gone, and its controls'] : [];
  return [
    ...runDetail(run, page),
    ...(run.steps.length === 0 ? [] : ['', ...steps]),
    ...(controls === null ? gone : ['', ...(options.controls === true ? controlLines(controls, page) : [verdict(controls)])]),
  ];
}

/** The newest that is named so: exactly, by the beginning of its id, or by that of its starting time. */
export function findRun(history: readonly PastRun[], name: string): PastRun | undefined {
  if (name === 'last') return history.at(-1);
  return (
    history.findLast((run) => run.runId === name) ??
    history.findLast((run) => run.runId.startsWith(name)) ??
    history.findLast((run) => run.startedAt.startsWith(name.replace(' ', 'T')))
  );
}

function unknownRun(history: readonly PastRun[], name: string): Failure {
  const ids = [...new Set(history.map((run) => run.runId).filter((id) => id !== ''))].reverse();
  const remedy =
    ids.length === 0 ? 'there was none yet: showback run' : `${suggest(name, ['last', ...ids])}; \`showback show\` lists them`;
  return new Failure('user', [
    { code: 'cli/unknown-run', message: `there is no run, and no pipeline file, called \`${name}\``, remedy },
  ]);
}

async function controlsIn(warehouse: string): Promise<readonly ControlRow[]> {
  const { readControls } = await import('./figures.js');
  return readControls(warehouse);
}
