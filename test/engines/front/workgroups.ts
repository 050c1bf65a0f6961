// Workgroups as somebody set them up; a test changes one to see the program refuse it.
import { invalidRequest } from './failures.js';

export interface WorkGroup {
  readonly state: 'ENABLED' | 'DISABLED';
  /** Its settings hold for every query, whatever the query says. */
  readonly enforce: boolean;
  readonly engineVersion: string;
  readonly cutoff: number | null;
  readonly outputLocation: string | null;
}

export class WorkGroups {
  readonly #groups: Map<string, WorkGroup>;

  constructor(groups: Readonly<Record<string, WorkGroup>>) {
    this.#groups = new Map(Object.entries(groups));
  }

  set(name: string, changes: Partial<WorkGroup>): void {
    this.#groups.set(name, { ...this.get(name), ...changes });
  }

  get(name: string): WorkGroup {
    const group = this.#groups.get(name);
    if (group === undefined) throw invalidRequest(`WorkGroup ${name} is not found.`);
    return group;
  }

  /** What GetWorkGroup answers. */
  describe(name: string): Readonly<Record<string, unknown>> {
    const { state, enforce, engineVersion, cutoff, outputLocation } = this.get(name);
    return {
      Name: name,
      State: state,
      CreationTime: 1_767_225_600,
      Configuration: {
        EnforceWorkGroupConfiguration: enforce,
        PublishCloudWatchMetricsEnabled: true,
        RequesterPaysEnabled: false,
        ...(cutoff === null ? {} : { BytesScannedCutoffPerQuery: cutoff }),
        ResultConfiguration: outputLocation === null ? {} : { OutputLocation: outputLocation },
        EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: engineVersion },
      },
    };
  }

  /** Where results go: the workgroup's place where it is enforced or nobody names another. */
  outputOf(name: string, asked: string | undefined): string {
    const { enforce, outputLocation, state } = this.get(name);
    if (state === 'DISABLED') throw invalidRequest(`WorkGroup ${name} is disabled.`);
    const output = enforce ? (outputLocation ?? asked) : (asked ?? outputLocation);
    if (output == null || output === '')
      throw invalidRequest(
        'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
      );
    return output;
  }
}
