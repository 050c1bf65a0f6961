// What a catalogue has to know of a run that lies on S3, so that analysts query it: marts, their columns, and where each month lies.
import type { ObjectStore } from '../store/store.js';
import type { Manifest } from './manifest.js';
import { runFolder } from './s3-pointer.js';

export interface MartColumn {
  readonly name: string;
  readonly type: string;
}

export interface RegisteredMart {
  readonly name: string;
  readonly columns: readonly MartColumn[];
  readonly partitions: readonly { readonly month: string; readonly location: string }[];
}

export interface Registration {
  readonly runId: string;
  /** Of who publishes: a higher one is always the later. */
  readonly fence: number;
  /** `s3://…/runs/<id>/` */
  readonly location: string;
  readonly marts: readonly RegisteredMart[];
}

/** How a run becomes known to a catalogue, and the columns of its marts, which no manifest tells. */
export interface Registrar {
  readonly columns: Readonly<Record<string, readonly MartColumn[]>>;
  /** Called when every object is there, before readers of `current.json` see the run. May be called again for the same run. */
  readonly register: (registration: Registration) => Promise<void>;
}

const PARQUET = /^parquet\/[^/]+\/billing_month=[^/]+\//;

export function registrationOf(store: ObjectStore, manifest: Manifest, fence: number, { columns }: Registrar): Registration {
  const location = store.url(runFolder(manifest.runId));
  const marts = new Map<string, { readonly month: string; readonly location: string }[]>();
  for (const { path, mart, month } of manifest.files) {
    const folder = PARQUET.exec(path)?.[0];
    if (folder === undefined || month === null) continue;
    marts.set(mart, [...(marts.get(mart) ?? []), { month, location: `${location}${folder}` }]);
  }
  const told = [...marts].map(([name, partitions]) => ({ name, columns: columnsOf(columns, name), partitions }));
  return { runId: manifest.runId, fence, location, marts: told };
}

function columnsOf(columns: Registrar['columns'], mart: string): readonly MartColumn[] {
  const own = columns[mart];
  if (own === undefined) throw new Error(`nobody tells the columns of mart ${mart}`);
  return own;
}
