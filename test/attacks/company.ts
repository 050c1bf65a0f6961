// A company to attack: a published mart, a secret beside it, and a look at whether anything of it changed.
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { publishedByHand } from '../golden/published.js';
import { tempFolder } from '../unit/cli/harness.js';

export const SECRET = 'hunter2';

export interface Company {
  readonly dir: string;
  readonly warehousePath: string;
  /** A company of its own with the same files: what is done to it harms nobody. */
  readonly twin: () => Promise<Company>;
}

export async function attackedCompany(): Promise<Company> {
  const dir = await tempFolder('attacked');
  const warehousePath = await publishedByHand(dir);
  await writeFile(join(dir, 'secret.csv'), `password\n${SECRET}\n`);
  await writeFile(join(dir, 'secret.json'), `{"password":"${SECRET}"}\n`);
  await links(dir, warehousePath);
  await write(join(dir, 'secret.duckdb'), `CREATE TABLE secret AS SELECT '${SECRET}' AS password`);
  await write(
    warehousePath,
    `CREATE SCHEMA marts; CREATE TABLE marts.cost AS
     SELECT i AS n, 'feature ' || i AS feature, CAST('0.000000000001' AS DECIMAL(38,12)) * i AS amount FROM range(1, 3) t(i)`,
  );
  return { dir, warehousePath, twin: async () => twinOf(dir) };
}

async function twinOf(original: string): Promise<Company> {
  const dir = await tempFolder('twin');
  const warehousePath = join(dir, 'warehouse.duckdb');
  await mkdir(join(dir, 'out'));
  for (const name of ['secret.csv', 'secret.json', 'secret.duckdb']) await copyFile(join(original, name), join(dir, name));
  await copyFile(join(original, 'state/runs/r1/warehouse.duckdb'), warehousePath);
  await links(dir, warehousePath);
  return { dir, warehousePath, twin: async () => twinOf(original) };
}

async function links(dir: string, warehousePath: string): Promise<void> {
  await symlink('secret.csv', join(dir, 'link.csv'));
  await symlink(warehousePath, join(dir, 'link.duckdb'));
}

async function write(path: string, sql: string): Promise<void> {
  await using warehouse = await openDuckDb({ path });
  await warehouse.run(sql);
}

/** Every file below the folder with its bytes, as one text. */
export function contentOf(dir: string): string {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  return names.map((name) => `${name} ${stateOf(join(dir, name))}`).join('\n');
}

function stateOf(path: string): string {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return readlinkSync(path);
  return found.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'folder';
}
