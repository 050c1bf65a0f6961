// Whether a request is signed (AWS Signature Version 4) by the one who may ask: the checks that the service itself makes.
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { S3Access } from '../trino.js';
import { Refusal } from './failures.js';

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

export function checkSignature(request: IncomingMessage, body: string, access: S3Access): void {
  const parts = AUTHORIZATION.exec(request.headers.authorization ?? '');
  if (parts === null) throw new Refusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, key = '', day = '', region = '', service = '', signed = '', signature] = parts;
  if (key !== access.accessKey)
    throw new Refusal('UnrecognizedClientException', 'The security token included in the request is invalid.');
  if (region !== access.region || service !== 'athena')
    throw new Refusal(
      'InvalidSignatureException',
      `Credential should be scoped to a valid region and service, not '${region}/${service}'.`,
    );
  const scope = `${day}/${region}/${service}/aws4_request`;
  const date = String(request.headers['x-amz-date']);
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical(request, body, signed))].join('\n');
  const signingKey = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (by, part) => hmac(by, part),
    `AWS4${access.secretKey}`,
  );
  if (hmac(signingKey, text).toString('hex') !== signature)
    throw new Refusal(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided.',
    );
}

function canonical(request: IncomingMessage, body: string, signed: string): string {
  const headers = signed.split(';').map(
    (name) =>
      `${name}:${String(request.headers[name] ?? '')
        .trim()
        .replace(/\s+/g, ' ')}\n`,
  );
  return [request.method, request.url, '', headers.join(''), signed, sha256(body)].join('\n');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
