// `s3://bucket/key` as people write it in patterns. A key pattern is what stands behind the bucket.
import picomatch from 'picomatch';

export interface S3Pattern {
  readonly bucket: string;
  readonly key: string;
}

const ADDRESS = /^s3:\/\/([^/]+)\/(.+)$/s;

/** Null: a pattern of the company folder. */
export function s3Pattern(pattern: string): S3Pattern | null {
  const [, bucket, key] = ADDRESS.exec(pattern) ?? [];
  return bucket === undefined || key === undefined ? null : { bucket, key };
}

export function s3Name(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/** The folder to list for a pattern, empty or with a slash at its end; null: the pattern is the key of one object. */
export function folderOf(key: string): string | null {
  const { base, isGlob } = picomatch.scan(key);
  if (!isGlob) return null;
  return base === '' || base === '.' ? '' : `${base}/`;
}
