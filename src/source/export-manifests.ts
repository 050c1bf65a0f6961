// Where the manifests of an AWS export are.

/** Of an AWS export: what its manifests are called. */
export function manifestsBelow(folder: string): string {
  return `${folder.replace(/\/+$/, '')}/metadata/BILLING_PERIOD=*/**/*-Manifest.json`;
}
