// Objects that stay on S3: they go to a landing there, and what lands here is a receipt, which says which object it was and in which state.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { type ObjectVersion, PreconditionFailed } from '../store/store.js';
import type { Arrival, BringOptions, Brought } from './arrival.js';
import { goneMeanwhile, REPLACED_TIMES } from './replaced.js';
import { s3Name, s3Pattern } from './s3-address.js';
import type { LandedFile, Receipt, RemoteLanding } from './source.js';

/** What of the files comes here, and the others as receipts of themselves. */
export function withReceipts(files: readonly Arrival[], remote: RemoteLanding): readonly Arrival[] {
  const staying = new Set(files.filter(({ name, object }) => object !== undefined && remote.takes(name)));
  const all = [...staying].flatMap(({ object }) => (object === undefined ? [] : [receiptFor(object.version)]));
  return files.map((file) => (staying.has(file) ? asReceipt(file, remote, all) : file));
}

function asReceipt(file: Arrival, remote: RemoteLanding, all: readonly Receipt[]): Arrival {
  return {
    ...file,
    // Other than that of the object itself: where models are built here again, its bytes are brought.
    state: async () => `receipt ${await file.state()}`,
    ofBytes: file.state,
    resume: null,
    bring: async (aside, options) => bring(file, remote, { all, aside, options }),
  };
}

interface Bringing {
  readonly all: readonly Receipt[];
  readonly aside: string;
  readonly options: BringOptions;
}

/** One that is replaced under our hands goes as what replaced it. */
async function bring({ name, object }: Arrival, remote: RemoteLanding, { all, aside, options }: Bringing): Promise<Brought> {
  let version = object?.version ?? null;
  for (let times = 1; version !== null; times += 1) {
    const receipt = receiptFor(version);
    try {
      await remote.bring(receipt, all);
    } catch (error) {
      if (!(error instanceof PreconditionFailed) || times >= REPLACED_TIMES) throw error;
      version = (await object?.now()) ?? null;
      continue;
    }
    await writeFile(aside, receipt.text, { flush: true });
    const { bytes, etag } = version;
    options.onBytes?.(bytes);
    return { sha256: receipt.sha256, bytes, receipt: Buffer.byteLength(receipt.text), state: `receipt ${bytes} ${etag}` };
  }
  throw goneMeanwhile(name);
}

function receiptFor(object: ObjectVersion): Receipt {
  const { bucket, key, etag, bytes } = object;
  const name = s3Name(bucket, key);
  const text = `${JSON.stringify({ object: name, etag, bytes })}\n`;
  return { text, sha256: createHash('sha256').update(text).digest('hex'), name, object: { bucket, key, etag, bytes } };
}

/** Of a landed file that has one. */
export async function receiptOf({ path, name, bytes }: LandedFile): Promise<Receipt> {
  const told = JSON.parse(await readFile(path, 'utf8')) as { readonly etag: string };
  const address = s3Pattern(name);
  if (address === null) throw new Error(`${name} is no object of S3`);
  return receiptFor({ ...address, etag: told.etag, bytes });
}
