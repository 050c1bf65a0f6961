// Asks the readers in their own process, and says so where that dies or does not answer in time.
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';

/** What no damaged file of some kilobytes may take. */
const DEADLINE = 20_000;

export class Readers implements AsyncDisposable {
  #child: ChildProcess | null = null;

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async ask(reader: string, name: string, bytes: Buffer): Promise<string | null> {
    const child = await this.#alive();
    const answered = this.#next(child);
    child.send({ reader, name, bytes: bytes.toString('base64') });
    return answered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  async #alive(): Promise<ChildProcess> {
    if (this.#child !== null) return this.#child;
    const child = fork(path.join(import.meta.dirname, 'child.ts'), {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    if ((await this.#next(child)) !== 'ready') throw new Error('the process of the readers does not start');
    return child;
  }

  async #next(child: ChildProcess): Promise<string | null> {
    return new Promise((resolve) => {
      const end = (answer: string | null, isOver: boolean) => {
        clearTimeout(late);
        child.removeAllListeners('message').removeAllListeners('exit');
        if (isOver) void this[Symbol.asyncDispose]();
        resolve(answer);
      };
      const late = setTimeout(() => end(`no answer in ${DEADLINE} ms`, true), DEADLINE);
      child.once('message', ({ answer }: { readonly answer: string | null }) => end(answer, false));
      child.once('exit', (code, signal) => end(`the process died (${signal ?? code})`, true));
    });
  }
}
