// A company whose pipeline runs on Athena: the real client, the protocol's front, a real Trino and a real S3 server.
import { readFile, writeFile } from 'node:fs/promises';
import type { Company } from '../golden/company.js';
import { type Front, startAthenaFront } from './athena-front.js';
import { type Database, database, engines } from './started.js';

export interface OnAthena extends AsyncDisposable {
  readonly front: Front;
  readonly database: Database;
}

/** Makes `company` run on Athena, in a database of its own. */
export async function onAthena(company: Company, name: string, more = ''): Promise<OnAthena> {
  const { s3Endpoint, region, accessKey, secretKey } = engines();
  const front = await startAthenaFront(engines());
  const own = await database(name);
  process.env['AWS_ACCESS_KEY_ID'] = accessKey;
  process.env['AWS_SECRET_ACCESS_KEY'] = secretKey;
  const engine = [
    'engine:',
    '  kind: athena',
    '  workgroup: showback',
    `  database: ${name}`,
    `  output: ${own.location}`,
    `  region: ${region}`,
    `  endpoint: ${front.url}`,
    `  s3: { endpoint: "${s3Endpoint}", path_style: true }`,
    more,
    '',
  ];
  const yaml = await readFile(company.pipelineFile, 'utf8');
  await writeFile(company.pipelineFile, `${yaml}\n${engine.join('\n')}`);
  return { front, database: own, [Symbol.asyncDispose]: async () => front.stop() };
}
