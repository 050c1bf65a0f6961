// Each answer of S3 that a person has to act on: what it ends with, what it says, and that no secret is in it.
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import { openStore, type StoreOptions } from '../../../src/store/s3.js';
import { type ObjectStore, PreconditionFailed } from '../../../src/store/store.js';
import { ACCESS_DENIED, type Fault, INTERNAL, SLOW_DOWN, startStub, type Stub } from './stub-server.js';

let stub: Stub;

beforeEach(async () => {
  stub = await startStub();
});
afterEach(async () => stub.close());

const always = (): boolean => true;
const TOKEN = 'session-token-of-the-tests';

function storeOf(options: Partial<StoreOptions> = {}): ObjectStore {
  const { bucket, region, endpoint, keys } = stub;
  const credentials = { ...keys, sessionToken: TOKEN };
  return openStore({
    bucket,
    region,
    endpoint,
    credentials,
    prefix: 'p',
    pathStyle: true,
    attempts: 2,
    deadline: 10_000,
    ...options,
  });
}

/** Told by each question: a GET has words in its answer, a HEAD has none. */
async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  const shown = inspect(error, { depth: 10, showHidden: true });
  expect(shown).not.toContain(stub.keys.secretAccessKey);
  expect(shown).not.toContain(TOKEN);
  expect(shown).not.toContain('AWS4-HMAC-SHA256');
  return error as Failure;
}

function answer(
  status: number,
  code: string,
  message: string,
  more: { headers?: Record<string, string>; more?: string } = {},
): Fault {
  return { kind: 'answer', status, code, message, ...more };
}

const redirect = { headers: { 'x-amz-bucket-region': 'us-west-2' } };

const ANSWERS: readonly (readonly [what: string, fault: Fault, kind: string, code: string, words: RegExp, remedy: RegExp])[] = [
  [
    'a missing bucket',
    answer(404, 'NoSuchBucket', 'The specified bucket does not exist'),
    'user',
    's3/no-bucket',
    /does not exist/,
    /create it/,
  ],
  [
    'a redirect',
    answer(301, 'PermanentRedirect', 'must be addressed using the specified endpoint', redirect),
    'user',
    's3/wrong-region',
    /region us-west-2.*must be addressed/,
    /name that region: us-west-2/,
  ],
  [
    'a redirect to nowhere',
    answer(301, 'PermanentRedirect', 'must be addressed elsewhere'),
    'user',
    's3/wrong-region',
    /another region/,
    /the region that finance lies in/,
  ],
  [
    'an expired token',
    answer(400, 'ExpiredToken', 'The provided token has expired.'),
    'user',
    's3/expired-token',
    /token has expired/,
    /get new ones/,
  ],
  [
    'a wrong token',
    answer(400, 'InvalidToken', 'The provided token is malformed'),
    'user',
    's3/credentials',
    /malformed/,
    /check the access key/,
  ],
  [
    'a clock that is off',
    answer(403, 'RequestTimeTooSkewed', 'The difference is too large.'),
    'user',
    's3/clock-skew',
    /too large/,
    /NTP/,
  ],
  ['too many requests', SLOW_DOWN, 'unavailable', 's3/slow-down', /reduce your request rate/, /later/],
  ['a failure of its own', INTERNAL, 'unavailable', 's3/unavailable', /500.*internal error/, /run again/],
  ['a bad gateway', answer(502, 'BadGateway', 'no backend'), 'unavailable', 's3/unavailable', /502/, /run again/],
  [
    'something else',
    answer(400, 'InvalidBucketState', 'The bucket is archived'),
    'user',
    's3/refused',
    /archived/,
    /what S3 says/,
  ],
  ['a denial', ACCESS_DENIED, 'user', 's3/access-denied', /Access Denied/, /s3:GetObject on arn:aws:s3:::finance\/p\/a/],
  ['no XML', { kind: 'raw', body: '<html>' }, 'unavailable', 's3/unavailable', /200/, /network/],
];

