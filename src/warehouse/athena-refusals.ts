// What is told of a call that Athena refused, or that nobody answered.
import { Failure, type FailureKind, type Problem } from '../kernel/failure.js';
import type { ApiError } from './athena-api.js';
import { placed } from './athena-failures.js';
import type { Statement } from './athena-statement.js';

/** Where queries are asked; named in what is told. */
export interface Whereabouts {
  readonly workgroup: string;
  readonly database: string;
  readonly region?: string | undefined;
  readonly output: string;
  readonly endpoint?: string | undefined;
}

interface Told {
  readonly kind: FailureKind;
  readonly problem: Problem;
}

export function refusal(error: ApiError, where: Whereabouts, statement: Statement | null): Failure {
  const { kind, problem } = toldOf(error, where);
  const name = statement === null ? '' : `${statement.name}: `;
  const place = statement === null ? {} : placed(statement, error.message);
  return new Failure(kind, [{ ...problem, message: `${name}${problem.message}`, ...place }]);
}

function toldOf(error: ApiError, where: Whereabouts): Told {
  switch (error.fault) {
    case 'lost':
      return { kind: 'unavailable', problem: unreachable(error, where) };
    case 'throttled':
    case 'quota':
      return { kind: 'unavailable', problem: refusedForNow(error) };
    case 'denied':
      return { kind: 'user', problem: denied(error) };
    case 'credentials':
      return { kind: 'user', problem: withoutCredentials(error) };
    case 'refused':
      return { kind: 'user', problem: refused(error, where) };
    default:
      return error.fault satisfies never;
  }
}

function unreachable(error: ApiError, { region, endpoint }: Whereabouts): Problem {
  const host = endpoint === undefined ? `in ${regionText(region)}` : `at ${hostOf(endpoint)}`;
  return {
    code: 'athena/unreachable',
    message: `Athena ${host} does not answer ${error.operation}: ${error.code}: ${error.message}`,
    remedy: 'check that the region is right and that this machine reaches it, then run again; what runs is found again',
  };
}

function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).host : 'its endpoint';
}

function refusedForNow(error: ApiError): Problem {
  return error.fault === 'quota'
    ? {
        code: 'athena/quota',
        message: `too many queries of this account are waiting or running: ${error.message}`,
        remedy: 'run again when less runs, lower `concurrency`, or ask AWS for a higher quota',
      }
    : {
        code: 'athena/throttled',
        message: `Athena takes no more ${error.operation} for now: ${error.message}`,
        remedy: 'run again later; what was done is not done again',
      };
}

function denied(error: ApiError): Problem {
  const action = /perform: ([a-z0-9-]+:[A-Za-z*]+)/.exec(error.message)?.[1] ?? `athena:${error.operation}`;
  return {
    code: 'athena/denied',
    message: `no permission for ${action}: ${error.message}`,
    remedy: `allow ${action} to the role of this run on the resource that is named`,
  };
}

/** The service repeats what was signed when it refuses a signature: its words are left out. */
function withoutCredentials(error: ApiError): Problem {
  return {
    code: 'athena/credentials',
    message: `AWS credentials are missing, expired or not valid (${error.code})`,
    remedy:
      'give the environment, profile or role that the AWS SDK reads credentials from, or log in again (aws sso login); they must be for this region',
  };
}

function refused(error: ApiError, where: Whereabouts): Problem {
  const { workgroup, database, region, output } = where;
  const words = error.message;
  if (/workgroup .*not found|workgroup is not found/i.test(words)) {
    return {
      code: 'athena/no-workgroup',
      message: `there is no workgroup ${workgroup} in ${regionText(region)}: ${words}`,
      remedy: 'name a workgroup that is there (aws athena list-work-groups), and the region that it is in',
    };
  }
  if (error.operation === 'GetDatabase') {
    return {
      code: 'athena/no-database',
      message: `there is no database ${database} in the data catalog of ${regionText(region)}: ${words}`,
      remedy: `create it (CREATE DATABASE ${database}), or name one that is there, and its region`,
    };
  }
  if (/output bucket|output location|S3 location|S3 path|NoSuchBucket|bucket does not exist|PermanentRedirect/i.test(words)) {
    return {
      code: 'athena/no-output',
      message: `results cannot be written to ${output}: ${words}`,
      remedy: `name an output in a bucket that is there, in ${regionText(region)}, with s3:GetBucketLocation, s3:PutObject and s3:ListBucket allowed`,
    };
  }
  const isSql = error.operation === 'StartQueryExecution';
  return isSql
    ? {
        code: 'athena/sql',
        message: `Athena cannot run it: ${words}`,
        remedy: 'mend the model as the engine says; if it was not changed, its inputs were',
      }
    : {
        code: 'athena/refused',
        message: `Athena refuses ${error.operation}: ${error.code}: ${words}`,
        remedy: 'do what the service says; if it says nothing that helps, please report it',
      };
}

function regionText(region: string | undefined): string {
  return region === undefined ? 'the region of the environment' : `region ${region}`;
}
