// What a test of this folder has: the engines of the run, and a database of its own in them.
import type { S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { makeBucket, s3ClientOf } from './s3-server.js';
import { queryTrino, type S3Access, type TrinoAnswer, type TrinoOptions } from './trino.js';

export interface Engines extends S3Access {
  readonly trinoUrl: string;
  /** One bucket is there from the start; `bucket` makes others. */
  readonly bucket: string;
}

export function engines(): Engines {
  return inject('engines');
}

export interface Database {
  readonly name: string;
  /** `s3://bucket/name/`, empty at first. */
  readonly location: string;
}

/** A schema of Trino. Names are the caller's: one a test, in lower case. */
export async function database(name: string): Promise<Database> {
  const { bucket } = engines();
  const location = `s3://${bucket}/${name}/`;
  await trino(`CREATE SCHEMA hive."${name}" WITH (location = '${location}')`);
  return { name, location };
}

export async function trino(sql: string, options?: TrinoOptions): Promise<TrinoAnswer> {
  return queryTrino(engines().trinoUrl, sql, options);
}

/** The caller destroys it. */
export function s3Client(): S3Client {
  return s3ClientOf(engines());
}

export async function bucket(name: string): Promise<string> {
  return makeBucket(engines(), name);
}