describe('what S3 answers', () => {
  it.each(ANSWERS.filter(([what]) => what !== 'no XML'))('%s, to GET', async (_, fault, kind, code, words, remedy) => {
    stub.plan(fault, always, 100);
    const failure = await failureOf(storeOf().get('a'));
    expect([failure.kind, failure.problems[0]?.code]).toEqual([kind, code]);
    expect(failure.problems[0]?.message).toMatch(words);
    expect(failure.problems[0]?.remedy).toMatch(remedy);
    expect(failure.problems[0]?.place?.file).toBe('s3://finance/p/a');
  });

  it.each(ANSWERS.filter(([what]) => !/bucket|no XML|gateway|too many/.test(what)))(
    '%s, to HEAD',
    async (_, fault, kind, code) => {
      stub.plan(fault, always, 100);
      const failure = await failureOf(storeOf().head('a'));
      expect([failure.kind, failure.problems[0]?.code]).toEqual([kind, code]);
    },
  );

  it.each(ANSWERS)('%s, to a listing', async (_, fault, kind, code) => {
    stub.plan(fault, always, 100);
    const list = async (): Promise<void> => {
      for await (const page of storeOf().list('runs/')) expect(page).toBeDefined();
    };
    const failure = await failureOf(list());
    expect([failure.kind, failure.problems[0]?.code]).toEqual([kind, code]);
    expect(failure.problems[0]?.place?.file).toBe('s3://finance/p/runs/');
  });

  it('names the permission that each question needs', async () => {
    stub.plan(ACCESS_DENIED, always, 100);
    const store = storeOf();
    const first = async (pages: AsyncIterable<unknown>): Promise<void> => {
      for await (const page of pages) expect(page).toBeDefined();
    };
    const asked = [
      [async () => store.put('a', 'x'), 's3:PutObject on arn:aws:s3:::finance/p/a'],
      [async () => store.get('a'), 's3:GetObject on arn:aws:s3:::finance/p/a'],
      [async () => store.remove(['a']), 's3:DeleteObject on arn:aws:s3:::finance/p/a'],
      [async () => first(store.list('')), 's3:ListBucket on arn:aws:s3:::finance'],
      [async () => first(store.uploads('')), 's3:ListBucketMultipartUploads on arn:aws:s3:::finance'],
      [
        async () => store.abort({ key: 'a', id: 'x', started: new Date(0) }),
        's3:AbortMultipartUpload on arn:aws:s3:::finance/p/a',
      ],
    ] as const;
    for (const [work, permission] of asked) {
      const failure = await failureOf(work());
      expect(failure.problems[0]?.code).toBe('s3/access-denied');
      expect(failure.problems[0]?.remedy).toContain(permission);
    }
  });
});

describe('who asks', () => {
  it('is told when the bucket is not there at all', async () => {
    expect((await failureOf(storeOf({ bucket: 'other' }).put('a', 'x'))).problems[0]?.code).toBe('s3/no-bucket');
  });

  it('is told the right region where it signed for another', async () => {
    const failure = await failureOf(storeOf({ region: 'us-east-1' }).put('a', 'x'));
    expect(failure.problems[0]).toMatchObject({ code: 's3/wrong-region', remedy: 'name that region: eu-central-1' });
    expect((await failureOf(storeOf({ region: 'us-east-1' }).head('a'))).problems[0]?.remedy).toContain('eu-central-1');
  });

  it('is told of a key that nobody knows, and of a wrong secret', async () => {
    const { accessKeyId, secretAccessKey } = stub.keys;
    const unknown = storeOf({ credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey } });
    const wrong = storeOf({ credentials: { accessKeyId, secretAccessKey: 'hunter2-hunter2' } });
    for (const [store, words] of [
      [unknown, 'does not exist in our records'],
      [wrong, 'signature we calculated'],
    ] as const) {
      for (const work of [async () => store.get('a'), async () => store.head('a'), async () => store.put('a', 'x')]) {
        const failure = await failureOf(work());
        expect([failure.kind, failure.problems[0]?.code]).toEqual(['user', 's3/credentials']);
        expect(failure.message).toContain(words);
        expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('hunter2');
      }
    }
  });

  it('is told that there are no credentials at all', async () => {
    const names = [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_PROFILE',
      'AWS_CONFIG_FILE',
      'AWS_SHARED_CREDENTIALS_FILE',
      'AWS_EC2_METADATA_DISABLED',
    ];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) delete process.env[name];
    Object.assign(process.env, {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    });
    try {
      const { bucket, region, endpoint } = stub;
      const failure = await failureOf(openStore({ bucket, region, endpoint, pathStyle: true }).get('a'));
      expect([failure.kind, failure.problems[0]?.code]).toEqual(['user', 's3/credentials']);
      expect(failure.problems[0]?.remedy).toContain('AWS_PROFILE');
      const homeless = await failureOf(openStore({ bucket, endpoint, pathStyle: true, credentials: stub.keys }).get('a'));
      expect(homeless.problems[0]).toMatchObject({
        code: 's3/wrong-region',
        message: expect.stringContaining('no region is named') as string,
      });
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it('is told that nobody listens, and that a name leads nowhere', async () => {
    const { endpoint } = stub;
    await stub.close();
    const closed = await failureOf(storeOf({ endpoint }).get('a'));
    expect([closed.kind, closed.problems[0]?.code]).toEqual(['unavailable', 's3/unavailable']);
    expect(closed.problems[0]?.message).toContain('ECONNREFUSED');
    const nowhere = await failureOf(storeOf({ endpoint: 'http://nowhere.invalid' }).get('a'));
    expect([nowhere.kind, nowhere.problems[0]?.code]).toEqual(['unavailable', 's3/unavailable']);
    stub = await startStub();
  });

  it('sees no secret that a server repeats', async () => {
    stub.plan(answer(400, 'Odd', `you sent ${stub.keys.secretAccessKey} and ${TOKEN}`), always, 100);
    expect((await failureOf(storeOf().get('a'))).message).toContain('you sent *** and ***');
  });
});

it('leaves alone what is no answer of S3', async () => {
  const store = storeOf();
  const bug = { toString: 1 } as unknown as string;
  await expect(store.put('a', bug)).rejects.not.toBeInstanceOf(Failure);
});

it('a changed object is one that a later run may write', () => {
  const failure = new PreconditionFailed('s3://b/k', 'did not hold');
  expect([failure.exitCode, failure.name]).toEqual([4, 'Failure']);
  expect(failure.message).toContain('s3://b/k: the object is not as it was when it was read: did not hold [s3/changed]');
});
