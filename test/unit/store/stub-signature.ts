// The signature of a request as AWS Signature Version 4 has it in headers: what the stub holds every request to.
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly more?: string;
}

const MOST_SKEW = 15 * 60_000;

export function refusalOf(request: IncomingMessage, body: Buffer, keys: Keys, region: string): Refusal | null {
  const header = request.headers.authorization ?? '';
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (match === null) return { status: 403, code: 'AccessDenied', message: 'Access Denied' };
  const [, accessKeyId = '', day = '', scope = '', signed = '', signature = ''] = match;
  if (accessKeyId !== keys.accessKeyId) {
    const message = 'The AWS Access Key Id you provided does not exist in our records.';
    return { status: 403, code: 'InvalidAccessKeyId', message, more: `<AWSAccessKeyId>${accessKeyId}</AWSAccessKeyId>` };
  }
  if (scope !== region) {
    const message = `The authorization header is malformed; the region '${scope}' is wrong; expecting '${region}'`;
    return { status: 400, code: 'AuthorizationHeaderMalformed', message, more: `<Region>${region}</Region>` };
  }
  const date = String(request.headers['x-amz-date'] ?? '');
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - at) < MOST_SKEW)) {
    const message = 'The difference between the request time and the current time is too large.';
    return { status: 403, code: 'RequestTimeTooSkewed', message };
  }
  const payload = String(request.headers['x-amz-content-sha256'] ?? '');
  if (payload !== hash(body))
    return { status: 400, code: 'XAmzContentSHA256Mismatch', message: 'The provided hash does not match.' };
  const canonical = canonicalRequest(request, signed.split(';'), payload);
  const text = ['AWS4-HMAC-SHA256', date, `${day}/${scope}/s3/aws4_request`, hash(canonical)].join('\n');
  const key = [day, scope, 's3', 'aws4_request'].reduce<Buffer>(mac, Buffer.from(`AWS4${keys.secretAccessKey}`));
  if (mac(key, text).toString('hex') === signature) return null;
  const message = 'The request signature we calculated does not match the signature you provided.';
  return { status: 403, code: 'SignatureDoesNotMatch', message, more: `<StringToSign>${text}</StringToSign>` };
}

function canonicalRequest(request: IncomingMessage, signed: readonly string[], payload: string): string {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const sorted = query
    .split('&')
    .filter((each) => each !== '')
    .map((each) => (each.includes('=') ? each : `${each}=`))
    .sort()
    .join('&');
  const headers = signed
    .map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}\n`,
    )
    .join('');
  return [request.method, path, sorted, headers, signed.join(';'), payload].join('\n');
}

function mac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function hash(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
