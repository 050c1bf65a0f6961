// A run on Athena that is known to be over its budget asks Athena for nothing, and `plan` says so beforehand.
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planPipeline } from '../../../src/run/run.js';
import { noteMeasures } from '../../../src/run/scan-measures.js';
import { type Company, companyOf, run } from '../../golden/company.js';

const BASE = join(import.meta.dirname, '../../../fixtures/errors/.base/running');

let asked = 0;
let server: Server;

beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIDEXAMPLE';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'of-nobody';
  server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(403).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

async function onAthena(company: Company, budget: number): Promise<void> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const engine = `engine: { kind: athena, workgroup: w, database: d, output: "s3://acme/showback/", region: eu-central-1, endpoint: "${url}", s3: { endpoint: "${url}", path_style: true }, scan_budget_gb: ${budget} }`;
  const yaml = await readFile(company.pipelineFile, 'utf8');
  await writeFile(company.pipelineFile, `${yaml.replace(/\nengine: .*/, '')}\n${engine}\n`);
}

describe('a run over its budget', () => {
  it('stops before it asks Athena or S3 for anything', async () => {
    await using company = await companyOf(BASE);
    await onAthena(company, 2);
    await noteMeasures(join(company.folder, '.showback'), 'shop', new Map([['rating.usage_sum', 2_000_000_000]]));
    await expect(run(company)).rejects.toMatchObject({
      kind: 'user',
      problems: [{ code: 'athena/budget', message: expect.stringMatching(/^the run would scan about 1\.8 GB/) as string }],
    });
    expect(asked).toBe(0);
    const request = { ...company, scope: {}, force: false, listener: () => undefined, now: () => new Date('2031-01-01') };
    const { scan } = await planPipeline(request);
    expect(scan).toMatchObject({ basis: 'measured', budget: 2_000_000_000 });
    expect(scan?.known).toBeGreaterThan(2_000_000_000);
    expect(asked).toBe(0);
    // One that is not over it goes on, and is refused by that server.
    await onAthena(company, 3);
    await expect(run(company)).rejects.toMatchObject({ problems: [{ code: expect.stringMatching(/^s3\//) as string }] });
    expect(asked).toBeGreaterThan(0);
  });
});
