// Athena's protocol (awsJson1_1) over the Trino of the run, so that the real @aws-sdk/client-athena works against a real engine.
// It differs from Athena where Trino 435 does: partition values beyond ASCII are refused, property names come back in lower case,
// a grammar mistake in a SELECT is a failed query instead of a refused request, lists of tables tell no columns, and no results are
// written as CSV.
import { AthenaClient } from '@aws-sdk/client-athena';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { answer, type Parts } from './front/answers.js';
import { Catalog } from './front/catalog.js';
import { Engine } from './front/engine.js';
import { Executions, type Start } from './front/executions.js';
import { Refusal } from './front/failures.js';
import { Faults, type Injection } from './front/injection.js';
import { checkSignature } from './front/signature.js';
import type { TimestampPrecision } from './front/to-trino.js';
import { type WorkGroup, WorkGroups } from './front/workgroups.js';
import { s3ClientOf } from './s3-server.js';
import type { Engines } from './started.js';

export type { Start } from './front/executions.js';
export type { Injection } from './front/injection.js';
export type { WorkGroup } from './front/workgroups.js';

export interface FrontOptions {
  /** Beside `showback`, which is as the program wants it, and `primary`, which nobody set up. */
  readonly workgroups?: Readonly<Record<string, Partial<WorkGroup>>>;
  /** Queries that run at a time (4), and that may be QUEUED or RUNNING (20). */
  readonly running?: number;
  readonly active?: number;
  /** MICROSECONDS keeps what the models have; Athena itself has MILLISECONDS. */
  readonly timestamps?: TimestampPrecision;
}

export interface Front {
  readonly url: string;
  readonly inject: (injection: Injection) => void;
  readonly workgroup: (name: string, changes: Partial<WorkGroup>) => void;
  /** Requests by operation, also those that were refused. */
  readonly calls: Readonly<Record<string, number>>;
  /** Answered StartQueryExecution, in order. */
  readonly starts: readonly Start[];
  readonly stop: () => Promise<void>;
}

export async function startAthenaFront(engines: Engines, options: FrontOptions = {}): Promise<Front> {
  const s3 = s3ClientOf(engines);
  const faults = new Faults();
  const engine = new Engine(engines, s3, options.timestamps ?? 'MICROSECONDS');
  const executions = new Executions(engine, faults, { running: options.running ?? 4, active: options.active ?? 20 });
  const workgroups = new WorkGroups(groupsOf(engines, options));
  const parts: Parts = { executions, workgroups, catalog: new Catalog(engines.trinoUrl) };
  const calls: Record<string, number> = {};
  const server = createServer((request, response) => void serve(request, response, { engines, faults, parts, calls }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: urlOf(server),
    inject: (injection) => faults.add(injection),
    workgroup: (name, changes) => workgroups.set(name, changes),
    calls,
    starts: executions.starts,
    stop: async () => {
      await executions.stopAll();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      s3.destroy();
    },
  };
}

/** A client as the program makes it, or one that tries so many times; the caller destroys it. */
export function athenaClientOf(front: Front, { accessKey, secretKey, region }: Engines, maxAttempts = 3): AthenaClient {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  return new AthenaClient({ endpoint: front.url, region, credentials, maxAttempts });
}

function groupsOf({ bucket }: Engines, { workgroups = {} }: FrontOptions): Readonly<Record<string, WorkGroup>> {
  const showback: WorkGroup = {
    state: 'ENABLED',
    enforce: true,
    engineVersion: 'Athena engine version 3',
    cutoff: 10 * 1024 ** 3,
    outputLocation: `s3://${bucket}/athena-results/`,
  };
  const primary: WorkGroup = { ...showback, enforce: false, cutoff: null, outputLocation: null };
  const others = Object.entries(workgroups).map(([name, changes]) => [name, { ...showback, ...changes }] as const);
  return { showback, primary, ...Object.fromEntries(others) };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

interface Serving {
  readonly engines: Engines;
  readonly faults: Faults;
  readonly parts: Parts;
  readonly calls: Record<string, number>;
}

async function serve(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const operation = String(request.headers['x-amz-target']).replace('AmazonAthena.', '');
    serving.calls[operation] = (serving.calls[operation] ?? 0) + 1;
    checkSignature(request, body, serving.engines);
    await respond(operation, body, response, serving);
  } catch (error) {
    refuse(response, error);
  }
}

async function respond(operation: string, body: string, response: ServerResponse, { faults, parts }: Serving): Promise<void> {
  if (faults.denied(operation))
    throw new Refusal(
      'AccessDeniedException',
      `User is not authorized to perform: athena:${operation} because no identity-based policy allows it`,
    );
  const throttled = faults.throttled(operation);
  if (throttled !== null) throw new Refusal(throttled, 'Rate exceeded', { Reason: 'CONCURRENT_QUERY_LIMIT_EXCEEDED' });
  const lost = /^(Batch)?GetQueryExecution$/.test(operation) ? faults.lostPoll() : null;
  if (lost === 'drop') return void response.destroy();
  if (lost === 'error') throw new Error('lost');
  const answered = await answer(parts, operation, JSON.parse(body));
  if (operation === 'StartQueryExecution' && faults.lostStart()) return void response.destroy();
  send(response, 200, answered);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (error instanceof Refusal) {
    send(response, 400, { __type: error.name, Message: error.message, message: error.message, ...error.fields }, error.name);
    return;
  }
  send(response, 500, { __type: 'InternalServerException', Message: String(error) }, 'InternalServerException');
}

function send(response: ServerResponse, status: number, body: unknown, error?: string): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    ...(error === undefined ? {} : { 'x-amzn-errortype': error }),
  });
  response.end(JSON.stringify(body));
}
