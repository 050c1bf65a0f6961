// Under which names logs know the fields of a usage event, the likeliest first. Compared without case and without `_ - .` and the like.
import type { UsageField } from '../kernel/usage-fields.js';

export interface FieldNames {
  readonly field: UsageField;
  /** Found at any depth, as the whole path or as its last key. */
  readonly names: readonly string[];
  /** Too general to mean this inside of something else. */
  readonly atTop?: readonly string[];
  /** Likely, and worth a look: told as a guess. */
  readonly guesses?: readonly string[];
  /** A key at the top that ends so is a guess too: `unit_sku`. */
  readonly endings?: RegExp;
}

export const FIELD_NAMES: readonly FieldNames[] = [
  {
    field: 'event_time',
    endings: /(time|timestamp|stamp|date)$/,
    names: [
      'eventtime',
      'endtime',
      'endedat',
      'responsecreatedat',
      'completedat',
      'finishedat',
      'timestamp',
      'eventtimestamp',
      'createdat',
      'requestedat',
      'requesttime',
      'requestcreatedat',
      'starttime',
      'startedat',
      'datetime',
    ],
    atTop: ['time', 'ts', 'stamp', 'created', 'when', 'date', 'day', 't'],
  },
  { field: 'recorded_at', names: ['recordedat', 'loggedat', 'ingestedat', 'updatedat', 'insertedat', 'writtenat'] },
  {
    field: 'event_id',
    names: ['eventid', 'requestid', 'spanid', 'responseid', 'genairesponseid', 'generationid', 'recordid'],
    atTop: ['id', 'uuid', 'eventuuid'],
  },
  { field: 'call_id', names: ['callid', 'callref', 'logicalcallid'] },
  { field: 'attempt', names: ['attempt', 'attemptno', 'attemptnumber', 'tryno'] },
  { field: 'run_id', names: ['runid', 'workflowrunid', 'flowrun', 'genaiconversationid'] },
  { field: 'workflow_id', names: ['workflowid', 'workflow', 'workflowname', 'genaiworkflowname', 'flow', 'flowid'] },
  { field: 'operation', names: ['operation', 'operationname', 'calltype', 'genaioperationname'], atTop: ['op'] },
  {
    field: 'provider',
    endings: /(provider|vendor)$/,
    names: [
      'provider',
      'providername',
      'providerid',
      'customllmprovider',
      'llmprovider',
      'modelprovider',
      'genaiprovidername',
      'genaisystem',
      'vendor',
    ],
    atTop: ['system'],
  },
  {
    field: 'account_id',
    names: ['accountid', 'projectid', 'workspaceid', 'subscriptionid', 'organizationid'],
    atTop: ['account', 'project', 'workspace'],
  },
  {
    field: 'model',
    endings: /(model|sku)$/,
    names: [
      'genairesponsemodel',
      'responsemodel',
      'model',
      'modelname',
      'modelid',
      'providedmodelname',
      'llmmodel',
      'genairequestmodel',
      'requestmodel',
      'modelgroup',
      'deployment',
      'deploymentname',
    ],
    atTop: ['engine', 'sku'],
  },
  { field: 'region', names: ['region', 'awsregion', 'cloudregion'] },
  { field: 'service_tier', names: ['servicetier'] },
  { field: 'batch', names: ['batch', 'isbatch'] },
  { field: 'cache', names: ['cache', 'cachestatus', 'responsecache'] },
  { field: 'status', names: ['status', 'outcome', 'responsestatus'] },
  {
    field: 'feature_id',
    endings: /feature$/,
    names: ['featureid', 'feature', 'featurename', 'featurekey', 'featuretag', 'productfeature', 'svcfeature'],
    guesses: [
      'usecase',
      'usecaseid',
      'applicationid',
      'application',
      'applicationname',
      'appid',
      'appname',
      'app',
      'productid',
      'product',
      'component',
      'servicename',
      'service',
      'genaiagentname',
      'agentname',
      'agent',
      'callsite',
    ],
  },
  {
    field: 'customer_id',
    endings: /(customer|tenant)$/,
    names: ['customerid', 'customer', 'customername', 'tenantid', 'tenant', 'enduser', 'enduserid', 'clientid'],
    guesses: ['orgid', 'org', 'organization', 'company', 'companyid', 'client'],
  },
  { field: 'team_id', names: ['teamid', 'team', 'teamname', 'teamalias', 'squad'] },
  { field: 'environment', names: ['environment', 'deploymentenvironment', 'deploymentenvironmentname', 'env', 'stage'] },
  { field: 'principal_id', names: ['principalid', 'principal', 'apikeyid', 'apikeyalias', 'userapikeyalias', 'keyalias'] },
  { field: 'tool_name', names: ['toolname', 'genaitoolname'] },
  { field: 'route', names: ['route', 'requestpath', 'endpoint'] },
  { field: 'workload_class', names: ['workloadclass'] },
  { field: 'sample_rate', names: ['samplerate', 'samplingrate', 'sampling', 'samplingratio'] },
  { field: 'run_ms', names: ['runms', 'durationms', 'latencyms', 'requestdurationms', 'delayms', 'elapsedms', 'tookms'] },
  { field: 'queue_ms', names: ['queuems', 'queuedms', 'waitms'] },
  {
    field: 'input_tokens',
    names: [
      'inputtokens',
      'uncachedinputtokens',
      'prompttokens',
      'genaiusageinputtokens',
      'genaiusageprompttokens',
      'inputtokencount',
      'prompttokencount',
      'tokensin',
      'tokensinput',
      'tokensprompt',
      'usagedetailsinput',
      'numinputtokens',
      'numprompttokens',
    ],
  },
  {
    field: 'cache_read_tokens',
    names: [
      'cachereadtokens',
      'cachereadinputtokens',
      'cachedtokens',
      'cachedinputtokens',
      'inputcachedtokens',
      'promptcachereadtokens',
      'genaiusagecachereadinputtokens',
      'cachedcontenttokencount',
      'prompttokenscached',
      'promptcachehittokens',
    ],
  },
  {
    field: 'cache_write_tokens',
    names: [
      'cachewritetokens',
      'ephemeral5minputtokens',
      'cachecreationinputtokens',
      'cachecreationtokens',
      'promptcachewritetokens',
      'genaiusagecachecreationinputtokens',
      'cachewriteinputtokens',
    ],
  },
  { field: 'cache_write_1h_tokens', names: ['cachewrite1htokens', 'ephemeral1hinputtokens'] },
  {
    field: 'output_tokens',
    names: [
      'outputtokens',
      'completiontokens',
      'genaiusageoutputtokens',
      'genaiusagecompletiontokens',
      'outputtokencount',
      'completiontokencount',
      'candidatestokencount',
      'tokensout',
      'tokensoutput',
      'tokenscompletion',
      'generatedtokens',
      'usagedetailsoutput',
      'numoutputtokens',
      'numcompletiontokens',
    ],
  },
  { field: 'embedding_tokens', names: ['embeddingtokens'] },
  { field: 'embeddings', names: ['embeddings', 'embeddingcount'] },
  { field: 'requests', names: ['requests', 'requestcount', 'nummodelrequests'] },
  { field: 'vector_queries', names: ['vectorqueries'] },
  { field: 'vector_read_units', names: ['vectorreadunits', 'readunits'] },
  { field: 'vector_write_units', names: ['vectorwriteunits', 'writeunits'] },
  { field: 'tool_calls', names: ['toolcalls', 'toolcallcount'] },
  { field: 'search_queries', names: ['searchqueries', 'websearchrequests', 'searchcount'] },
  { field: 'rerank_queries', names: ['rerankqueries'] },
  { field: 'images', names: ['images', 'imagecount', 'numimages'] },
  { field: 'storage_gb_months', names: ['storagegbmonths'] },
  { field: 'egress_gb', names: ['egressgb'] },
  { field: 'gpu_hours', names: ['gpuhours'] },
  { field: 'review_minutes', names: ['reviewminutes'] },
];

/** Money of one event, as gateways and libraries write it. */
export const MONEY_NAMES = ['statedcost', 'responsecost', 'totalcost', 'costusd', 'cost', 'spend', 'price'];

/** Input under these names has the cached tokens in it. */
export const INCLUSIVE_NAMES = /prompttokens|prompttokencount|genaiusage|inputtokensdetails|usagedetailsinput/;

export function bare(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
