// What is measured runs in a process of its own, so that its time and its memory are its own.
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMib: number;
  readonly stdout: string;
}

const LONGEST_MS = 3_600_000;

/** Runs node with `args` to its end. A process that fails is an error with what it said. */
export async function measure(args: readonly string[]): Promise<Measured> {
  const usageFile = join(tmpdir(), `showback-bench-usage-${String(process.pid)}.json`);
  const began = performance.now();
  const { stdout, stderr, code } = await finished(['--import', USAGE, ...args], {
    ...process.env,
    SHOWBACK_BENCH_USAGE: usageFile,
  });
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}\n${stderr}\n${stdout}`);
  const usage = JSON.parse(await readFile(usageFile, 'utf8')) as { readonly maxRss: number; readonly cpu: number };
  await rm(usageFile);
  return { seconds, cpuSeconds: usage.cpu, peakRssMib: usage.maxRss / 1024, stdout };
}

/** Writes the peak of the process' memory and its time on the processors as it ends. */
const USAGE = `data:text/javascript,${encodeURIComponent(`
import { writeFileSync } from 'node:fs';
process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(process.env.SHOWBACK_BENCH_USAGE, JSON.stringify({ maxRss: maxRSS, cpu: (userCPUTime + systemCPUTime) / 1e6 }));
});`)}`;

async function finished(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number | null }> {
  const child = spawn(process.execPath, [...args], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: LONGEST_MS });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ stdout, stderr, code }));
  });
}
