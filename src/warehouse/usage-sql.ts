// From records as text to the typed lake row, as SQL. Lanes with one meaning: a fast one throws at the first record that is anything but
// plain, and then the file is read again through the slow one, which gives each record its reason. The fastest wants an id of every record.
import { LAKE_FIELDS, LARGEST_COUNT, READ_FIELDS, SQL_TYPE, USAGE_EVENT } from '../kernel/usage-event.js';
import { USAGE_FIELDS, type UsageField } from '../kernel/usage-fields.js';
import { constant, literal } from './sql-quote.js';
import { missingModel, NUMERIC, notOneOf, rowReasons, textReasons, WHOLE } from './usage-rejects.js';
import { decimalOf, isInRange, millisecondsOf, moneyOf, numberOf, orNull, timeOf } from './usage-values.js';

/** Records of landed files of one source as text columns, one for each of `fields`, with `file`, `row` and `broken`. */
export interface TextRecords {
  readonly sourceId: string;
  readonly sql: string;
  readonly fields: readonly UsageField[];
  /** Of these fields those that become columns. */
  readonly kept: readonly UsageField[];
  readonly tokens: 'inclusive' | 'exclusive';
}

export type Lane = (records: TextRecords) => string;

const NOT_PLAIN = 'showback: not a plain record';
const WITHOUT_ID = 'showback: a record without an id';
const NO_RECORD_KEY = 'CAST(NULL AS VARCHAR)';
const CACHED: readonly UsageField[] = ['cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens'];

/** Every record has an id, so that nothing has to tell it from others but that: what is neither kept nor checked is not read. */
export const identifiedSelect: Lane = (records) => {
  const fields = records.fields.filter((field) => READ_FIELDS.includes(field));
  return plainSelect({ ...records, fields }, `WHEN event_id IS NULL THEN error(${literal(WITHOUT_ID)})`, NO_RECORD_KEY);
};

export const keyedSelect: Lane = (records) => plainSelect(records, '', recordKey(records));

export function isWithoutId(error: unknown): boolean {
  return error instanceof Error && error.message.includes(WITHOUT_ID);
}

function plainSelect(records: TextRecords, last: string, recordKeyed: string): string {
  const typed = records.fields.map((field) => `${fastValue(field)} AS ${field}`);
  const odd = ['broken', ...oddTexts(records.fields)].join(' OR ');
  const rows = `SELECT ${['file', 'row', ...typed, `(${odd}) AS odd`].join(', ')} FROM (${records.sql})`;
  // Nulls are left to be nulls here: what is unknown is not odd, and each test that costs nothing is time on every record.
  const reject = `CASE WHEN ${['odd', ...oddRows(records.fields)].join(' OR ')} THEN error(${literal(NOT_PLAIN)}) ${last} END`;
  return lakeRow(records, withUncached(rows, records), `CAST(${reject} AS VARCHAR)`, recordKeyed);
}

export const slowSelect: Lane = (records) => {
  const { fields } = records;
  const numbers = fields.filter((field) => isNumber(field)).map((field) => `${numberOf(field)} AS n_${field}`);
  const parsed = `SELECT ${['*', ...numbers].join(', ')} FROM (${records.sql})`;
  const typed = fields.map((field) => `${slowValue(field)} AS ${field}`);
  const reason = `CASE WHEN broken THEN 'malformed' ${whens(textReasons(fields))} END AS reason`;
  const rows = `SELECT ${['file', 'row', ...typed, reason].join(', ')} FROM (${parsed})`;
  return lakeRow(
    records,
    withUncached(rows, records),
    `CASE WHEN reason IS NOT NULL THEN reason ${whens(rowReasons(fields))} END`,
    recordKey(records),
  );
};

/** The fields in the order of the lake. */
export function inOrder(fields: ReadonlySet<UsageField>): readonly UsageField[] {
  return USAGE_FIELDS.filter((field) => fields.has(field));
}

function whens(reasons: readonly (readonly [when: string, why: string])[]): string {
  return reasons.map(([when, why]) => `WHEN ${when} THEN ${literal(why)}`).join(' ');
}

/** What all lanes end in: the columns of the lake in order, keys computed from the typed values. */
function lakeRow({ sourceId, fields, kept }: TextRecords, sql: string, reject: string, recordKeyed: string): string {
  const eventKey = fields.includes('event_id')
    ? 'CASE WHEN event_id IS NOT NULL THEN hash(event_id) END'
    : 'CAST(NULL AS UBIGINT)';
  const place = [`${constant(sourceId)} AS source_id`, 'file', 'row', `${reject} AS reject`];
  const keys = [`${eventKey} AS event_key`, `${recordKeyed} AS record_key`];
  return `SELECT ${[...place, ...keys, ...kept].join(', ')} FROM (${sql})`;
}

