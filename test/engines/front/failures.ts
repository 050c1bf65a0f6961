// Failures as Athena tells them: the categories and types of its error catalogue.
import { TrinoError } from '../trino.js';

/** Why a query failed: AthenaError, and its StateChangeReason. */
export interface QueryFailure {
  /** 1 system, 2 user, 3 other. */
  readonly category: 1 | 2 | 3;
  readonly type: number;
  readonly retryable: boolean;
  readonly message: string;
}

/** A request that is refused: the exception that the client throws. */
export class Refusal extends Error {
  override readonly name: string;
  readonly fields: Readonly<Record<string, string>>;

  constructor(name: string, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = name;
    this.fields = fields;
  }
}

export const invalidRequest = (message: string, code = 'INVALID_INPUT') =>
  new Refusal('InvalidRequestException', message, { AthenaErrorCode: code });

export const BUCKET_NOT_FOUND = 1306;

/** By the name that Trino gives; what is not here is a failure of the engine. */
const USER_TYPES: Readonly<Record<string, number>> = {
  SYNTAX_ERROR: 1006,
  DIVISION_BY_ZERO: 1001,
  INVALID_CAST_ARGUMENT: 1001,
  NUMERIC_VALUE_OUT_OF_RANGE: 1001,
  NOT_SUPPORTED: 1200,
  TABLE_NOT_FOUND: 1110,
  SCHEMA_NOT_FOUND: 1301,
  COLUMN_NOT_FOUND: 1006,
  HIVE_PATH_ALREADY_EXISTS: 1100,
  INVALID_TABLE_PROPERTY: 1103,
  PERMISSION_DENIED: 1500,
};

export function failureOf(error: unknown, told: (message: string) => string): QueryFailure {
  if (!(error instanceof TrinoError)) return { category: 1, type: 100, retryable: true, message: String(error) };
  const message = `${error.errorName}: ${told(error.message)}`;
  if (error.errorType === 'INSUFFICIENT_RESOURCES')
    return { category: 3, type: 0, retryable: true, message: `Query exhausted resources at this scale factor: ${message}` };
  const type = USER_TYPES[error.errorName];
  if (error.errorType === 'USER_ERROR' || type !== undefined)
    return { category: 2, type: type ?? 1000, retryable: false, message };
  return { category: 1, type: 200, retryable: true, message };
}
