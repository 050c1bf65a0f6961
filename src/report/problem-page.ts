// The page of all problem codes: what each means, how the process ends, what to do, and how it looks.
import { EXIT_CODE } from '../kernel/failure.js';
import { block, cellText, page, table } from './markdown.js';
import { ATHENA } from './problems/athena.js';
import { CONFIGURATION } from './problems/configuration.js';
import { DRAFTING } from './problems/drafting.js';
import { EVIDENCE } from './problems/evidence.js';
import { MODELS } from './problems/models.js';
import { OBJECTS } from './problems/objects.js';
import type { ProblemText, ProblemTexts } from './problems/problem-text.js';
import { PULLS } from './problems/pulls.js';
import { QUERIES } from './problems/queries.js';
import { CLOSING } from './problems/closing.js';
import { RUNNING } from './problems/running.js';

const SECTIONS: readonly (readonly [title: string, texts: ProblemTexts])[] = [
  ['Configuration', CONFIGURATION],
  ['Files and data', EVIDENCE],
  ['Commands, folders, runs', RUNNING],
  ['Closed months', CLOSING],
  ['Objects on S3', OBJECTS],
  ['Costs asked of a provider', PULLS],
  ['Athena', ATHENA],
  ['Questions to the marts', QUERIES],
  ['A first draft', DRAFTING],
];

export const PROBLEM_TEXTS: ProblemTexts = Object.assign({}, ...SECTIONS.map(([, texts]) => texts), MODELS) as ProblemTexts;

const INTRODUCTION = `An error says where, what is wrong, and after the arrow what to do. All problems of a phase are told at once: first those of the
arguments, then those of the whole configuration, then those of all sources, then those of the data. The code in brackets is
stable; this page has every one. With \`--json\` the same is one line, see [events](events.md).`;

export function problemPage(examples: ReadonlyMap<string, string>): string {
  return page('src/report/problems/ and fixtures/errors/', [
    '# Errors',
    INTRODUCTION,
    '## Exit codes',
    table(
      ['code', 'is'],
      [
        [`${EXIT_CODE.done}`, 'done, or nothing to do'],
        [`${EXIT_CODE.bug}`, 'a bug: please report it, with what `--debug` prints'],
        [`${EXIT_CODE.user}`, 'the configuration or the arguments are wrong'],
        [`${EXIT_CODE.check}`, 'a check failed: the data is wrong, and nothing was published'],
        [`${EXIT_CODE.unavailable}`, 'a source, a disk or the engine is unavailable: run again later'],
        [`${EXIT_CODE.locked}`, 'another run is at work'],
        ['130, 143', 'stopped by SIGINT or SIGTERM'],
      ],
    ),
    ...SECTIONS.flatMap(([title, texts]) => [`## ${title}`, ...sorted(texts).map((each) => entry(each, examples))]),
    '## Models',
    'For who writes models: found by `make sql` in portable SQL, and by a run where a model cannot be read at all (exit 2).',
    table(
      ['code', 'what is there', 'what to write'],
      sorted(MODELS).map(([code, { means, remedy }]) => [`\`${code}\``, cellText(means), cellText(remedy)]),
    ),
  ]);
}

/** `make sql` ends with 1, like every check of the project. */
export function exitOf(kind: ProblemText['kinds'][number]): number {
  return kind === 'model' ? 1 : EXIT_CODE[kind];
}

function sorted(texts: ProblemTexts): readonly (readonly [string, ProblemText])[] {
  return Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1));
}

function entry([code, { kinds, means, remedy }]: readonly [string, ProblemText], examples: ReadonlyMap<string, string>): string {
  const exits = kinds.map(exitOf).join(' or ');
  const example = examples.get(code);
  return [`### \`${code}\``, `Exit ${exits}. ${means}`, `→ ${remedy}`, ...(example === undefined ? [] : [block(example)])].join(
    '\n\n',
  );
}
