// What every kind of source must do, whatever its files are.
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { SourceConfig } from '../../src/pipeline/pipeline.js';
import { Company } from './company.js';

export interface SourceCase {
  /** Folder of fixtures/sources/. */
  readonly kind: SourceConfig['kind'];
  /** Raw table that the files end in. */
  readonly table: string;
  /** A source that reads these patterns. */
  readonly config: (files: readonly string[]) => SourceConfig;
  /** Fixture → records and rejected ones, by reason. */
  readonly files: Readonly<Record<string, { readonly records: number; readonly rejected: Readonly<Record<string, number>> }>>;
}

const FIXTURES = new URL('../../fixtures/sources/', import.meta.url).pathname;

export function describeSource({ kind, table, config, files }: SourceCase): void {
  const names = Object.keys(files).sort();
  const first = names[0] ?? '';
  const source = config(['in/*']);
  const fixture = async (name: string) => readFile(path.join(FIXTURES, kind, name));
  const company = async () => {
    const made = await Company.make();
    await made.copy(path.join(FIXTURES, kind), 'in');
    return made;
  };

  describe(`source of kind ${kind}`, () => {
    test('has a fixture for every expectation, and the other way round', async () => {
      expect((await readdir(path.join(FIXTURES, kind))).sort()).toEqual(names);
    });

    test('lands bytes as received, under their hash, read-only', async () => {
      await using made = await company();
      const { files: landed } = await made.land(source);
      expect(landed.map((file) => file.name)).toEqual(names.map((name) => `in/${name}`));
      for (const file of landed) {
        const bytes = await readFile(file.path);
        expect(bytes.equals(await fixture(path.basename(file.name)))).toBe(true);
        expect(file).toMatchObject({
          sourceId: source.id,
          sha256: createHash('sha256').update(bytes).digest('hex'),
          bytes: bytes.length,
        });
        expect(path.basename(file.path)).toBe(file.sha256);
        expect((await stat(file.path)).mode & 0o222).toBe(0);
      }
      expect(await readdir(made.path('.showback/landing/arriving'))).toEqual([]);
    });

    test('lands the same thing twice without a trace', async () => {
      await using made = await company();
      const once = await made.land(source);
      const index = await readFile(made.path('.showback/landing/index.ndjson'), 'utf8');
      expect(await made.land(source)).toEqual(once);
      expect(await readFile(made.path('.showback/landing/index.ndjson'), 'utf8')).toBe(index);
      expect(index.trim().split('\n')).toHaveLength(names.length);
    });

    test('keeps logs and dumps that are gone, and no other bill; takes what is delivered again', async () => {
      await using made = await company();
      const before = await made.land(source);
      await made.remove(`in/${first}`);
      const gone = await made.land(source).then(
        ({ files }) => files,
        () => [],
      );
      const keeps = !['focus', 'aws-cur', 'invoice-csv', 'json-costs'].includes(source.kind);
      expect(gone).toEqual(keeps ? before.files : before.files.filter((file) => file.name !== `in/${first}`));
      const again = Buffer.concat([await fixture(first), Buffer.from('\n')]);
      await made.write(`in/${first}`, again);
      const after = await made.land(source);
      expect(after.files.map((file) => file.name)).toEqual(before.files.map((file) => file.name));
      expect(after.files[0]?.sha256).toBe(createHash('sha256').update(again).digest('hex'));
    });

    test('says that there is nothing', async () => {
      await using made = await Company.make();
      await expect(made.land(source)).rejects.toMatchObject({
        kind: 'unavailable',
        exitCode: 4,
        problems: [{ code: 'source/no-files' }],
      });
      await expect(made.land(source)).rejects.toThrow('in/*');
    });

    test('stays in the company folder', async () => {
      await using outside = await Company.make({ 'secret.csv': 'a' });
      await using made = await company();
      await symlink(outside.path('secret.csv'), made.path(`in/secret${path.extname(first)}`));
      await expect(made.land(source)).rejects.toMatchObject({ kind: 'user', problems: [{ code: 'source/outside-root' }] });
      for (const pattern of ['../*', '/etc/*', 'in/../../x']) {
        await expect(made.land(config([pattern]))).rejects.toMatchObject({
          kind: 'user',
          problems: [{ code: 'source/outside-root' }],
        });
      }
    });

    test('refuses a file that is cut', async () => {
      await using made = await company();
      const whole = gzipSync(await fixture(first));
      await made.write(`in/${first}.gz`, whole.subarray(0, whole.length - 9));
      await expect(made.land(source)).rejects.toMatchObject({
        kind: 'unavailable',
        problems: [{ code: 'source/truncated', place: { file: `in/${first}.gz` } }],
      });
    });

    test('loads every record, or says why not', async () => {
      await using made = await company();
      const lake = await made.load([source]);
      expect(
        Object.fromEntries(
          lake.files.map((file) => [path.basename(file.landed.name), { records: file.records, rejected: file.rejected }]),
        ),
      ).toEqual(
        Object.fromEntries(
          names.map((name) => [name, { records: files[name]?.records, rejected: sum(files[name]?.rejected ?? {}) }]),
        ),
      );
      const rows = await made.ask(
        [source],
        `SELECT file, reject, count(*) AS records FROM raw.${table} WHERE reject IS NOT NULL GROUP BY ALL ORDER BY ALL`,
      );
      const expected = names.flatMap((name) =>
        Object.entries(files[name]?.rejected ?? {}).map(([reject, records]) => ({
          file: `in/${name}`,
          reject,
          records: String(records),
        })),
      );
      expect(rows).toEqual(expected.sort((a, b) => (`${a.file} ${a.reject}` < `${b.file} ${b.reject}` ? -1 : 1)));
      const twice = await made.ask([source], `SELECT file, row FROM raw.${table} GROUP BY ALL HAVING count(*) > 1 OR row < 1`);
      expect(twice).toEqual([]);
    });

    test('reads what it has read before from the lake', async () => {
      await using made = await company();
      const once = await made.load([source]);
      const at = await Promise.all(once.files.map(async (file) => (await stat(file.lakePath)).mtimeMs));
      expect(await made.load([source])).toEqual(once);
      expect(await Promise.all(once.files.map(async (file) => (await stat(file.lakePath)).mtimeMs))).toEqual(at);
      expect((await readdir(made.path('.showback/lake'))).filter((name) => name.endsWith('.new'))).toEqual([]);
    });

    test('counts the same content under two names and in two sources each time', async () => {
      await using made = await company();
      await made.write(`in/again-${first}`, await fixture(first));
      const other = { ...config([`in/${first}`]), id: 'other' };
      const rows = await made.ask(
        [source, other],
        `SELECT source_id, file, count(*) AS records FROM raw.${table} WHERE file LIKE '%${first}' GROUP BY ALL ORDER BY ALL`,
      );
      const records = String(files[first]?.records);
      expect(rows).toEqual(
        [
          [source.id, `in/again-${first}`],
          [source.id, `in/${first}`],
          ['other', `in/${first}`],
        ]
          .map(([id, file]) => ({ source_id: id, file, records }))
          .sort((a, b) => (`${a.source_id} ${a.file}` < `${b.source_id} ${b.file}` ? -1 : 1)),
      );
    });
  });
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
