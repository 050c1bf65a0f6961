// One reader in a process of its own: resolves `current`, reads everything below it, says what was wrong when it is told to stop.
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const out = process.argv[2];
const told = { reads: 0, runs: [], torn: [] };
let isOver = false;
process.once('message', () => (isOver = true));
process.once('disconnect', () => process.exit());

const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();

async function read() {
  const run = realpathSync(join(out, 'current'));
  const manifest = JSON.parse(readFileSync(join(run, 'current.json'), 'utf8'));
  for (const { path, sha256 } of manifest.files) {
    const bytes = readFileSync(join(run, path));
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      told.torn.push(`${path} is not what ${manifest.run_id} says`);
    if (path.endsWith('.csv') && bytes.toString().split('\n')[1]?.startsWith(manifest.run_id) !== true)
      told.torn.push(`${path} is of another run than ${manifest.run_id}`);
  }
  const glob = `SELECT DISTINCT run FROM read_parquet('${run}/parquet/**/*.parquet')`;
  const runs = (await connection.runAndReadAll(glob)).getRows().flat();
  if (runs.length !== 1 || runs[0] !== manifest.run_id) told.torn.push(`Parquet of ${runs.join(' and ')} in ${manifest.run_id}`);
  if (!told.runs.includes(manifest.run_id)) told.runs.push(manifest.run_id);
  told.reads += 1;
}

while (!isOver || told.reads === 0) {
  await read().catch((error) => told.torn.push(String(error)));
  await new Promise((resolve) => setImmediate(resolve));
  if (told.torn.length > 100) break;
}
process.send(told, () => process.exit());
