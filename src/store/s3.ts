// Objects on S3. With `s3-parts.ts` what knows the client: its commands, its settings, its answers.
import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { checkedAddress, type StoreOptions } from './address.js';
import { ask, unavailable } from './asking.js';
import { base64Of, checkSha256, sha256Of, toldSha256 } from './checksum.js';
import { cutBy } from './file-download.js';
import { conditions, refuted } from './s3-conditions.js';
import { fileBytes, fileSha256, PART_BYTES, wholeFile } from './file-parts.js';
import { folderBelow, keyBelow } from './key.js';
import { decoded, following, relative } from './s3-listing.js';
import { abort, type Connection, copy, described, head, putParts, urlOf } from './s3-parts.js';
import { type Answer, download, fetch, type Readings } from './s3-download.js';
import { isNamed, hasStatus, refusedKeys } from './s3-failure.js';
import type { Body, Listed, ObjectStore, OpenUpload, PutOptions } from './store.js';

export type { StoreOptions } from './address.js';

const MINUTE = 60_000;

/** No request is made before the first question. */
export function openStore(options: StoreOptions): ObjectStore {
  const { region, endpoint, pathStyle, credentials, deadline = 5 * MINUTE, patience = MINUTE / 2, attempts = 6 } = options;
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: pathStyle ?? false,
    retryMode: 'adaptive',
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: Math.min(patience, 10_000), socketTimeout: patience },
  });
  const secrets = [credentials?.secretAccessKey ?? '', credentials?.sessionToken ?? ''];
  const signal = options.signal ?? new AbortController().signal;
  return storeOver({ ...checkedAddress(options), client, secrets, deadline, signal });
}

function storeOver(to: Connection): ObjectStore {
  const full = (key: string): string => keyBelow(to.bucket, to.prefix, key);
  const folder = (prefix: string): string => folderBelow(to.bucket, to.prefix, prefix);
  return {
    url: (key) => `s3://${to.bucket}/${to.prefix}${key}`,
    put: async (key, body, options = {}) => put(to, full(key), body, options),
    putOnce: async (key, file) => putOnce(to, full(key), file),
    copy: async (key, from) => copy(to, full(key), from),
    get: async (key) => get(to, full(key)),
    head: async (key) => head(to, full(key)),
    download: async (key, file, { etag }) => download(file, readings(to, full(key), etag)),
    fetch: async (key, file, wanted) => fetch(file, wanted, readings(to, full(key), wanted.etag)),
    touch: async (key) => touch(to, full(key)),
    list: (prefix) => list(to, folder(prefix)),
    remove: async (keys) => remove(to, keys.map(full)),
    uploads: (prefix) => uploads(to, folder(prefix)),
    abort: async ({ key, id }) => abort(to, full(key), id),
    signal: to.signal,
    withSignal: (signal) => storeOver({ ...to, signal }),
    close: () => to.client.destroy(),
  };
}

async function put(to: Connection, key: string, body: Body, options: PutOptions): Promise<{ readonly etag: string }> {
  const isFile = typeof body === 'object' && 'file' in body;
  const fileSize = isFile ? await fileBytes(body.file) : 0;
  if (isFile && fileSize > PART_BYTES) return putParts(to, key, body.file, fileSize, options);
  const bytes = isFile ? await wholeFile(body.file) : body;
  const { sha256 } = options;
  if (sha256 !== undefined) checkSha256(sha256Of(bytes), sha256, isFile ? body.file : urlOf(to, key));
  const command = new PutObjectCommand({
    ...described(to, key, options),
    ...conditions(options),
    Body: bytes,
    // Without it the client sends a CRC32.
    ...(sha256 === undefined ? {} : { ChecksumSHA256: base64Of(sha256) }),
  });
  return ask(to, 'put', key, async (signal) => {
    const { ETag } = await to.client.send(command, signal).catch((error: unknown) => refuted(error, urlOf(to, key), options));
    return { etag: ETag ?? '' };
  });
}

async function putOnce(to: Connection, key: string, file: string): Promise<void> {
  const sha256 = await fileSha256(file);
  if ((await head(to, key))?.sha256 !== sha256) await put(to, key, { file }, { sha256 });
}

async function get(to: Connection, key: string): Promise<{ readonly text: string; readonly etag: string } | null> {
  const command = new GetObjectCommand({ Bucket: to.bucket, Key: key });
  return ask(to, 'get', key, async (signal) => {
    for (let tries = 1; tries <= READ_TRIES; tries += 1) {
      const answer = await to.client.send(command, signal).catch(absent);
      if (answer === null) return null;
      const text = await answer.Body?.transformToString('utf-8').catch(cutBy);
      if (typeof text === 'string') return { text, etag: answer.ETag ?? '' };
    }
    throw unavailable(urlOf(to, key), `the answer was cut at each of ${READ_TRIES} tries`);
  });
}

