// An HTTP server on loopback that keeps a log of what it is asked, and fails as it is told to.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'raw'; readonly body: string }
  /** Half of the body, then the connection ends. */
  | { readonly kind: 'cut' }
  /** Says that the body is longer than it is. */
  | { readonly kind: 'short' }
  /** The body comes in pieces with so many milliseconds between. */
  | { readonly kind: 'slow'; readonly milliseconds: number }
  | { readonly kind: 'silent' }
  /** Every page leads to the same next one. */
  | { readonly kind: 'circle' }
  /** Every page leads to another one. */
  | { readonly kind: 'endless' };

export interface Reply {
  readonly status: number;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: string;
}

export interface FaultyServer {
  readonly url: string;
  /** Path with query of every request, in order. */
  readonly log: string[];
  /** Milliseconds since the start at which each came. */
  readonly times: number[];
  /** For the next requests, or the next ones of that address. */
  readonly plan: (fault: Fault, times?: number, isFor?: (address: string) => boolean) => void;
  readonly close: () => Promise<void>;
}

/** `answer` makes what is sent where no fault does; faults of pages are its own. */
export async function startFaultyServer(answer: (asked: Asked, fault: Fault | undefined) => Reply): Promise<FaultyServer> {
  const planned: { readonly fault: Fault; left: number; readonly isFor: (address: string) => boolean }[] = [];
  const log: string[] = [];
  const times: number[] = [];
  const began = performance.now();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://api');
    log.push(`${url.pathname}${url.search}`);
    times.push(performance.now() - began);
    const plan = planned.find(({ left, isFor }) => left > 0 && isFor(`${url.pathname}${url.search}`));
    if (plan !== undefined) plan.left -= 1;
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    await send(response, faultOf(plan?.fault) ?? answer({ request, url, body }, plan?.fault), plan?.fault);
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    times,
    plan: (fault, count = 1, isFor = () => true) => void planned.push({ fault, left: count, isFor }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function faultOf(fault: Fault | undefined): Reply | null {
  if (fault?.kind === 'raw') return { status: 200, body: fault.body };
  if (fault?.kind !== 'status') return null;
  const body = fault.body ?? JSON.stringify({ error: { message: `the ${fault.status} of the tests` } });
  return { status: fault.status, body, headers: fault.headers ?? {} };
}

async function send(response: ServerResponse, { status, body, headers = {} }: Reply, fault: Fault | undefined): Promise<void> {
  if (fault?.kind === 'silent') return;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const length = bytes.byteLength + (fault?.kind === 'short' ? 10 : 0);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': String(length), ...headers });
  if (fault?.kind === 'cut' || fault?.kind === 'short') {
    response.write(bytes.subarray(0, fault.kind === 'cut' ? bytes.byteLength / 2 : undefined), () => response.destroy());
  } else if (fault?.kind === 'slow') {
    const piece = Math.ceil(bytes.byteLength / 5);
    for (let at = 0; at < bytes.byteLength && !response.destroyed; at += piece) {
      response.write(bytes.subarray(at, at + piece));
      await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
    }
    response.end();
  } else response.end(bytes);
}
