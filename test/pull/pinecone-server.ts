// The export API of Pinecone, as it is documented: one export at a time, a link that runs out, a ZIP of parts with a manifest.
import { type Asked, type Fault, type FaultyServer, type Reply, startFaultyServer } from './faulty-server.js';
import { type Packed, zipOf } from './zip-file.js';

export interface ExportServer extends FaultyServer {
  readonly key: string;
  /** Lines of CSV by day. */
  readonly days: Map<string, readonly string[]>;
  /** Bodies that were posted. */
  readonly bodies: string[];
  /** Lines of a part. */
  partSize: number;
  /** Times that an export is looked at before it is ready. */
  looks: number;
  /** Links that have run out by the time they are used. */
  expired: number;
  /** Exports of somebody else that have to end first, in posts. */
  busy: number;
  /** What an export says of itself beside the usual. */
  readonly says: Record<string, unknown>;
  /** Another file than the one of the lines. */
  readonly file: { zip: Buffer | null; packed: ((usual: readonly Packed[]) => readonly Packed[]) | null };
}

interface Made {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly needs: number;
  looks: number;
}

const HEADER =
  'BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,ChargeCategory,ChargeClass,ChargeDescription,' +
  'ChargePeriodEnd,ChargePeriodStart,ContractedCost,EffectiveCost,HostProviderName,InvoiceIssuerName,ListCost,PricingQuantity,PricingUnit,ServiceCategory,' +
  'ServiceName,ServiceProviderName,SubAccountId,SubAccountName,ConsumedQuantity,ConsumedUnit,SkuId,CommitmentProgramEligibilityDetails,x_Index';

/** A line of a day, by a project of Pinecone. */
export function focusLine(day: string, cost: string, project = 'proj-chat'): string {
  const month = day.slice(0, 7);
  const next = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1)).toISOString().slice(0, 10);
  const after = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  return (
    `${cost},org-1,,USD,${next}T00:00:00Z,${month}-01T00:00:00Z,Usage,,"read units, of an ""index""",${after}T00:00:00Z,${day}T00:00:00Z,${cost},${cost},,` +
    `Pinecone Systems Inc,${cost},,,Databases,Pinecone,Pinecone,${project},${project},100,Read Units,read-units,,docs`
  );
}

export async function startExportServer(): Promise<ExportServer> {
  const made: Made[] = [];
  const server = await startFaultyServer((asked, fault) => answerTo(api, made, asked, fault));
  const api: ExportServer = {
    ...server,
    key: 'pinecone-token-of-the-tests',
    days: new Map(),
    bodies: [],
    partSize: 2,
    looks: 0,
    expired: 0,
    busy: 0,
    says: {},
    file: { zip: null, packed: null },
  };
  return api;
}

function answerTo(api: ExportServer, made: Made[], { request, url, body }: Asked, fault: Fault | undefined): Reply {
  const [, file] = /^\/files\/(.+)\.zip$/.exec(url.pathname) ?? [];
  if (file !== undefined)
    return fileOf(api, made, { id: file, url, range: request.headers.range, key: request.headers.authorization });
  if (!url.pathname.startsWith('/admin/cost-usage-exports')) return refused(404, 'no such path');
  if (request.headers.authorization !== `Bearer ${api.key}`)
    return refused(401, `unknown key ${request.headers.authorization ?? ''}`);
  if (request.headers['x-pinecone-api-version'] !== '2026-07') return refused(400, 'unknown version');
  if (request.method === 'POST') return create(api, made, body);
  const id = url.pathname.split('/')[3];
  if (id === undefined) return json(200, { data: made.map((each) => stateOf(api, each)) });
  const one = made.find((each) => each.id === id);
  if (one === undefined || fault?.kind === 'circle') return refused(404, `no export ${id}`);
  one.looks += 1;
  return json(200, stateOf(api, one));
}

function create(api: ExportServer, made: Made[], body: string): Reply {
  api.bodies.push(body);
  if (api.busy > 0) {
    api.busy -= 1;
    return refused(409, 'Another export is in progress.');
  }
  const { period_start: from, period_end: to } = JSON.parse(body) as Record<string, string>;
  if (made.some((each) => !isDone(api, each))) return refused(409, 'Another export is in progress.');
  const one = { id: `e-${made.length + 1}`, from: from ?? '', to: to ?? '', needs: api.looks, looks: 0 };
  made.push(one);
  return json(202, stateOf(api, one));
}

/** What was asked for with patience may be let go sooner. */
function isDone({ looks }: ExportServer, one: Made): boolean {
  return one.looks >= Math.min(one.needs, looks);
}

function stateOf(api: ExportServer, one: Made): object {
  const done = isDone(api, one);
  const rows = linesOf(api, one).length;
  return {
    id: one.id,
    status: done ? 'Completed' : 'Pending',
    format: 'zip',
    period_start: one.from,
    period_end: one.to,
    data_available_through: done ? one.to : null,
    row_count: done ? rows : null,
    size_bytes: null,
    download_url: done ? `${api.url}/files/${one.id}.zip?signature=secret-of-the-link` : null,
    finished_at: done ? '2026-07-09T00:00:00.000Z' : null,
    file_expired: false,
    error: null,
    ...api.says,
  };
}

function linesOf({ days }: ExportServer, { from, to }: Made): readonly string[] {
  const asked = [...days].filter(([day]) => day >= from.slice(0, 10) && day < to.slice(0, 10));
  return asked.sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, lines]) => lines);
}

interface FileAsked {
  readonly id: string;
  readonly url: URL;
  readonly range: string | undefined;
  readonly key: string | undefined;
}

function fileOf(api: ExportServer, made: readonly Made[], { id, url, range, key }: FileAsked): Reply {
  const one = made.find((each) => each.id === id);
  if (one === undefined || url.searchParams.get('signature') !== 'secret-of-the-link')
    return refused(403, 'SignatureDoesNotMatch');
  if (key !== undefined) return refused(400, 'two ways to authenticate');
  if (api.expired > 0) {
    api.expired -= 1;
    return refused(403, `Request has expired: ${url.search}`);
  }
  const zip = api.file.zip ?? zipOf((api.file.packed ?? ((usual) => usual))(packedOf(api, one)));
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? '0');
  const headers = { 'content-type': 'application/zip', 'content-range': `bytes ${from}-${zip.length - 1}/${zip.length}` };
  return { status: range === undefined ? 200 : 206, body: zip.subarray(from), headers };
}

function packedOf(api: ExportServer, one: Made): readonly Packed[] {
  const lines = linesOf(api, one);
  const count = Math.max(1, Math.ceil(lines.length / api.partSize));
  const parts = Array.from({ length: count }, (_, at) => ({
    name: `part-${at + 1}-of-${count}.csv`,
    // The last line of a part may lack its end.
    text: [HEADER, ...lines.slice(at * api.partSize, (at + 1) * api.partSize)].join('\n') + (at % 2 === 0 ? '' : '\n'),
  }));
  const manifest = { format: 'zip', row_count: lines.length, files: parts.map(({ name }) => ({ name })) };
  return [...parts, { name: 'manifest.json', text: JSON.stringify(manifest) }];
}

function json(status: number, value: object): Reply {
  return { status, body: JSON.stringify(value) };
}

function refused(status: number, message: string): Reply {
  return json(status, { error: { code: 'X', message }, status });
}
