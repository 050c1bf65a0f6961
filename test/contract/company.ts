// A company folder in a temporary place, with what the readers are asked for.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunEvent } from '../../src/kernel/event.js';
import type { SourceConfig, UsageSource } from '../../src/pipeline/pipeline.js';
import { land, tabulate } from '../../src/source/registry.js';
import type { Landing, Outside } from '../../src/source/source.js';
import { LAKE_FIELDS, SQL_TYPE, USAGE_EVENT } from '../../src/kernel/usage-event.js';
import { USAGE_FIELDS } from '../../src/kernel/usage-fields.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { firstRecords } from '../../src/warehouse/first-records.js';
import { type Lake, loadLake } from '../../src/warehouse/lake.js';
import { createRawViews } from '../../src/warehouse/lake-views.js';
import { forgetSpans } from '../../src/warehouse/otlp.js';
import type { Row } from '../../src/warehouse/warehouse.js';

export class Company implements AsyncDisposable {
  readonly root: string;
  readonly notes: string[] = [];
  readonly #listener = (event: RunEvent) => void (event.kind === 'note' && this.notes.push(event.message));

  private constructor(root: string) {
    this.root = root;
  }

  static async make(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<Company> {
    const company = new Company(await mkdtemp(path.join(tmpdir(), 'showback-')));
    for (const [name, content] of Object.entries(files)) await company.write(name, content);
    return company;
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await mkdir(path.dirname(this.path(name)), { recursive: true });
    await writeFile(this.path(name), content);
  }

  async copy(from: string, to: string): Promise<void> {
    await cp(from, this.path(to), { recursive: true });
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { recursive: true });
  }

  path(name: string): string {
    return path.join(this.root, name);
  }

  async land(config: SourceConfig, outside: Outside = NO_OUTSIDE, signal?: AbortSignal): Promise<Landing> {
    return land({
      config,
      root: this.root,
      landingDir: this.path('.showback/landing'),
      listener: this.#listener,
      outside,
      signal,
    });
  }

  async load(configs: readonly SourceConfig[]): Promise<Lake> {
    const files = [];
    for (const config of configs) files.push(...(await this.land(config)).files);
    return this.loadFiles(files, configs);
  }

  async loadFiles(files: Landing['files'], configs: readonly SourceConfig[]): Promise<Lake> {
    return loadLake(files, configs, { lakeDir: this.path('.showback/lake'), threads: 2, listener: this.#listener, tabulate });
  }

  /** Lands and loads, then asks the raw tables. */
  async ask(configs: readonly SourceConfig[], sql: string): Promise<readonly Row[]> {
    return this.#askLake(await this.load(configs), sql);
  }

  /** Asks `logged`: the raw table of one source with what the lake does not keep beside it, as those have it who look at a log. */
  async askLogged(config: UsageSource, sql: string): Promise<readonly Row[]> {
    const { files } = await this.land(config);
    const lake = await this.loadFiles(files, [config]);
    await using engine = await openDuckDb({ threads: 1 });
    await engine.run(createRawViews(lake));
    const columns = UNKEPT.map((field) => `${field} ${SQL_TYPE[USAGE_EVENT[field].kind]}`);
    await engine.run(`CREATE TABLE look (file VARCHAR, row BIGINT, ${columns.join(', ')})`);
    for (const file of files) {
      const select = await firstRecords(engine, file, config, 1_000_000);
      const there = (await engine.describe(select)).map(({ name }) => name);
      const found = ['file', 'row', ...UNKEPT.filter((field) => there.includes(field))].join(', ');
      await engine.run(`INSERT INTO look BY NAME SELECT ${found} FROM (${select})`);
      await forgetSpans(engine);
    }
    await engine.run('CREATE VIEW logged AS SELECT * FROM raw.usage_event LEFT JOIN look USING (file, row)');
    return await engine.rows(sql);
  }

  /** The same of files that landed. */
  async askFiles(files: Landing['files'], configs: readonly SourceConfig[], sql: string): Promise<readonly Row[]> {
    return this.#askLake(await this.loadFiles(files, configs), sql);
  }

  async #askLake(lake: Lake, sql: string): Promise<readonly Row[]> {
    await using engine = await openDuckDb({ threads: 1 });
    await engine.run(createRawViews(lake));
    // Awaited here: the engine is closed as soon as this returns.
    return await engine.rows(sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

const UNKEPT = USAGE_FIELDS.filter((field) => !LAKE_FIELDS.includes(field));

/** Most sources of tests ask no provider. */
export const NO_OUTSIDE: Outside = { start: '2026-07', now: () => new Date('2026-09-01T00:00:00Z'), env: {} };

export const PLACE = { file: 'pipeline.yaml', line: 1 };

/** No source of a test but those on S3 asks it for anything. */
export const NO_S3 = { region: null, endpoint: null, pathStyle: false };

export function usage(more: Partial<UsageSource> = {}): UsageSource {
  return {
    id: 'logs',
    kind: 'usage',
    place: PLACE,
    s3: NO_S3,
    files: ['logs/*'],
    format: 'by-extension',
    map: {},
    constants: {},
    tokens: 'exclusive',
    statedCost: 'ignore',
    ...more,
  };
}

export const BILL = {
  id: 'bill',
  place: PLACE,
  role: 'money',
  provider: 'aws',
  account: null,
  basis: 'billed',
  coversUsage: true,
  leavesOutServiceTiers: [],
  featureTag: null,
  s3: NO_S3,
} as const;

export const BILLED_USAGE = { id: 'billed', place: PLACE, provider: 'openai', account: null, s3: NO_S3, pull: null } as const;
