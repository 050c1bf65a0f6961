// Where the manifests of exports are.

/** Of an AWS export: what its manifests are called. */
export function manifestsBelow(folder: string): string {
  return `${folder.replace(/\/+$/, '')}/metadata/BILLING_PERIOD=*/**/*-Manifest.json`;
}

/** Of an Azure export: below a folder for each month. */
export function azureManifestsBelow(folder: string): string {
  return `${folder.replace(/\/+$/, '')}/*-*/**/manifest.json`;
}

/** Of a legacy Cost and Usage Report: below a folder for each month. */
export function curManifestsBelow(folder: string): string {
  return `${folder.replace(/\/+$/, '')}/*-*/**/*-Manifest.json`;
}
