// Runs one statement of Athena on Trino and S3, to its end or until it is stopped.
import { HeadBucketCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Engines } from '../started.js';
import { queryTrino, type TrinoAnswer, type TrinoColumn, TrinoError } from '../trino.js';
import { BUCKET_NOT_FOUND, failureOf, type QueryFailure } from './failures.js';
import type { Statement, TableName } from './statements.js';
import * as text from './to-trino.js';

export interface Outcome {
  readonly columns: readonly TrinoColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Whether the first row of the results names the columns: for queries, not for what tells of tables. */
  readonly header: boolean;
  readonly updateCount: string | null;
  /** Where the list of the files of an UNLOAD lies. */
  readonly manifest: string | null;
}

export interface Context {
  readonly id: string;
  readonly database: string | undefined;
  /** `s3://…/`, where what belongs to the query itself goes. */
  readonly output: string;
  readonly signal: AbortSignal;
  readonly onScanned: (bytes: number) => void;
}

/** A query that did not succeed, as Athena tells it. */
export class QueryFailed extends Error {
  override readonly name = 'QueryFailed';
  readonly failure: QueryFailure;

  constructor(failure: QueryFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

const SCRATCH = 'athena_front_scratch';
const NOTHING: Outcome = { columns: [], rows: [], header: false, updateCount: null, manifest: null };

export class Engine {
  readonly #engines: Engines;
  readonly #s3: S3Client;
  readonly #precision: text.TimestampPrecision;
  #scratch: Promise<void> | null = null;

  constructor(engines: Engines, s3: S3Client, precision: text.TimestampPrecision) {
    this.#engines = engines;
    this.#s3 = s3;
    this.#precision = precision;
  }

  async run(statement: Statement, given: string, context: Context): Promise<Outcome> {
    switch (statement.kind) {
      case 'select': {
        const { columns, rows } = await this.#ask(text.asIs(statement.text), context);
        return { ...NOTHING, columns, rows, header: true };
      }
      case 'unload':
        return this.#unload(statement, given, context);
      case 'table':
        await this.#bucketIsThere(statement.location);
        await this.#ask(text.tableText(statement, this.#precision), context);
        return NOTHING;
      case 'view':
        await this.#ask(text.asIs(statement.text), context);
        return NOTHING;
      case 'drop-table':
        await this.#ask(text.dropText('TABLE', statement.name), context);
        return NOTHING;
      case 'drop-view':
        await this.#ask(text.dropText('VIEW', statement.name), context);
        return NOTHING;
      case 'add-partition':
        return this.#addPartition(statement, context);
      case 'drop-partition':
        return this.#dropPartition(statement, context);
      case 'show-partitions':
        return this.#showPartitions(statement.name, context);
      case 'show-view':
        return this.#showView(statement.table, context);
      default:
        return statement satisfies never;
    }
  }

  async #ask({ sql, told }: text.TrinoText, context: Context): Promise<TrinoAnswer> {
    const { database, signal, onScanned } = context;
    try {
      return await queryTrino(this.#engines.trinoUrl, sql, {
        ...(database === undefined ? {} : { schema: database }),
        session: { 'hive.timestamp_precision': this.#precision },
        signal,
        onProgress: ({ physicalInputBytes }) => onScanned(physicalInputBytes),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TrinoError) throw new QueryFailed(failureOf(error, told));
      throw error;
    }
  }

  async #unload(statement: Statement & { kind: 'unload' }, given: string, context: Context): Promise<Outcome> {
    await this.#bucketIsThere(statement.target);
    const scratch: TableName = { database: SCRATCH, table: `unload_${context.id.replaceAll('-', '_')}` };
    await (this.#scratch ??= this.#makeScratch());
    try {
      const { updateCount } = await this.#ask(text.unloadText(statement, given, scratch), context);
      return { ...NOTHING, updateCount, manifest: await this.#writeManifest(statement.target, context) };
    } finally {
      // The files stay. A query that was stopped may have made the table all the same.
      await queryTrino(this.#engines.trinoUrl, text.dropText('TABLE', scratch).sql);
    }
  }

  /** IF NOT EXISTS looks before it makes: of two fronts at once one fails all the same. */
  async #makeScratch(): Promise<void> {
    try {
      await queryTrino(this.#engines.trinoUrl, `CREATE SCHEMA IF NOT EXISTS ${SCRATCH}`);
    } catch (error) {
      if (!(error instanceof TrinoError) || !error.errorName.endsWith('ALREADY_EXISTS')) throw error;
    }
  }

  async #writeManifest(target: string, { id, output }: Context): Promise<string> {
    const { bucket, key } = splitLocation(target);
    const files: string[] = [];
    for (let after: string | undefined, more = true; more; ) {
      const page = await this.#s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key, ContinuationToken: after }));
      files.push(...(page.Contents ?? []).map((object) => `s3://${bucket}/${object.Key ?? ''}\n`));
      after = page.NextContinuationToken;
      more = after !== undefined;
    }
    const place = splitLocation(output);
    const manifest = `${place.key}${id}-manifest.csv`;
    const body = Buffer.from(files.join(''));
    await this.#s3.send(new PutObjectCommand({ Bucket: place.bucket, Key: manifest, Body: body, ContentLength: body.length }));
    return `s3://${place.bucket}/${manifest}`;
  }

  /** Trino says of a missing bucket only that a path could not be checked. */
  async #bucketIsThere(location: string): Promise<void> {
    const { bucket } = splitLocation(location);
    try {
      await this.#s3.send(new HeadBucketCommand({ Bucket: bucket }));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'NotFound') throw error;
      const message = `The S3 location provided to save your query results is invalid: bucket ${bucket} does not exist (NoSuchBucket).`;
      throw new QueryFailed({ category: 2, type: BUCKET_NOT_FOUND, retryable: false, message });
    }
  }

  async #addPartition(statement: Statement & { kind: 'add-partition' }, context: Context): Promise<Outcome> {
    try {
      await this.#ask(text.addPartitionText(statement), context);
    } catch (error) {
      // IF NOT EXISTS
      if (!(error instanceof QueryFailed) || !error.message.startsWith('ALREADY_EXISTS')) throw error;
    }
    return NOTHING;
  }

  async #dropPartition(statement: Statement & { kind: 'drop-partition' }, context: Context): Promise<Outcome> {
    try {
      await this.#ask(text.dropPartitionText(statement), context);
    } catch (error) {
      // IF EXISTS
      if (!(error instanceof QueryFailed) || !error.message.startsWith('NOT_FOUND: Partition')) throw error;
    }
    return NOTHING;
  }

