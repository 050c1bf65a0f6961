// One Trino and one S3 server for all files of a run. vitest calls this before the first file and after the last, also on Ctrl-C;
// a run that is killed takes them along (setup/watched.sh); what it left on the disk, the next run removes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { sweepFolders } from '../temp-folder.js';
import { startS3Server } from './s3-server.js';
import type { Engines } from './started.js';
import { startTrino } from './trino.js';

declare module 'vitest' {
  export interface ProvidedContext {
    engines: Engines;
  }
}

const BUCKET = 'showback-test';
const FOLDER = 'showback-engines-';

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweepFolders(FOLDER);
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER}${process.pid}-`));
  const stops: (() => Promise<void>)[] = [async () => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const s3 = await startS3Server(folder);
    stops.push(s3.stop);
    await s3.bucket(BUCKET);
    const trino = await startTrino(folder, s3);
    stops.push(trino.stop);
    const { s3Endpoint, accessKey, secretKey, region } = s3;
    project.provide('engines', { trinoUrl: trino.url, s3Endpoint, accessKey, secretKey, region, bucket: BUCKET });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
