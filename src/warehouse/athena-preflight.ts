// Before anything is asked that costs money: is the workgroup one that bounds what a query may cost, and is the database there?
import { Failure, type Problem } from '../kernel/failure.js';
import type { AthenaApi, WorkgroupFacts } from './athena-api.js';
import type { Whereabouts } from './athena-refusals.js';

/** Looks at both, and tells all that is wrong at once. Errors of the calls themselves are thrown. */
export async function lookBefore(
  api: AthenaApi,
  where: Whereabouts,
  answeredOf: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<WorkgroupFacts> {
  const [workgroup, database] = await Promise.allSettled([answeredOf(() => api.workgroup()), answeredOf(() => api.database())]);
  const failures = [workgroup, database].flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  const problems = workgroup.status === 'fulfilled' ? problemsOf(workgroup.value, where.workgroup) : [];
  const thrown = failures.filter((each) => each instanceof Failure);
  if (thrown.length < failures.length) throw failures.find((each) => !(each instanceof Failure));
  const all = [...thrown.flatMap((each) => each.problems), ...problems];
  if (workgroup.status === 'rejected' || all.length > 0) throw new Failure(thrown[0]?.kind ?? 'user', all);
  return workgroup.value;
}

function problemsOf(facts: WorkgroupFacts, name: string): readonly Problem[] {
  const version = Number(/^Athena engine version (\d+)$/.exec(facts.engine ?? '')?.[1] ?? 0);
  const problems: readonly (Problem | false)[] = [
    !facts.enabled && {
      code: 'athena/disabled',
      message: `workgroup ${name} is disabled`,
      remedy: `enable it (aws athena update-work-group --work-group ${name} --state ENABLED), or name another`,
    },
    version < 3 && {
      code: 'athena/engine-version',
      message: `workgroup ${name} runs ${facts.engine ?? 'an engine that it does not name'}, and models are written for Athena engine version 3`,
      remedy: 'set the analytics engine of the workgroup to Athena SQL, engine version 3, or name another workgroup',
    },
    facts.cutoffBytes === null && {
      code: 'athena/no-cutoff',
      message: `workgroup ${name} sets no limit to what one query may scan, so one mistake could cost any amount`,
      remedy: `set one: aws athena update-work-group --work-group ${name} --configuration-updates BytesScannedCutoffPerQuery=1099511627776 (1 TB; 10 MB is the least)`,
    },
    facts.enforced &&
      facts.output === null &&
      !facts.managedResults && {
        code: 'athena/no-output',
        message: `workgroup ${name} overrides where clients put results, and names no place itself`,
        remedy: 'give the workgroup a query result location, or do not let it override client-side settings',
      },
  ];
  return problems.filter((each) => each !== false);
}
