// Logs on S3: one that went up goes when the landing here has its bytes no more, since whoever needs them puts them there again. One that was
// copied from bucket to bucket may be the only one: it goes when the landing here lets go of its receipt. Neither where another pipeline needs it.
import type { Listed, ObjectStore } from '../store/store.js';
import type { Waste } from './api.js';
import { forgetUploads, LANDING, uploadNotes } from './athena-uploads.js';
import type { GcNeeds, GcPart } from './gc-part.js';

const DAY = 86_400_000;
const LOG = /^landing\/(?:[0-9a-f]{2})+\/(copy-)?([0-9a-f]{64})\.jsonl(?:\.gz|\.zst)?$/;

export async function planUploads(store: ObjectStore, pipeline: string, { landed, dropped, now }: GcNeeds): Promise<GcPart> {
  const notes = await uploadNotes(store);
  const own = new Set(notes.find((note) => note?.pipeline === pipeline)?.keys);
  const others = new Set(notes.flatMap((note) => (note === null || note.pipeline === pipeline ? [] : note.keys)));
  // A note that cannot be read may name anything; a landing that holds nothing may have been lost.
  if (notes.includes(null))
    return staying(`${store.url('owners/')} has a note that this version cannot read: all logs on S3 stay`);
  if (landed.size === 0) return staying(own.size === 0 ? null : 'nothing landed is here: all logs on S3 stay');
  const isOld = ({ modified }: Listed): boolean => modified.getTime() < now.getTime() - DAY;
  const isLetGo = (copy: string | undefined, sha256: string): boolean =>
    copy === undefined ? !landed.has(sha256) : dropped.has(sha256);
  const old: Listed[] = [];
  let strange = 0;
  for await (const page of store.list(LANDING)) {
    for (const object of page) {
      const [, copy, sha256] = LOG.exec(object.key) ?? [];
      if (sha256 === undefined || !(own.has(object.key) || others.has(object.key))) strange += 1;
      else if (own.has(object.key) && !others.has(object.key) && isLetGo(copy, sha256) && isOld(object)) old.push(object);
    }
  }
  return {
    waste: old.map(({ key, bytes }): Waste => ({ kind: 'upload', path: store.url(key), files: 1, bytes })),
    notes: strange === 0 ? [] : [`${strange} files below ${store.url(LANDING)} are noted by no pipeline: they stay`],
    carryOut: async () => {
      await store.remove(old.map(({ key }) => key));
      await endUploads(store, own, now);
      await forgetUploads(store, pipeline, new Set(old.map(({ key }) => key)));
    },
  };
}

function staying(note: string | null): GcPart {
  return { waste: [], notes: note === null ? [] : [note], carryOut: async () => undefined };
}

/** Parts of a large log whose run was killed: no listing of objects has them. */
async function endUploads(store: ObjectStore, own: ReadonlySet<string>, now: Date): Promise<void> {
  for await (const page of store.uploads(LANDING)) {
    for (const upload of page.filter(({ key, started }) => own.has(key) && started.getTime() < now.getTime() - DAY))
      await store.abort(upload);
  }
}
