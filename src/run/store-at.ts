// A folder of a bucket, as the pipeline names it.
import type { S3Folder } from '../pipeline/pipeline.js';
import { openStore } from '../store/s3.js';
import type { ObjectStore } from '../store/store.js';

export function urlOf({ bucket, prefix }: S3Folder): string {
  return `s3://${[bucket, prefix].filter((part) => part !== '').join('/')}/`;
}

export function storeAt(folder: S3Folder, signal: AbortSignal | undefined): ObjectStore {
  const { bucket, prefix, region, endpoint, pathStyle } = folder;
  return openStore({
    bucket,
    prefix,
    pathStyle,
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    ...(signal === undefined ? {} : { signal }),
  });
}