  /** A row a line. */
  async #showView(table: string, context: Context): Promise<Outcome> {
    const { rows } = await this.#ask(text.showViewText(context.database ?? 'default', table), context);
    const lines = rows.flatMap(([whole]) => (whole ?? '').split('\n'));
    return { ...NOTHING, columns: [{ name: 'Create View', type: 'varchar' }], rows: lines.map((line) => [line]) };
  }

  async #showPartitions(name: TableName, context: Context): Promise<Outcome> {
    const { columns, rows } = await this.#ask(text.showPartitionsText(name), context);
    const lines = rows.map((row) =>
      columns.map((column, index) => `${column.name}=${hiveEscaped(row[index] ?? null)}`).join('/'),
    );
    return { ...NOTHING, columns: [{ name: 'partition', type: 'varchar' }], rows: lines.sort().map((line) => [line]) };
  }
}

export function splitLocation(location: string): { readonly bucket: string; readonly key: string } {
  const parts = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location);
  if (parts === null) throw new Error(`not a location on S3: ${location}`);
  const [, bucket = '', key = ''] = parts;
  return { bucket, key };
}

/** As Hive writes values into paths. */
function hiveEscaped(value: string | null): string {
  if (value === null) return '__HIVE_DEFAULT_PARTITION__';
  return value.replace(/[\u0001-\u001f"#%'*/:=?\\\u007f{}[\]^]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
