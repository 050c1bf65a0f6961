// What is going to be written, as values: sources in the words of the pipeline file, and what stands beside them.
import type { Day, Month } from '../kernel/period.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import type { Found } from './finding.js';
import { GENERIC } from './invoice-names.js';
import { slug } from './providers.js';

export interface SourceDraft {
  readonly id: string;
  readonly kind: SourceConfig['kind'];
  /** Of a bill; null for usage. */
  readonly provider: string | null;
  readonly role: 'money' | 'evidence' | null;
  /** Keys of the pipeline file behind `id` and `kind`, in order. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** What people should know of it: comments of the pipeline file. */
  readonly remarks: readonly string[];
  /** What only they can settle: steps that are told at the end. */
  readonly doubts: readonly string[];
  readonly files: number;
  readonly opened: number;
  /** Lines of bills, records of logs; as far as was looked. */
  readonly rows: number;
  readonly isPart: boolean;
  readonly currencies: readonly string[];
  readonly months: readonly Month[];
  readonly firstDay: Day | null;
  readonly lastDay: Day | null;
  /** What a bill's rules are drafted from. */
  readonly services: readonly string[];
}

/** What a source must be told apart from. */
export interface Surroundings {
  readonly found: readonly Found[];
  /** Names of files that the draft and its runs write. */
  readonly own: readonly string[];
  /** The new folder below the root, `` or ending in `/`: its name says nothing of a source. */
  readonly below: string;
  /** Ids in use; grows. */
  readonly taken: Set<string>;
}

export interface FeatureDraft {
  readonly id: string;
  readonly team: string;
  /** Events of the sample, or lines of bills. */
  readonly seen: number;
  readonly from: 'usage' | 'bills';
}

/** A name of ours that nobody has yet: `aws`, `aws-2`, … */
export function freeId(wanted: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const id = number === 1 ? wanted : `${wanted}-${number}`;
    if (!taken.has(id)) return id;
  }
}

/** After the folder that says the most, else after the beginning of the name; empty where all is as general as `logs/usage-1.csv`. */
export function nameOf(names: readonly string[], below: string): string {
  const files = names.map((name) => (name.startsWith(below) ? name.slice(below.length) : name));
  const [first = ''] = files;
  const folders = first
    .split('/')
    .slice(0, -1)
    .filter((folder, at) => files.every((name) => name.split('/')[at] === folder));
  const stem = /^[^.]*/.exec(first.slice(first.lastIndexOf('/') + 1))?.[0] ?? '';
  const words = [...folders.toReversed(), stem].map((name) => wordsOf(name));
  return words.find((name) => name !== '') ?? '';
}

function wordsOf(name: string): string {
  return slug(name)
    .split(/[-_.\d]+/)
    .filter((word) => word !== '' && !GENERIC.test(word))
    .join('-');
}
