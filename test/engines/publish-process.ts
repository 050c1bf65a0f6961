// Starts publishers, collectors and readers as processes of their own, and talks with them.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { StoreOptions } from '../../src/store/s3.js';

export interface Told {
  readonly told: 'ready' | 'registering' | 'done' | 'failed';
  readonly code?: string;
  readonly exit?: number;
  readonly outcome?: string;
  readonly fence?: number;
  readonly tries?: number;
  readonly message?: string;
}

export interface Seen extends Told {
  readonly reads: number;
  readonly objects: number;
  readonly runs: readonly string[];
  readonly wrong: readonly string[];
  readonly gone: readonly string[];
}

export interface Child {
  readonly ask: (message: Readonly<Record<string, unknown>> & { readonly ask: string }) => void;
  /** The next thing that it tells. */
  readonly next: () => Promise<Told>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly stop: () => Promise<void>;
}

const CHILD = join(import.meta.dirname, 'publish-child.mjs');

export async function startChild(store: StoreOptions): Promise<Child> {
  const child = fork(CHILD, [JSON.stringify(store)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  });
  const { next, closed } = heard(child);
  await next();
  return {
    ask: (message) => void child.send(message),
    next,
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

function heard(child: ChildProcess): { readonly next: () => Promise<Told>; readonly closed: Promise<unknown> } {
  const told: Told[] = [];
  const waiting: { readonly take: (each: Told) => void; readonly give: (error: Error) => void }[] = [];
  child.on('message', (message) => {
    const first = waiting.shift();
    if (first === undefined) told.push(message as Told);
    else first.take(message as Told);
  });
  const closed = once(child, 'close').then(([code, signal]) => {
    for (const { give } of waiting) give(new Error(`the child ended with ${String(signal ?? code)}`));
  });
  const next = async (): Promise<Told> => {
    const first = told.shift();
    return first ?? new Promise<Told>((take, give) => waiting.push({ take, give }));
  };
  return { next, closed };
}