function absent(error: unknown): null {
  if (isNamed(error, 'NoSuchKey')) return null;
  throw error;
}

/** The client tries again what got no answer, but not an answer whose body is cut. */
const READ_TRIES = 4;

function readings(to: Connection, key: string, etag: string): Readings {
  const url = urlOf(to, key);
  const open = async (range: string | null): Promise<Answer> => {
    const part = range === null ? {} : { Range: range };
    const command = new GetObjectCommand({ Bucket: to.bucket, Key: key, IfMatch: etag, ...part });
    const answer = await ask(to, 'get', key, async (signal) =>
      to.client.send(command, signal).catch((error: unknown) => refuted(error, url, { ifMatch: etag })),
    );
    return { body: answer.Body as Readable, length: answer.ContentLength ?? 0, sha256: toldSha256(answer) };
  };
  return { url, signal: to.signal, open };
}

/** An empty object has no first byte, and is readable all the same. */
async function touch(to: Connection, key: string): Promise<void> {
  const command = new GetObjectCommand({ Bucket: to.bucket, Key: key, Range: 'bytes=0-0' });
  await ask(to, 'get', key, async (signal) => {
    const answer = await to.client.send(command, signal).catch((error: unknown) => {
      if (hasStatus(error, 416)) return null;
      throw error;
    });
    await answer?.Body?.transformToByteArray();
  });
}

async function* list(to: Connection, prefix: string): AsyncIterable<readonly Listed[]> {
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: to.bucket,
      Prefix: prefix,
      EncodingType: 'url',
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const page = await ask(to, 'list', prefix, async (signal) => to.client.send(command, signal));
    yield (page.Contents ?? []).flatMap(({ Key = '', Size = 0, ETag = '', LastModified = new Date(0) }) => {
      const key = relative(to, Key, page.EncodingType);
      return key === '' ? [] : [{ key, bytes: Size, etag: ETag, modified: LastModified }];
    });
    token = following(to, prefix, token, page.IsTruncated === true ? (page.NextContinuationToken ?? '') : undefined);
  } while (token !== undefined);
}

async function* uploads(to: Connection, prefix: string): AsyncIterable<readonly OpenUpload[]> {
  let marker: string | undefined;
  let id: string | undefined;
  do {
    const at = marker === undefined ? {} : { KeyMarker: marker, ...(id === undefined ? {} : { UploadIdMarker: id }) };
    const command = new ListMultipartUploadsCommand({ Bucket: to.bucket, Prefix: prefix, EncodingType: 'url', ...at });
    const page = await ask(to, 'uploads', prefix, async (signal) => to.client.send(command, signal));
    yield (page.Uploads ?? []).map(({ Key = '', UploadId = '', Initiated = new Date(0) }) => {
      return { key: relative(to, Key, page.EncodingType), id: UploadId, started: Initiated };
    });
    const next = page.IsTruncated === true ? `${page.NextKeyMarker ?? ''}\n${page.NextUploadIdMarker ?? ''}` : undefined;
    following(to, prefix, marker === undefined ? undefined : `${marker}\n${id ?? ''}`, next);
    marker = next === undefined ? undefined : decoded(page.NextKeyMarker ?? '', page.EncodingType);
    id = page.NextUploadIdMarker;
  } while (marker !== undefined);
}

const REMOVED_AT_ONCE = 1000;

async function remove(to: Connection, keys: readonly string[]): Promise<void> {
  const refused: { readonly key: string; readonly name: string; readonly words: string }[] = [];
  for (let at = 0; at < keys.length; at += REMOVED_AT_ONCE) {
    const some = keys.slice(at, at + REMOVED_AT_ONCE);
    const command = new DeleteObjectsCommand({
      Bucket: to.bucket,
      Delete: { Objects: some.map((Key) => ({ Key })), Quiet: true },
    });
    const { Errors = [] } = await ask(to, 'remove', some[0] ?? '', async (signal) => to.client.send(command, signal));
    refused.push(...Errors.map(({ Key = '', Code = '', Message = '' }) => ({ key: Key, name: Code, words: Message })));
  }
  const failed = refusedKeys(
    to,
    refused.filter(({ name }) => name !== 'NoSuchKey'),
  );
  if (failed !== null) throw failed;
}
