// A publisher, collector or reader in a process of its own, so that it can be stopped and killed. It does what it is sent.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectS3, publishToS3 } from '../../dist/publish/s3.js';
import { openStore } from '../../dist/store/s3.js';

let strike = null;
const store = counted(openStore(JSON.parse(process.argv[2])));
const clock = {
  now: () => new Date(Date.now()),
  sleep: async (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};
let finish = () => undefined;
let isOver = false;

/** Kills this process so many milliseconds after it began the call of that number. */
function counted(plain) {
  const seen = (name) => {
    if (strike?.on !== name) return;
    strike.call -= 1;
    if (strike.call === 0) setTimeout(() => process.kill(process.pid, 'SIGKILL'), strike.delay);
  };
  const calling =
    (name) =>
    (first, ...rest) => {
      seen(name);
      return plain[name](first, ...rest);
    };
  return { ...plain, put: calling('put'), remove: calling('remove'), withSignal: (signal) => counted(plain.withSignal(signal)) };
}

/** Stands still with everything uploaded, until it is told to finish. */
function waiting(columns) {
  const register = async () => {
    process.send({ told: 'registering' });
    await new Promise((resolve) => {
      finish = resolve;
    });
  };
  return { columns, register };
}

async function publish({ runDir, runId, seconds, keep, columns, untilDone }) {
  for (let tries = 1; ; tries += 1) {
    try {
      const fence = { holder: `pid ${process.pid}`, clock, seconds };
      const registrar = columns === undefined ? {} : { registrar: waiting(columns) };
      const done = await publishToS3({ store, runDir, runId, fence, ...(keep === undefined ? {} : { keep }), ...registrar });
      return { told: 'done', tries, outcome: done.outcome, fence: done.fence, later: done.later.map(({ message }) => message) };
    } catch (error) {
      const code = error.problems?.[0]?.code ?? String(error.stack);
      if (untilDone !== true || code !== 's3/locked')
        return { told: 'failed', tries, code, exit: error.exitCode ?? 1, message: error.message };
      await sleep(150 + (process.pid % 100));
    }
  }
}

async function collect(request) {
  try {
    const fence = { holder: `pid ${process.pid}`, clock, seconds: request.seconds };
    return { told: 'done', ...(await collectS3({ store, fence, keepRuns: request.keepRuns, keepDays: 0 })) };
  } catch (error) {
    return { told: 'failed', code: error.problems?.[0]?.code ?? String(error.stack), message: error.message };
  }
}

/** `current.json` once, then every object that it names: all of one run, or it is wrong. */
async function readOnce(seen) {
  const pointer = JSON.parse((await store.get('current.json'))?.text ?? '{"run_id":null}');
  if (pointer.run_id === null) return;
  for (const { path, sha256 } of pointer.files) {
    const text = (await store.get(`${pointer.location}${path}`))?.text;
    if (text === undefined) seen.gone.push(`${path} of ${pointer.run_id}`);
    else if (createHash('sha256').update(text).digest('hex') !== sha256) seen.wrong.push(`${path} is not of ${pointer.run_id}`);
    else if (!text.includes(pointer.run_id)) seen.wrong.push(`${path} is of another run than ${pointer.run_id}`);
    seen.objects += 1;
  }
  if (pointer.fence < seen.fence) seen.wrong.push(`fence ${pointer.fence} after ${seen.fence}`);
  seen.fence = pointer.fence;
  if (seen.runs.at(-1) !== pointer.run_id) seen.runs.push(pointer.run_id);
  seen.reads += 1;
}

async function read() {
  const seen = { told: 'done', reads: 0, objects: 0, fence: 0, runs: [], wrong: [], gone: [] };
  while (!isOver) {
    await readOnce(seen).catch((error) => seen.wrong.push(String(error)));
    await sleep(5);
  }
  return seen;
}

const WORK = { publish, collect, read };

process.on('message', (message) => {
  if (message.kill !== undefined) strike = message.kill;
  if (message.ask === 'finish') finish();
  else if (message.ask === 'over') isOver = true;
  else void WORK[message.ask](message).then((answer) => process.send(answer));
});
process.once('disconnect', () => process.exit());
process.send({ told: 'ready' });
