// One run of the built program that dies where it is told to. Models are read from a copy of the catalogue: reading them is the longest
// part of a small run, and nothing is written meanwhile.
import { register } from 'node:module';
import { cpSync, writeFileSync } from 'node:fs';
import { siteOf, watchMutations } from './mutations.mjs';

/** @type {import('./kill.js').Drive} */
const drive = JSON.parse(process.argv[2]);
process.env.CRASH_CATALOG = drive.catalog;
register('./catalog-hook.mjs', import.meta.url);

const { runPipeline } = await import('../../dist/run/run.js');
const { kill } = drive;
const seen = { steps: [], mutations: [], copies: {} };
const die = () => process.kill(process.pid, 'SIGKILL');

await watchMutations(drive.folder, {
  before: (mutation) => {
    if (mutation.op !== 'sync') seen.mutations.push(mutation);
    if (drive.copies !== undefined && mutation.op !== 'sync') copyOnce(mutation);
    if (kill.kind === 'mutation' && kill.when === 'before' && kill.number === mutation.number && mutation.op !== 'sync') die();
  },
  after: (mutation) => {
    if (kill.kind === 'mutation' && kill.when === 'after' && kill.number === mutation.number && mutation.op !== 'sync') die();
  },
});

/** What a kill here would leave: files that a process wrote are there whether it lives or not. */
function copyOnce(mutation) {
  const site = `${siteOf(mutation)}${drive.everyCopy ? ` (${mutation.number})` : ''}`;
  if (seen.copies[site] !== undefined) return;
  seen.copies[site] = `${drive.copies}/${mutation.number}`;
  cpSync(drive.folder, seen.copies[site], { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

function listener(event) {
  if (event.kind !== 'step') return;
  if (event.state === 'done') seen.steps.push({ step: event.step, seconds: event.seconds });
  if (kill.kind === 'step' && kill.step === event.step && kill.state === event.state) die();
  if (kill.kind === 'moment' && kill.step === event.step && event.state === 'started') setTimeout(die, kill.milliseconds);
}

const pipelineFile = `${drive.folder}/pipeline.yaml`;
await runPipeline({ pipelineFile, scope: {}, force: false, threads: 1, listener, now: () => new Date('2031-01-01T00:00:00Z') });
if (drive.seen !== undefined) writeFileSync(drive.seen, JSON.stringify(seen));