/** All that a record says: two that differ in anything are two. */
function recordKey({ fields }: TextRecords): string {
  const others = fields.filter((field) => field !== 'event_id');
  const parts = others.map((field) => `chr(31) || '${field}=' || CAST(${field} AS VARCHAR)`);
  const key = `md5(concat(${[...parts, "''"].join(', ')}))`;
  return fields.includes('event_id') ? `CASE WHEN event_id IS NULL THEN ${key} END` : key;
}

/** Of these fields those that the lake keeps. */
export function keptOf(fields: readonly UsageField[]): readonly UsageField[] {
  return fields.filter((field) => LAKE_FIELDS.includes(field));
}

/** `inclusive` input holds the cached tokens too: what remains without them is the uncached class. */
function withUncached(sql: string, { fields, tokens }: TextRecords): string {
  const cached = CACHED.filter((field) => fields.includes(field));
  if (tokens === 'exclusive' || !fields.includes('input_tokens') || cached.length === 0) return sql;
  const rest = cached.map((field) => ` - coalesce(${field}, 0)`).join('');
  return `SELECT * REPLACE (input_tokens${rest} AS input_tokens) FROM (${sql})`;
}

/** Values that both lanes read alike; null where they part. */
function sharedValue(field: UsageField): string | null {
  switch (USAGE_EVENT[field].kind) {
    case 'text':
      return orNull(field);
    case 'choice':
    case 'lower':
      return `lower(${orNull(field)})`;
    case 'flag':
      return `CASE lower(${field}) WHEN 'true' THEN true WHEN 'false' THEN false END`;
    case 'money':
      return moneyOf(field);
    default:
      return null;
  }
}

function fastValue(field: UsageField): string {
  const { kind } = USAGE_EVENT[field];
  if (kind === 'time') return timeOf(field, 'CAST');
  if (kind === 'milliseconds') return millisecondsOf(`CAST(${field} AS DOUBLE)`);
  if (kind === 'quantity' || kind === 'rate') return decimalOf(field, SQL_TYPE[kind], 'CAST');
  return sharedValue(field) ?? `CAST(${field} AS ${SQL_TYPE[kind]})`;
}

function slowValue(field: UsageField): string {
  const { kind } = USAGE_EVENT[field];
  const number = `n_${field}`;
  if (kind === 'time') return timeOf(field, 'TRY_CAST');
  if (kind === 'milliseconds') return `CASE WHEN ${number} BETWEEN 0 AND ${LARGEST_COUNT} THEN ${millisecondsOf(number)} END`;
  if (kind === 'quantity' || kind === 'rate')
    return `CASE WHEN ${number} IS NOT NULL THEN ${decimalOf(field, SQL_TYPE[kind], 'TRY_CAST')} END`;
  const isWhole = `${number} = floor(${number}) AND ${number} BETWEEN 0 AND ${LARGEST_COUNT}`;
  return sharedValue(field) ?? `CASE WHEN ${isWhole} THEN CAST(${number} AS BIGINT) END`;
}

/** Texts that the slow lane has to judge. */
function oddTexts(fields: readonly UsageField[]): readonly string[] {
  return fields.flatMap((field) => oddText(field) ?? []);
}

function oddText(field: UsageField): string | null {
  const { kind, values } = USAGE_EVENT[field];
  const given = `${orNull(field)} IS NOT NULL`;
  // A count that is not spelled as the engine spells it: a sign, a point that the cast would round, an exponent, leading zeros.
  if (WHOLE.includes(kind)) return `CAST(CAST(${field} AS BIGINT) AS VARCHAR) <> ${field}`;
  if (kind === 'choice') return notOneOf(values ?? [])(field);
  if (kind === 'flag') return notOneOf(['true', 'false'])(field);
  if (kind === 'money') return `${given} AND ${moneyOf(field)} IS NULL`;
  if (kind !== 'time' || field === 'event_time') return null;
  return `${given} AND NOT coalesce(${isInRange(timeOf(field, 'CAST'))}, false)`;
}

/** What the typed row of the fast lane must not be. */
function oddRows(fields: readonly UsageField[]): readonly string[] {
  const odd = fields.flatMap((field) => {
    const { kind } = USAGE_EVENT[field];
    if (kind === 'milliseconds' || WHOLE.includes(kind)) return [`${field} NOT BETWEEN 0 AND ${LARGEST_COUNT}`];
    if (kind === 'quantity') return [`${field} < 0`];
    return kind === 'rate' ? [`${field} <= 0 OR ${field} > 1`] : [];
  });
  const provider = fields.includes('provider') ? 'provider IS NULL' : 'true';
  const time = fields.includes('event_time') ? `event_time IS NULL OR NOT (${isInRange('event_time')})` : 'true';
  return [provider, time, ...odd, ...missingModel(fields)];
}

function isNumber(field: UsageField): boolean {
  return NUMERIC.includes(USAGE_EVENT[field].kind);
}
