// A STUB of S3 over node:http for `make test`, which needs npm alone. One bucket, all in memory. It holds requests to their
// signature, checksums and conditions, and fails on demand. What a real server does is seen in test/engines.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { type Keys, type Refusal, refusalOf } from './stub-signature.js';

export interface StubObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  modified: Date;
}

interface StubUpload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, Buffer>;
  started: Date;
}

/** What one request asks for. */
export interface Asked {
  readonly method: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

export type Fault =
  | ({ readonly kind: 'answer'; readonly headers?: Readonly<Record<string, string>> } & Refusal)
  /** A body of any kind. */
  | { readonly kind: 'raw'; readonly body: string }
  /** Half of the body, then the connection ends. */
  | { readonly kind: 'cut' }
  /** The body comes in ten pieces with so many milliseconds between. */
  | { readonly kind: 'slow'; readonly milliseconds: number }
  /** Done, but nobody is told: the connection ends without an answer. */
  | { readonly kind: 'lost' }
  /** Never an answer. */
  | { readonly kind: 'silent' }
  /** One byte of the body is another. */
  | { readonly kind: 'damaged' };

interface Planned {
  readonly fault: Fault;
  readonly on: (asked: Asked) => boolean;
  left: number;
}

export interface Stub {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly keys: Keys;
  readonly objects: Map<string, StubObject>;
  readonly uploads: Map<string, StubUpload>;
  /** `PUT key` and the like, in order. */
  readonly log: string[];
  /** Called with each request before it is answered. */
  watch: (asked: Asked) => void | Promise<void>;
  readonly plan: (fault: Fault, on: (asked: Asked) => boolean, times?: number) => void;
  readonly close: () => Promise<void>;
}

export interface StubOptions {
  readonly bucket?: string;
  readonly region?: string;
  readonly keys?: Keys;
  /** Entries of a page. */
  readonly pageSize?: number;
}

export const ACCESS_DENIED: Fault = { kind: 'answer', status: 403, code: 'AccessDenied', message: 'Access Denied' };
export const SLOW_DOWN: Fault = { kind: 'answer', status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };
export const INTERNAL: Fault = {
  kind: 'answer',
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error.',
};
export const CONFLICT: Fault = {
  kind: 'answer',
  status: 409,
  code: 'ConditionalRequestConflict',
  message: 'A conflicting conditional operation is currently in progress against this resource.',
};

export async function startStub(options: StubOptions = {}): Promise<Stub> {
  const { bucket = 'finance', region = 'eu-central-1', pageSize = 1000 } = options;
  const keys = options.keys ?? { accessKeyId: 'AKIASTUB', secretAccessKey: 'stub-secret-of-the-tests' };
  const planned: Planned[] = [];
  const state = { bucket, region, keys, pageSize, planned, objects: new Map(), uploads: new Map(), log: [] as string[] };
  const server = createServer((request, response) => {
    void answer(stub, { ...state, request, response }).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub: Stub = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...state,
    watch: () => undefined,
    plan: (fault, on, times = 1) => void planned.push({ fault, on, left: times }),
    close: async () => stop(server),
  };
  return stub;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

interface Exchange {
  readonly bucket: string;
  readonly region: string;
  readonly keys: Keys;
  readonly pageSize: number;
  readonly planned: Planned[];
  readonly objects: Map<string, StubObject>;
  readonly uploads: Map<string, StubUpload>;
  readonly log: string[];
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

async function answer(stub: Stub, exchange: Exchange): Promise<void> {
  const { request, response, bucket, log, planned } = exchange;
  const body = await buffer(request);
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const [, name = '', ...rest] = path.split('/').map(decodeURIComponent);
  const asked: Asked = {
    method: request.method ?? '',
    key: rest.join('/'),
    query: new URLSearchParams(query),
    headers: request.headers,
  };
  log.push(`${asked.method} ${asked.key}${query === '' ? '' : `?${query}`}`);
  await stub.watch(asked);
  const plan = planned.find((each) => each.left > 0 && each.on(asked));
  if (plan !== undefined) plan.left -= 1;
  const fault = plan?.fault;
  if (fault?.kind === 'silent') return;
  const refusal = refusalOf(request, body, exchange.keys, exchange.region);
  const reply =
    fault?.kind === 'answer'
      ? refused(fault, fault.headers)
      : fault?.kind === 'raw'
        ? { status: 200, body: fault.body }
        : refusal !== null
          ? refused(refusal)
          : name === bucket
            ? replyTo(exchange, asked, body)
            : refused({ status: 404, code: 'NoSuchBucket', message: 'The specified bucket does not exist' });
  await send(response, asked, reply, fault);
}

async function send(
  response: ServerResponse,
  { method }: Asked,
  { status, headers, body = '' }: Reply,
  fault?: Fault,
): Promise<void> {
  if (fault?.kind === 'lost') return void response.destroy();
  const bytes = Buffer.from(body as Buffer);
  const length = headers?.['content-length'] ?? String(bytes.byteLength);
  response.writeHead(status, { ...headers, 'content-length': length, 'x-amz-request-id': 'STUB' });
  if (method === 'HEAD') return void response.end();
  if (fault?.kind === 'cut') {
    response.write(bytes.subarray(0, bytes.byteLength / 2), () => response.destroy());
  } else if (fault?.kind === 'damaged') {
    response.end(bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte)));
  } else if (fault?.kind === 'slow') {
    const piece = Math.ceil(bytes.byteLength / 10);
    for (let at = 0; at < bytes.byteLength && !response.destroyed; at += piece) {
      response.write(bytes.subarray(at, at + piece));
      await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
    }
    response.end();
  } else response.end(bytes);
}

function refused({ status, code, message, more = '' }: Refusal, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = status === 304 ? '' : `${XML}<Error><Code>${code}</Code><Message>${xml(message)}</Message>${more}</Error>`;
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function replyTo(exchange: Exchange, asked: Asked, body: Buffer): Reply {
  const { method, key, query } = asked;
  if (String(asked.headers['content-encoding'] ?? '').includes('aws-chunked')) {
    return refused({ status: 501, code: 'NotImplemented', message: 'the stub knows no chunked bodies' });
  }
  const uploadId = query.get('uploadId');
  if (key === '' && method === 'GET') return query.has('uploads') ? listUploads(exchange, query) : listObjects(exchange, query);
  if (key === '' && method === 'POST' && query.has('delete')) return removeMany(exchange, body);
  if (method === 'POST' && query.has('uploads')) return createUpload(exchange, asked);
  if (uploadId !== null && !exchange.uploads.has(uploadId)) {
    return refused({ status: 404, code: 'NoSuchUpload', message: 'The specified upload does not exist.' });
  }
  if (method === 'PUT' && asked.headers['x-amz-copy-source'] !== undefined) return copied(exchange, asked, uploadId);
  if (uploadId !== null && method === 'PUT') return putPart(exchange, asked, uploadId, body);
  if (uploadId !== null && method === 'POST') return completeUpload(exchange, asked, uploadId, body);
  if (uploadId !== null && method === 'DELETE') return { status: exchange.uploads.delete(uploadId) ? 204 : 404 };
  if (method === 'PUT') return putObject(exchange, asked, body);
  if (method === 'GET' || method === 'HEAD') return getObject(exchange, asked);
  return refused({ status: 501, code: 'NotImplemented', message: `the stub knows no ${method} of this` });
}

const GONE: Refusal = { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' };
const TAGGED: Refusal = { status: 403, code: 'AccessDenied', message: 'not authorized to perform: s3:GetObjectTagging' };
const UNMET: Refusal = {
  status: 412,
  code: 'PreconditionFailed',
  message: 'At least one of the pre-conditions you specified did not hold',
};

function unmet(there: StubObject | undefined, headers: Asked['headers']): Refusal | null {
  if (headers['if-none-match'] === '*' && there !== undefined) return UNMET;
  const ifMatch = headers['if-match'];
  if (ifMatch === undefined) return null;
  if (there === undefined) return GONE;
  return there.etag === ifMatch ? null : UNMET;
}

function wrongChecksum(headers: Asked['headers'], body: Buffer): Refusal | null {
  const expected = { crc32: crc32Of(body), sha256: createHash('sha256').update(body).digest('base64') };
  for (const [name, value] of Object.entries(expected)) {
    const told = headers[`x-amz-checksum-${name}`];
    if (told !== undefined && told !== value) {
      return { status: 400, code: 'BadDigest', message: `The ${name} you specified did not match the calculated checksum.` };
    }
  }
  return null;
}

function crc32Of(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

/** Of the headers of a request, those that are kept with the object. */
function kept(headers: Asked['headers']): Readonly<Record<string, string>> {
  const names = Object.keys(headers).filter((name) => /^x-amz-(meta-.*|checksum-(crc32|sha256))$|^content-type$/.test(name));
  return Object.fromEntries(names.map((name) => [name, String(headers[name])]));
}

function putObject({ objects }: Exchange, { key, headers }: Asked, body: Buffer): Reply {
  const refusal = unmet(objects.get(key), headers) ?? wrongChecksum(headers, body);
  if (refusal !== null) return refused(refusal);
  const etag = `"${createHash('md5').update(body).digest('hex')}"`;
  objects.set(key, { bytes: body, etag, headers: kept(headers), modified: new Date() });
  return { status: 200, headers: { etag } };
}

function getObject({ objects }: Exchange, { key, headers }: Asked): Reply {
  const there = objects.get(key);
  if (there === undefined) return refused(GONE);
  const refusal = unmet(there, { 'if-match': headers['if-match'] });
  if (refusal !== null) return refused(refusal);
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  const checksums = headers['x-amz-checksum-mode'] === 'ENABLED' && range === null;
  const told = Object.entries(there.headers).filter(([name]) => checksums || !name.startsWith('x-amz-checksum'));
  const common = { ...Object.fromEntries(told), etag: there.etag, 'last-modified': there.modified.toUTCString() };
  if (range === null)
    return { status: 200, headers: { ...common, 'content-length': `${there.bytes.byteLength}` }, body: there.bytes };
  const from = Number(range[1]);
  if (from >= there.bytes.byteLength)
    return refused({ status: 416, code: 'InvalidRange', message: 'The requested range is not satisfiable' });
  const part = there.bytes.subarray(from, range[2] === '' ? undefined : Number(range[2]) + 1);
  const place = `bytes ${from}-${from + part.byteLength - 1}/${there.bytes.byteLength}`;
  return { status: 206, headers: { ...common, 'content-range': place }, body: part };
}

/** A page is full when it is: a listing may so end with an empty one. */
function listObjects({ objects, pageSize, bucket }: Exchange, query: URLSearchParams): Reply {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? '';
  const all = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = all.slice(0, Math.min(pageSize, Number(query.get('max-keys') ?? pageSize)));
  const isFull = page.length === pageSize;
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : xml;
  const entries = page.map((key) => {
    const { bytes, etag, modified } = objects.get(key) as StubObject;
    return `<Contents><Key>${encode(key)}</Key><Size>${bytes.byteLength}</Size><ETag>${xml(etag)}</ETag><LastModified>${modified.toISOString()}</LastModified></Contents>`;
  });
  const next = isFull ? `<NextContinuationToken>${xml(page.at(-1) ?? '')}</NextContinuationToken>` : '';
  const head = `<Name>${bucket}</Name><EncodingType>${query.get('encoding-type') ?? ''}</EncodingType><IsTruncated>${isFull}</IsTruncated>${next}`;
  return { status: 200, body: `${XML}<ListBucketResult>${head}${entries.join('')}</ListBucketResult>` };
}

function removeMany({ objects, log }: Exchange, body: Buffer): Reply {
  const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescaped(key));
  if (keys.length > 1000) return refused({ status: 400, code: 'MalformedXML', message: 'more than 1000 keys' });
  const errors = keys.filter((key) => key.includes('locked-by-policy'));
  for (const key of keys.filter((each) => !errors.includes(each))) {
    log.push(`DELETED ${key}`);
    objects.delete(key);
  }
  const told = errors.map(
    (key) => `<Error><Key>${xml(key)}</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`,
  );
  return { status: 200, body: `${XML}<DeleteResult>${told.join('')}</DeleteResult>` };
}

function unescaped(text: string): string {
  const plain: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (_, hex: string, decimal: string, name: string) =>
    name === undefined
      ? String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
      : (plain[name] ?? ''),
  );
}

/** Of an object, or of a range of it, of this bucket or one that the stub has besides. */
function copied(exchange: Exchange, asked: Asked, uploadId: string | null): Reply {
  const { objects, bucket } = exchange;
  const [from = '', ...key] = String(asked.headers['x-amz-copy-source']).split('/').map(decodeURIComponent);
  const there = objects.get(from === bucket ? key.join('/') : [from, ...key].join('/'));
  if (there === undefined) return refused(GONE);
  if (asked.headers['x-amz-copy-source-if-match'] !== there.etag) return refused(UNMET);
  // Without them S3 copies tags and headers, which takes permissions of their own.
  const directives = ['x-amz-metadata-directive', 'x-amz-tagging-directive'].map((name) => asked.headers[name]);
  if (uploadId === null && directives.some((told) => told !== 'REPLACE')) return refused(TAGGED);
  const range = /^bytes=(\d+)-(\d+)$/.exec(String(asked.headers['x-amz-copy-source-range'] ?? ''));
  const bytes = range === null ? there.bytes : there.bytes.subarray(Number(range[1]), Number(range[2]) + 1);
  const own = { ...asked, headers: { 'content-type': 'application/octet-stream' } };
  const { headers = {} } = uploadId === null ? putObject(exchange, own, bytes) : putPart(exchange, own, uploadId, bytes);
  const result = uploadId === null ? 'CopyObjectResult' : 'CopyPartResult';
  return { status: 200, body: `${XML}<${result}><ETag>${xml(headers['etag'] ?? '')}</ETag></${result}>` };
}

function createUpload({ uploads, bucket }: Exchange, { key, headers }: Asked): Reply {
  const id = randomUUID();
  uploads.set(id, { key, headers: kept(headers), parts: new Map(), started: new Date() });
  const inside = `<Bucket>${bucket}</Bucket><Key>${xml(key)}</Key><UploadId>${id}</UploadId>`;
  return { status: 200, body: `${XML}<InitiateMultipartUploadResult>${inside}</InitiateMultipartUploadResult>` };
}

function putPart({ uploads }: Exchange, { query, headers }: Asked, id: string, body: Buffer): Reply {
  const refusal = wrongChecksum(headers, body);
  if (refusal !== null) return refused(refusal);
  uploads.get(id)?.parts.set(Number(query.get('partNumber')), body);
  return {
    status: 200,
    headers: { etag: `"${createHash('md5').update(body).digest('hex')}"`, 'x-amz-checksum-crc32': crc32Of(body) },
  };
}

function completeUpload({ uploads, objects, bucket }: Exchange, { key, headers }: Asked, id: string, body: Buffer): Reply {
  const upload = uploads.get(id) as StubUpload;
  const told = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) => Number(number));
  const parts = told.map((number) => upload.parts.get(number));
  if (parts.includes(undefined) || told.length !== upload.parts.size || told.some((number, at) => number !== at + 1)) {
    return refused({ status: 400, code: 'InvalidPart', message: 'One or more of the specified parts could not be found.' });
  }
  const refusal = unmet(objects.get(key), headers);
  if (refusal !== null) return refused(refusal);
  const hashes = parts.map((part) =>
    createHash('md5')
      .update(part as Buffer)
      .digest(),
  );
  const etag = `"${createHash('md5').update(Buffer.concat(hashes)).digest('hex')}-${parts.length}"`;
  objects.set(key, { bytes: Buffer.concat(parts as Buffer[]), etag, headers: upload.headers, modified: new Date() });
  uploads.delete(id);
  const inside = `<Bucket>${bucket}</Bucket><Key>${xml(key)}</Key><ETag>${xml(etag)}</ETag>`;
  return { status: 200, body: `${XML}<CompleteMultipartUploadResult>${inside}</CompleteMultipartUploadResult>` };
}

function listUploads({ uploads, bucket, pageSize }: Exchange, query: URLSearchParams): Reply {
  const prefix = query.get('prefix') ?? '';
  const after = `${query.get('key-marker') ?? ''}\n${query.get('upload-id-marker') ?? ''}`;
  const all = [...uploads].map(([id, { key, started }]) => ({ id, key, started, at: `${key}\n${id}` }));
  const wanted = all.filter(({ key, at }) => key.startsWith(prefix) && at > after).sort((a, b) => (a.at < b.at ? -1 : 1));
  const page = wanted.slice(0, pageSize);
  const entries = page.map(
    ({ id, key, started }) =>
      `<Upload><Key>${encodeURIComponent(key)}</Key><UploadId>${id}</UploadId><Initiated>${started.toISOString()}</Initiated></Upload>`,
  );
  const last = page.at(-1);
  const next =
    wanted.length > page.length && last !== undefined
      ? `<IsTruncated>true</IsTruncated><NextKeyMarker>${encodeURIComponent(last.key)}</NextKeyMarker><NextUploadIdMarker>${last.id}</NextUploadIdMarker>`
      : '<IsTruncated>false</IsTruncated>';
  const head = `<Bucket>${bucket}</Bucket><EncodingType>url</EncodingType>${next}`;
  return { status: 200, body: `${XML}<ListMultipartUploadsResult>${head}${entries.join('')}</ListMultipartUploadsResult>` };
}
