// One S3 server for the tests of a run, with signature checks: versitygw over a folder of the run.
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { freePort, installed, serve, until } from './installed.js';
import type { S3Access } from './trino.js';

export interface S3Server extends S3Access {
  readonly stop: () => Promise<void>;
  /** Makes a bucket and returns its name. */
  readonly bucket: (name: string) => Promise<string>;
}

const REGION = 'eu-central-1';

/** Starts it in an empty folder, with keys of its own. */
export async function startS3Server(folder: string): Promise<S3Server> {
  const port = await freePort();
  const access: S3Access = {
    s3Endpoint: `http://127.0.0.1:${port}`,
    accessKey: `AK${randomBytes(9).toString('hex').toUpperCase()}`,
    secretKey: randomBytes(20).toString('hex'),
    region: REGION,
  };
  const [iam, versions, data] = ['iam', 'versions', 'data'].map((name) => join(folder, 's3', name)) as [string, string, string];
  for (const path of [iam, versions, data]) await mkdir(path, { recursive: true });
  const server = serve({
    name: 'the S3 server',
    // Without `--iam-dir` a wrong key is answered as no S3 server does.
    command: [installed().versitygw, '--port', `127.0.0.1:${port}`, '--region', REGION, '--quiet', '--iam-dir', iam].concat(
      'posix',
      '--versioning-dir',
      versions,
      data,
    ),
    cwd: folder,
    env: { ROOT_ACCESS_KEY: access.accessKey, ROOT_SECRET_KEY: access.secretKey },
    log: join(folder, 's3.log'),
  });
  try {
    await until('the S3 server is up', 30, async () => isUp(access), server.check);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...access, stop: server.stop, bucket: async (name) => makeBucket(access, name) };
}

/** A client of the server, as the program has one: path-style, since buckets have no names in DNS here. */
export function s3ClientOf({ s3Endpoint, accessKey, secretKey, region }: S3Access): S3Client {
  return new S3Client({
    endpoint: s3Endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  });
}

export async function makeBucket(access: S3Access, name: string): Promise<string> {
  using client = disposable(s3ClientOf(access));
  await client.value.send(new CreateBucketCommand({ Bucket: name }));
  return name;
}

async function isUp(access: S3Access): Promise<boolean> {
  using client = disposable(s3ClientOf(access));
  try {
    await client.value.send(new ListBucketsCommand({}));
    return true;
  } catch {
    return false;
  }
}

function disposable(value: S3Client): Disposable & { readonly value: S3Client } {
  return { value, [Symbol.dispose]: () => value.destroy() };
}
