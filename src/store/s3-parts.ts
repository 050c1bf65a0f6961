// Objects that come in parts, of a file or of another object: begun, brought part by part, ended or let go.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { type Asker, ask } from './asking.js';
import { checkSha256, HASH_KEY, toldSha256 } from './checksum.js';
import { sendParts } from './file-parts.js';
import { conditions, refuted } from './s3-conditions.js';
import { sideBySide } from './lanes.js';
import { COPIES_AT_ONCE, copySource, rangesOf, WHOLE_BYTES } from './s3-copy.js';
import { hasStatus, isNamed } from './s3-failure.js';
import type { ObjectFacts, ObjectVersion, OpenUpload, PutOptions } from './store.js';

export interface Connection extends Asker {
  readonly client: S3Client;
}

export function urlOf({ bucket }: Connection, key: string): string {
  return `s3://${bucket}/${key}`;
}

export async function putParts(to: Connection, key: string, file: string, bytes: number, options: PutOptions) {
  const isDone = ({ sha256 }: ObjectFacts): boolean => options.sha256 !== undefined && sha256 === options.sha256;
  return inParts(to, key, { ...options, isDone, checksum: { ChecksumAlgorithm: 'CRC32' } }, async (upload) => {
    const parts: CompletedPart[] = [];
    const send = async (number: number, part: Uint8Array): Promise<void> => {
      const one = new UploadPartCommand({ ...upload, PartNumber: number, Body: part, ChecksumAlgorithm: 'CRC32' });
      const { ETag, ChecksumCRC32 } = await ask(to, 'put', key, async (signal) => to.client.send(one, signal));
      parts[number - 1] = { PartNumber: number, ETag, ChecksumCRC32 };
    };
    const read = await sendParts(file, bytes, { send, atOnce: PARTS_AT_ONCE });
    checkSha256(read.sha256, options.sha256, file);
    return parts;
  });
}

interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
}

interface InParts extends PutOptions {
  /** Whether the object that is there is what was to come. */
  readonly isDone: (there: ObjectFacts) => boolean;
  readonly checksum?: { readonly ChecksumAlgorithm: 'CRC32' };
}

/** Parts of an upload that fails half-way are let go; those of a killed process are found by `uploads`. */
async function inParts(
  to: Connection,
  key: string,
  options: InParts,
  bring: (upload: Upload) => Promise<CompletedPart[]>,
): Promise<{ readonly etag: string }> {
  const command = new CreateMultipartUploadCommand({ ...described(to, key, options), ...options.checksum });
  const { UploadId } = await ask(to, 'put', key, async (signal) => to.client.send(command, signal));
  const upload = { Bucket: to.bucket, Key: key, UploadId };
  try {
    const Parts = await bring(upload);
    const complete = new CompleteMultipartUploadCommand({ ...upload, ...conditions(options), MultipartUpload: { Parts } });
    return { etag: await completed(to, key, complete, options) };
  } catch (error) {
    const anyway = { ...to, signal: new AbortController().signal };
    await abort(anyway, key, UploadId ?? '').catch(() => undefined);
    throw error;
  }
}

async function completed(
  to: Connection,
  key: string,
  command: CompleteMultipartUploadCommand,
  options: InParts,
): Promise<string> {
  return ask(to, 'put', key, async (signal) => {
    try {
      return (await to.client.send(command, signal)).ETag ?? '';
    } catch (error) {
      // The answer to a first try was lost, and the second finds the upload over.
      const there = isNamed(error, 'NoSuchUpload') ? await head(to, key) : null;
      if (there !== null && options.isDone(there)) return there.etag;
      return refuted(error, urlOf(to, key), options);
    }
  });
}

/** With `PART_BYTES`, the memory that a large file takes. */
const PARTS_AT_ONCE = 4;

export async function head(to: Connection, key: string): Promise<ObjectFacts | null> {
  const object = { Bucket: to.bucket, Key: key };
  return ask(to, 'get', key, async (signal) => {
    try {
      const told = await to.client.send(new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }), signal);
      const { ContentLength = 0, ETag = '', LastModified = new Date(0) } = told;
      return { bytes: ContentLength, etag: ETag, sha256: toldSha256(told), modified: LastModified };
    } catch (error) {
      if (hasStatus(error, 404)) return null;
      // An answer to HEAD has no body, and so no words: the same question as a GET has.
      if (hasStatus(error, 301, 400, 403)) {
        const { Body } = await to.client.send(new GetObjectCommand({ ...object, Range: 'bytes=0-0' }), signal);
        await Body?.transformToByteArray();
      }
      throw error;
    }
  });
}

export function described({ bucket }: Connection, key: string, { contentType, sha256 }: PutOptions) {
  return {
    Bucket: bucket,
    Key: key,
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(sha256 === undefined ? {} : { Metadata: { [HASH_KEY]: sha256 } }),
  };
}

/** Told of the object that is copied. Tags and headers of it stay behind: they would need permissions of their own. */
export async function copy(to: Connection, key: string, from: ObjectVersion): Promise<void> {
  const source = { CopySource: copySource(from), CopySourceIfMatch: from.etag };
  const asked = { ...to, bucket: from.bucket };
  const tell = (error: unknown): never => refuted(error, urlOf(asked, from.key), { ifMatch: from.etag });
  if (from.bytes <= WHOLE_BYTES) {
    const object = { Bucket: to.bucket, Key: key, ...source };
    const command = new CopyObjectCommand({ ...object, MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE' });
    await ask(asked, 'copy', from.key, async (signal) => to.client.send(command, signal).catch(tell));
    return;
  }
  await inParts(to, key, { isDone: ({ bytes }) => bytes === from.bytes }, async (upload) => {
    const parts: CompletedPart[] = [];
    await sideBySide(rangesOf(from.bytes), COPIES_AT_ONCE, async ({ number, range }) => {
      const command = new UploadPartCopyCommand({ ...upload, ...source, PartNumber: number, CopySourceRange: range });
      const { CopyPartResult } = await ask(asked, 'copy', from.key, async (signal) =>
        to.client.send(command, signal).catch(tell),
      );
      const { ETag, ChecksumCRC32 } = CopyPartResult ?? {};
      parts[number - 1] = { PartNumber: number, ETag, ChecksumCRC32 };
    });
    return parts;
  });
}

export async function abort(to: Connection, key: string, id: OpenUpload['id']): Promise<void> {
  const command = new AbortMultipartUploadCommand({ Bucket: to.bucket, Key: key, UploadId: id });
  await ask(to, 'abort', key, async (signal) => {
    await to.client.send(command, signal).catch((error: unknown) => {
      // Over already: completed, or let go by somebody else.
      if (!isNamed(error, 'NoSuchUpload')) throw error;
    });
  });
}
