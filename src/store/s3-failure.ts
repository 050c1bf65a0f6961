// What S3 answers, as problems that a person can act on. Words of the provider, never a secret.
import { Failure, type FailureKind } from '../kernel/failure.js';

export type Action = 'put' | 'copy' | 'get' | 'list' | 'remove' | 'uploads' | 'abort';

export interface Asked {
  readonly action: Action;
  readonly bucket: string;
  /** With its prefix; a prefix where the action is about many. */
  readonly key: string;
  /** What must not be shown, should an answer repeat it. */
  readonly secrets: readonly string[];
}

interface Answer {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** What a server or the client told. */
interface Told {
  readonly name: string;
  readonly words: string;
  readonly status: number | null;
  /** The region that the bucket lies in, where the server says so. */
  readonly region: string | null;
}

/** The error itself where it is no answer of S3: then it is a bug, or somebody else's. */
export function storeFailure(error: unknown, asked: Asked): unknown {
  if (error instanceof Failure || !isAnswer(error)) return error;
  return failureOf(toldBy(error, asked.secrets), asked);
}

function failureOf(told: Told, asked: Asked): Failure {
  const { kind, code, message, remedy } = answerOf(told, asked);
  const problem = { code, message: `${message}: ${told.words}`, remedy, place: { file: `s3://${asked.bucket}/${asked.key}` } };
  // The error itself may hold what was signed, and with what key: only its words go on.
  return new Failure(kind, [problem], { cause: new Error(`${told.name}: ${told.words}`) });
}

/** What the network and the protocol below HTTP fail with. */
const NETWORK =
  /^(ECONN[A-Z]+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_[A-Z]+|EHOST[A-Z]+|ENET[A-Z]+|EPROTO|EADDR[A-Z]+|HPE_.+|ERR_(STREAM_PREMATURE_CLOSE|TLS|SSL).*|.*CERT.*|UNABLE_TO_.+)$/;

/** Answers of the server, of the chain of credentials, of the network. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { $metadata, code } = error as ServiceError;
  if ($metadata?.httpStatusCode !== undefined || Object.hasOwn(ANSWERS, error.name) || error.name === 'TimeoutError') return true;
  return isNetwork(code) || error.message.startsWith(NO_REGION);
}

export function isNetwork(code: unknown): boolean {
  return typeof code === 'string' && NETWORK.test(code);
}

/** How the client says that neither arguments nor environment name one. */
const NO_REGION = 'Region is missing';

/** Keys that stayed when many were removed, each with what S3 says of it; null where none did. */
export function refusedKeys(
  { bucket, secrets }: Pick<Asked, 'bucket' | 'secrets'>,
  refused: readonly { readonly key: string; readonly name: string; readonly words: string }[],
): Failure | null {
  if (refused.length === 0) return null;
  const failures = refused.map(({ key, name, words }) => {
    const told = {
      name,
      words: without(words === '' ? name : words, secrets),
      status: LATER.has(name) ? 503 : 400,
      region: null,
    };
    return failureOf(told, { action: 'remove', bucket, key, secrets });
  });
  const kind = failures.find((failure) => failure.kind === 'user')?.kind ?? 'unavailable';
  return new Failure(
    kind,
    failures.flatMap(({ problems }) => problems),
  );
}

const LATER: ReadonlySet<string> = new Set(['InternalError', 'ServiceUnavailable']);

export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  const status = toldBy(error, []).status;
  return status !== null && statuses.includes(status);
}

export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

export function wordsOf(error: unknown): string {
  return toldBy(error, []).words;
}

function toldBy(error: unknown, secrets: readonly string[]): Told {
  const some = (error instanceof Error ? error : new Error(String(error))) as Error & ServiceError;
  const code = some.name === 'Error' && typeof some.code === 'string' ? some.code : some.name;
  const name = code === '' || code === 'Unknown' || code === 'UnknownError' ? (some.Code ?? code) : code;
  const status = some.$metadata?.httpStatusCode ?? null;
  const plain =
    some.message === '' || some.message === 'UnknownError' ? `${name}${status === null ? '' : ` (${status})`}` : some.message;
  return {
    name,
    words: without(plain, secrets),
    status,
    region:
      some.Region ?? some.$response?.headers?.['x-amz-bucket-region'] ?? /expecting '([a-z0-9-]+)'/.exec(plain)?.[1] ?? null,
  };
}

