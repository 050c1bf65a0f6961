// One Trino for the tests of a run: Hive tables on the S3 server of the run, its metastore in files below a folder of the run.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, installed, serve, until } from './installed.js';
import { queryTrino, TrinoError } from './trino-client.js';

export {
  queryTrino,
  TrinoError,
  type TrinoAnswer,
  type TrinoColumn,
  type TrinoOptions,
  type TrinoStats,
} from './trino-client.js';

export interface S3Access {
  readonly s3Endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

export interface Trino {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts it in an empty folder; ready means that a query was answered. */
export async function startTrino(folder: string, access: S3Access): Promise<Trino> {
  // Between the look for a free port and the server's bind somebody else may have taken it.
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await startOn(await freePort(), join(folder, `trino-${attempt}`), access);
    } catch (error) {
      if (attempt === 2 || !(error instanceof Error) || !error.message.includes('Address already in use')) throw error;
    }
  }
}

async function startOn(port: number, folder: string, access: S3Access): Promise<Trino> {
  const { java, trinoHome, trinoVersion } = installed();
  const url = `http://127.0.0.1:${port}`;
  await writeConfiguration(folder, trinoHome, url, access);
  const server = serve({
    name: 'Trino',
    command: [
      java,
      ...FLAGS,
      `-Djava.io.tmpdir=${folder}`,
      '-Dconfig=etc/config.properties',
      '-Dlog.levels-file=etc/log.properties',
      '-cp',
      `${trinoHome}/lib/*`,
    ].concat('ShowbackTrino', trinoVersion),
    cwd: folder,
    env: { S3_ACCESS_KEY: access.accessKey, S3_SECRET_KEY: access.secretKey },
    log: join(folder, 'server.log'),
  });
  try {
    await until('Trino is up', 240, async () => isUp(url), server.check);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url, stop: server.stop };
}

/**
 * One core is the other tests'; the optimising compiler takes longer than the few queries of `some` do, and pays for whole companies.
 * Every query brings classes of its own. Without the second compiler Java keeps 48 MiB for code, which three files of tests fill: then
 * it stops compiling, and queries fail where a method handle finds no room (`NoSuchMethodException … linkToSpecial`).
 */
const FLAGS = ['-Xmx2G', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError', '-XX:ReservedCodeCacheSize=512M'].concat(
  process.env['ENGINES'] === 'some' ? ['-XX:TieredStopAtLevel=1'] : [],
  '-Duser.timezone=UTC',
  '-Dfile.encoding=UTF-8',
  '-Djdk.attach.allowAttachSelf=true',
);

async function isUp(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/info`);
    if (!response.ok || !(await response.text()).includes('"starting":false')) return false;
    await queryTrino(url, 'SELECT count(*) FROM hive.information_schema.schemata');
    return true;
  } catch (error) {
    if (error instanceof TrinoError && error.errorName !== 'SERVER_STARTING_UP') throw error;
    return false;
  }
}

async function writeConfiguration(folder: string, home: string, url: string, access: S3Access): Promise<void> {
  await mkdir(join(folder, 'etc/catalog'), { recursive: true });
  await mkdir(join(folder, 'files/metastore'), { recursive: true });
  const files = {
    'config.properties': server(home, url, folder),
    'log.properties': 'io.trino=WARN\nio.airlift=WARN\nio.trino.server.Server=INFO\n',
    'catalog/hive.properties': hive(join(folder, 'files'), access),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'etc', name), text);
}

function server(home: string, url: string, folder: string): string {
  return `coordinator=true
node-scheduler.include-coordinator=true
node.environment=test
node.internal-address=127.0.0.1
node.bind-ip=127.0.0.1
http-server.http.port=${new URL(url).port}
discovery.uri=${url}
plugin.dir=${home}/plugin
catalog.config-dir=${folder}/etc/catalog
query.max-memory=1200MB
query.max-memory-per-node=1200MB
memory.heap-headroom-per-node=256MB
optimizer.join-reordering-strategy=NONE
join-distribution-type=BROADCAST
task.concurrency=1
query.max-hash-partition-count=1
query.min-hash-partition-count=1
`;
}

function hive(files: string, { s3Endpoint, region }: S3Access): string {
  return `connector.name=hive
hive.metastore=file
hive.metastore.catalog.dir=local:///metastore
hive.metastore.user=showback
hive.security=allow-all
hive.non-managed-table-writes-enabled=true
hive.non-managed-table-creates-enabled=true
hive.allow-register-partition-procedure=true
hive.timestamp-precision=MICROSECONDS
hive.recursive-directories=true
hive.compression-codec=ZSTD
hive.table-statistics-enabled=false
hive.collect-column-statistics-on-write=false
fs.hadoop.enabled=true
local.location=${files}
fs.native-s3.enabled=true
s3.endpoint=${s3Endpoint}
s3.region=${region}
s3.path-style-access=true
s3.aws-access-key=\${ENV:S3_ACCESS_KEY}
s3.aws-secret-key=\${ENV:S3_SECRET_KEY}
`;
}
