// The floor: what the engine alone takes to copy the same logs to Parquet. Prints its seconds.
import { openDuckDb } from '../../src/warehouse/duckdb.js';

async function copy(logs: string, target: string, threads: number): Promise<number> {
  await using engine = await openDuckDb({ threads, unordered: true });
  const began = performance.now();
  await engine.run(`COPY (SELECT * FROM read_json('${logs}/*')) TO '${target}' (FORMAT parquet)`);
  return (performance.now() - began) / 1000;
}

const [logs = '', target = '', threads = '1'] = process.argv.slice(2);
process.stdout.write(`${String(await copy(logs, target, Number(threads)))}\n`);
