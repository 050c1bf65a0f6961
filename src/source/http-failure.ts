// What a provider's API answers, as problems that a person can act on. Words of the provider, never a secret.
import { Failure, type FailureKind } from '../kernel/failure.js';

/** An answer that is no page, or none at all. */
export class HttpProblem extends Error {
  /** Null: no answer. */
  readonly status: number | null;
  /** Milliseconds that the server asks to wait, or null. */
  readonly retryAfter: number | null;

  constructor(words: string, status: number | null, retryAfter: number | null = null) {
    super(words);
    this.name = 'HttpProblem';
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** An answer that is JSON and no page: it came, so there is a status, and what is wrong is what it says. */
export const NO_PAGE = 200;

/** Who stands between does not let us through. */
export const PROXY = 407;

/** Worth asking again: nobody answered, the server is busy or broken, or what came is no answer of it. */
export function isPassing({ status }: HttpProblem): boolean {
  return (
    status === null || status === NO_PAGE || status === 408 || status === 409 || status === 425 || status === 429 || status >= 500
  );
}

interface Said {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** `what` is who was asked for what, `key` the variable that holds the key, `role` what the key must be. */
export interface Asked {
  readonly what: string;
  readonly url: string;
  readonly key: string;
  readonly role: string;
  /** The source declares what is asked, and how. */
  readonly declared?: boolean;
  /** What the source may name less of, and how: without it this would not have been asked. */
  readonly choice?: string | null;
  /** The keys that a refusal may be about; left out: those of APIs that answer in pages. */
  readonly about?: string;
}

export function httpFailure(problem: HttpProblem, asked: Asked): Failure {
  const { kind, code, message, remedy } = saidOf(problem, asked);
  const status = problem.status === null ? '' : ` (${problem.status})`;
  const text = `${asked.what}: ${message}${status}: ${problem.message}`;
  return new Failure(kind, [{ code, message: text, remedy, place: { file: asked.url } }], { cause: problem });
}

function saidOf(problem: HttpProblem, { key, role, declared = false, choice = null, about }: Asked): Said {
  switch (problem.status) {
    case null:
      return {
        kind: 'unavailable',
        code: 'pull/unreachable',
        message: 'no whole answer came at any try',
        remedy: 'check the network, its proxy and the address, then run again',
      };
    case NO_PAGE:
      return NO_PAGE_SAID;
    case PROXY:
      return PROXY_SAID;
    case 401:
      return { kind: 'user', code: 'pull/unauthorized', message: 'the key is not taken', remedy: `put ${role} in ${key}` };
    case 403:
      return { kind: 'user', code: 'pull/forbidden', message: 'the key may not read this', remedy: `put ${role} in ${key}` };
    case 404:
      return {
        kind: 'user',
        code: 'pull/not-found',
        message: 'there is nothing at this address',
        remedy: [
          declared ? 'check `pull.url`' : 'check `pull.url`; leave it out for the address of the provider',
          ...(choice === null ? [] : [choice]),
        ].join('; '),
      };
    case 429:
      return {
        kind: 'unavailable',
        code: 'pull/slow-down',
        message: 'the provider asks for fewer requests, and did so at every try',
        remedy: 'run again later; who else uses the key may be what it is about',
      };
    default:
      return problem.status >= 500 ? BROKEN : refused(about ?? (declared ? '`pull.query`' : '`pull.group_by`'));
  }
}

const NO_PAGE_SAID: Said = {
  kind: 'unavailable',
  code: 'pull/no-page',
  message: 'what came at every try is no page',
  remedy: 'correct `records`, `pull.page` or what is asked; see what the answer says',
};

const PROXY_SAID: Said = {
  kind: 'user',
  code: 'pull/proxy',
  message: 'the proxy does not let the request through',
  remedy:
    'write HTTPS_PROXY as http://host:port, with user:password@ in front of the host where it asks for them; hosts that need no proxy go into NO_PROXY',
};

const BROKEN: Said = {
  kind: 'unavailable',
  code: 'pull/unavailable',
  message: 'the provider failed to answer',
  remedy: 'run again later; its status page may tell more',
};

function refused(about: string): Said {
  const remedy = `see what it says; ${about} is what it may be about`;
  return { kind: 'user', code: 'pull/refused', message: 'the provider refused what was asked', remedy };
}

export function without(words: string, secrets: readonly string[]): string {
  return secrets.reduce((text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')), words);
}
