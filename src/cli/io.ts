// What the command line touches of the world, as one value: tests give their own.
import { styleText } from 'node:util';
import type { RunEvent } from '../kernel/event.js';
import type {
  BackfillRequest,
  BackfillResult,
  CheckDepth,
  DeliveryDiff,
  DiffRequest,
  GcRequest,
  GcResult,
  Planned,
  Rerated,
  RerateRequest,
  RunRequest,
  RunResult,
} from '../run/api.js';
import type {
  CloseRequest,
  CloseResult,
  ReopenRequest,
  StatementsRequest,
  StatementsResult,
  VerifyRequest,
  VerifyResult,
} from '../run/closing-api.js';
import type { RunDiff, RunDiffRequest } from '../run/diff-runs-api.js';
import type { Step } from '../run/plan.js';

export interface Output {
  readonly write: (text: string) => void;
  /** For answers of any size: resolves when the reader takes more. */
  readonly send: (data: string | Uint8Array) => Promise<void>;
  readonly isTTY: boolean;
  /** Of the terminal at this moment. */
  readonly columns: () => number;
  readonly rows: () => number;
}

/** The part of `run/` that commands call. It loads when a command needs it. */
export interface Runs {
  readonly runPipeline: (request: RunRequest) => Promise<RunResult>;
  readonly runBackfill: (request: BackfillRequest) => Promise<BackfillResult>;
  readonly collectGarbage: (request: GcRequest) => Promise<GcResult>;
  readonly planPipeline: (request: RunRequest) => Promise<Planned>;
  readonly checkPipeline: (request: RunRequest, depth: CheckDepth) => Promise<readonly string[]>;
  readonly describeStep: (step: Step) => string;
  readonly closeMonth: (request: CloseRequest) => Promise<CloseResult>;
  readonly reopenMonth: (request: ReopenRequest) => Promise<void>;
  readonly verifyMonth: (request: VerifyRequest) => Promise<VerifyResult>;
  readonly writeStatements: (request: StatementsRequest) => Promise<StatementsResult>;
  readonly diffDeliveries: (request: DiffRequest) => Promise<DeliveryDiff>;
  readonly diffRuns: (request: RunDiffRequest) => Promise<RunDiff>;
  readonly reratePipeline: (request: RerateRequest) => Promise<Rerated>;
}

/** The program that foreign SQL runs in. */
export interface ChildProgram {
  readonly file: string;
  readonly execArgv: readonly string[];
}

export interface Io {
  /** Results. */
  readonly stdout: Output;
  /** Progress, warnings, failures. */
  readonly stderr: Output;
  /** All of standard input. */
  readonly stdin: () => Promise<string>;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  readonly ask?: (question: string) => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly now: () => Date;
  /** A command that stops well by a signal takes this one; without it a signal ends the process where it stands. */
  readonly orderly?: () => AbortSignal;
  readonly runs: () => Promise<Runs>;
  readonly sqlChild: ChildProgram;
}

export type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Colours where a person looks and did not say no. */
export function painter(output: Output, env: Io['env']): Paint {
  if (!hasColours(output, env)) return (_, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** NO_COLOR (https://no-color.org) decides first, then FORCE_COLOR, then what the output is. */
export function hasColours(output: Output, env: Io['env']): boolean {
  const [refused = '', forced] = [env['NO_COLOR'], env['FORCE_COLOR']];
  if (refused !== '') return false;
  if (forced !== undefined) return !['0', 'false'].includes(forced);
  return output.isTTY && env['TERM'] !== 'dumb';
}

/** A listener that has something left to do when the run is over. */
export interface RunView {
  readonly listen: (event: RunEvent) => void;
  readonly close: () => void;
}
