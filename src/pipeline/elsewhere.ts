// `engine:` and `publish:` → where models are built, and where runs are published besides the output folder.
import type { AthenaCatalog, EngineConfig, S3Folder, S3Publish, S3Server } from './pipeline.js';
import type { PipelineSpec } from './spec-pipeline.js';
import type { YamlFile } from './yaml-places.js';

type AthenaSpec = Extract<PipelineSpec['engine'], { readonly kind: 'athena' }>;

const GB = 1_000_000_000;

export function engineOf(spec: PipelineSpec['engine'], file: YamlFile): EngineConfig {
  if (spec.kind === 'duckdb') return { kind: 'duckdb' };
  return {
    kind: 'athena',
    ...catalogOf(spec, spec.region, file),
    output: folderOf(spec.output, { region: spec.region, ...spec.s3 }),
    scanBudget: spec.scan_budget_gb === undefined ? null : spec.scan_budget_gb * GB,
    concurrency: spec.concurrency,
    deadlineSeconds: spec.deadline_minutes * 60,
  };
}

/** A run of Athena is published beside its tables where the pipeline names no other place. */
export function publishOf({ engine, publish }: Pick<PipelineSpec, 'engine' | 'publish'>, file: YamlFile): S3Publish | null {
  if (publish === undefined) return engine.kind === 'athena' ? besideTables(engine, file) : null;
  return {
    folder: folderOf(publish.s3, publish),
    keepDays: publish.keep_days,
    catalog: publish.athena === undefined ? null : catalogOf(publish.athena, publish.region, file),
  };
}

const KEEP_DAYS = 30;

function besideTables(engine: AthenaSpec, file: YamlFile): S3Publish {
  const output = folderOf(engine.output, { region: engine.region, ...engine.s3 });
  const prefix = [output.prefix, 'published'].filter((part) => part !== '').join('/');
  return { folder: { ...output, prefix }, keepDays: KEEP_DAYS, catalog: catalogOf(engine, engine.region, file) };
}

function catalogOf(
  spec: { readonly workgroup: string; readonly database: string; readonly endpoint?: string | undefined },
  region: string | undefined,
  file: YamlFile,
): AthenaCatalog {
  const { workgroup, database, endpoint } = spec;
  return { workgroup, database, region: region ?? null, endpoint: endpoint ?? null, place: file.of(spec, 'workgroup').place };
}

interface ServerSpec {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly path_style: boolean;
}

export function serverOf({ region, endpoint, path_style: pathStyle }: ServerSpec): S3Server {
  return { region: region ?? null, endpoint: endpoint ?? null, pathStyle };
}

function folderOf(path: string, server: ServerSpec): S3Folder {
  const [bucket = '', ...folders] = path
    .replace(/^s3:\/\//, '')
    .replace(/\/$/, '')
    .split('/');
  return { bucket, prefix: folders.join('/'), ...serverOf(server) };
}