/** What an error of the client may have, whichever kind it is. */
interface ServiceError {
  readonly code?: unknown;
  readonly Code?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

function without(words: string, secrets: readonly string[]): string {
  return secrets.reduce((text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')), words);
}

function answerOf(told: Told, asked: Asked): Answer {
  return (
    (Object.hasOwn(ANSWERS, told.name) ? ANSWERS[told.name] : undefined) ??
    regionAnswer(told, asked) ??
    deniedAnswer(told, asked) ??
    laterAnswer(told) ?? {
      kind: 'user',
      code: 's3/refused',
      message: 'S3 refused what was asked',
      remedy: 'see what S3 says, and what the bucket, its policy and its settings allow',
    }
  );
}

const NO_CREDENTIALS: Answer = {
  kind: 'user',
  code: 's3/credentials',
  message: 'there are no credentials for S3',
  remedy:
    'give some the way of the AWS SDK: AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of the machine',
};

const WRONG_CREDENTIALS: Answer = {
  kind: 'user',
  code: 's3/credentials',
  message: 'S3 does not take the credentials',
  remedy: 'check the access key and its secret, and that they belong to this endpoint',
};

const EXPIRED: Answer = {
  kind: 'user',
  code: 's3/expired-token',
  message: 'the credentials have expired',
  remedy: 'get new ones (`aws sso login`, or whatever issued them), then run again',
};

const SKEWED: Answer = {
  kind: 'user',
  code: 's3/clock-skew',
  message: 'the clock of this machine is too far from that of S3',
  remedy: 'set the clock, or let NTP do so, then run again',
};

const SLOW: Answer = {
  kind: 'unavailable',
  code: 's3/slow-down',
  message: 'S3 asks for fewer requests, and did so at every try',
  remedy: 'run again later; who else uses the bucket may be what it is about',
};

const NO_BUCKET: Answer = {
  kind: 'user',
  code: 's3/no-bucket',
  message: 'there is no such bucket',
  remedy: 'check the name, or create it',
};

const ARCHIVED: Answer = {
  kind: 'user',
  code: 's3/archived',
  message: 'the object is archived, and cannot be read before it is restored',
  remedy: 'restore it (`aws s3api restore-object`), or leave it out of the pattern',
};

const ANSWERS: Readonly<Record<string, Answer>> = {
  NoSuchBucket: NO_BUCKET,
  InvalidObjectState: ARCHIVED,
  ObjectNotInActiveTierError: ARCHIVED,
  CredentialsProviderError: NO_CREDENTIALS,
  InvalidAccessKeyId: WRONG_CREDENTIALS,
  SignatureDoesNotMatch: WRONG_CREDENTIALS,
  InvalidToken: WRONG_CREDENTIALS,
  XAdminUserNotFound: WRONG_CREDENTIALS,
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  TokenProviderError: EXPIRED,
  RequestTimeTooSkewed: SKEWED,
  RequestExpired: SKEWED,
  SlowDown: SLOW,
  Throttling: SLOW,
  ThrottlingException: SLOW,
  TooManyRequests: SLOW,
  TooManyRequestsException: SLOW,
};

const REGION_NAMES: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

function regionAnswer({ name, words, status, region }: Told, { bucket }: Asked): Answer | null {
  if (words.startsWith(NO_REGION)) {
    return {
      kind: 'user',
      code: 's3/wrong-region',
      message: 'no region is named',
      remedy: `name the region of ${bucket}: in the pipeline, or by AWS_REGION`,
    };
  }
  if (!REGION_NAMES.has(name) && status !== 301) return null;
  return {
    kind: 'user',
    code: 's3/wrong-region',
    message: region === null ? 'the bucket is in another region' : `the bucket is in region ${region}`,
    remedy: region === null ? `name the region that ${bucket} lies in` : `name that region: ${region}`,
  };
}

/** What an identity must be allowed to do, by what was tried. */
const PERMISSIONS: Readonly<Record<Action, (bucket: string, key: string) => string>> = {
  put: (bucket, key) => `s3:PutObject on arn:aws:s3:::${bucket}/${key}`,
  copy: (bucket, key) => `s3:GetObject on arn:aws:s3:::${bucket}/${key}, and s3:PutObject where it is copied to`,
  get: (bucket, key) =>
    `s3:GetObject on arn:aws:s3:::${bucket}/${key} (and s3:ListBucket on arn:aws:s3:::${bucket}, without which S3 refuses what is only not there)`,
  list: (bucket) => `s3:ListBucket on arn:aws:s3:::${bucket}`,
  remove: (bucket, key) => `s3:DeleteObject on arn:aws:s3:::${bucket}/${key}`,
  uploads: (bucket) => `s3:ListBucketMultipartUploads on arn:aws:s3:::${bucket}`,
  abort: (bucket, key) => `s3:AbortMultipartUpload on arn:aws:s3:::${bucket}/${key}`,
};

function deniedAnswer({ name, status }: Told, { action, bucket, key }: Asked): Answer | null {
  if (name !== 'AccessDenied' && name !== 'Forbidden' && name !== 'AllAccessDisabled' && status !== 403) return null;
  return {
    kind: 'user',
    code: 's3/access-denied',
    message: 'S3 denies access',
    remedy: `allow the identity of this run ${PERMISSIONS[action](bucket, key)}; a bucket policy or a KMS key may deny it too`,
  };
}

/** Null where the server answered for good. */
function laterAnswer({ status }: Told): Answer | null {
  if (status !== null && status >= 300 && status < 500) return null;
  return {
    kind: 'unavailable',
    code: 's3/unavailable',
    message: status === null ? 'S3 cannot be reached' : `S3 failed to answer (${status})`,
    remedy: 'check the network and the endpoint, then run again',
  };
}
