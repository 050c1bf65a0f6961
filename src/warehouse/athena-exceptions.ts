// What went wrong with a call, by the names of exceptions: those of Athena, of AWS in general, of the network and of the SDK.
import type { ApiFault } from './athena-api.js';

/** What is looked at of a thrown value. */
export interface Thrown {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly AthenaErrorCode?: unknown;
  readonly Reason?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
}

const THROTTLES = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestLimitExceeded',
  'RequestThrottledException',
  'SlowDown',
  'TooManyRequestsException',
]);

const DENIALS = new Set(['AccessDeniedException', 'AccessDenied', 'NotAuthorized', 'UnauthorizedOperation']);

const CREDENTIALS = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'UnrecognizedClientException',
]);

/** Of the system and of the SDK, where no answer came or only a part of one. */
const NETWORK = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'HPE_INVALID_CONSTANT',
  'AbortError',
  'IncompleteBody',
  'RequestTimeout',
  'RequestTimeoutException',
  'SyntaxError',
  'TimeoutError',
]);

export function faultOf(error: Thrown): { readonly fault: ApiFault; readonly code: string } {
  const name = textOf(error.name);
  const code = textOf(error.AthenaErrorCode) ?? textOf(error.code) ?? name ?? 'Unknown';
  return { fault: kindOf(error, name ?? '', code), code };
}

function kindOf(error: Thrown, name: string, code: string): ApiFault {
  // The SDK has set its clock by the answer: the next call is signed with the right time.
  if (error.$metadata?.clockSkewCorrected === true) return 'lost';
  if (THROTTLES.has(name)) return textOf(error.Reason) === 'CONCURRENT_QUERY_LIMIT_EXCEEDED' ? 'quota' : 'throttled';
  if (CREDENTIALS.has(name)) return 'credentials';
  // Glue answers through Athena: its own refusal is in the words of another exception.
  if (DENIALS.has(name) || /not authorized to perform|AccessDenied/i.test(textOf(error.message) ?? '')) return 'denied';
  const status = error.$metadata?.httpStatusCode;
  if (status === 429) return 'throttled';
  if (NETWORK.has(code) || NETWORK.has(name) || name === 'InternalServerException') return 'lost';
  // An answer that cannot be read counts as none.
  return status !== undefined && (status >= 500 || status < 400) ? 'lost' : 'refused';
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
