// Why a query failed: Athena's category, the number of its type, and where those say too little, its words.
import type { EngineFault, QueryStatus } from './athena-api.js';

export type FaultCategory =
  | 'user_sql'
  | 'resources'
  | 'throttled'
  | 'quota'
  | 'scan_limit'
  | 'timeout'
  | 'cancelled'
  | 'access_denied'
  | 'missing_table'
  | 'partition_lost'
  | 'partition_limit'
  | 'type_changed'
  | 'table_taken'
  | 'target_taken'
  | 'iceberg_conflict'
  | 'system';

/** The first that fits counts: what is told in passing comes after what is told by name. */
const BY_WORDS: readonly (readonly [RegExp, FaultCategory])[] = [
  [/bytes scanned limit/i, 'scan_limit'],
  // Ends with words about permission that say nothing of it: see below.
  [/^COLUMN_NOT_FOUND|^SYNTAX_ERROR|^FUNCTION_NOT_FOUND/, 'user_sql'],
  [/ICEBERG_COMMIT_ERROR/, 'iceberg_conflict'],
  [/HIVE_PATH_ALREADY_EXISTS|HIVE_TARGET_PATH|target (?:directory|path|location).*(?:already exists|not empty)/i, 'target_taken'],
  [/TOO_MANY_OPEN_PARTITIONS|open writers for partitions|TOO_MANY_PARTITIONS/i, 'partition_limit'],
  [/PARTITION_DROPPED_DURING_QUERY|partition no longer exists|partition location does not exist/i, 'partition_lost'],
  [
    /(?:HIVE_CANNOT_OPEN_SPLIT|HIVE_FILESYSTEM_ERROR|HIVE_FILE_NOT_FOUND).*(?:NoSuchKey|Status Code: 404|does not exist|not found)/is,
    'partition_lost',
  ],
  [/HIVE_PARTITION_SCHEMA_MISMATCH|HIVE_BAD_DATA|HIVE_INVALID_PARTITION_VALUE|HIVE_CURSOR_ERROR.*parse/is, 'type_changed'],
  [
    /incompatible with type|Unsupported Trino column type|INVALID_VIEW|VIEW_IS_STALE|is stale or in invalid state/i,
    'type_changed',
  ],
  [
    /TABLE_ALREADY_EXISTS|AlreadyExistsException|(?:table|view) already exists|is not a view|is a view, not a table/i,
    'table_taken',
  ],
  [
    /^(?:TABLE_NOT_FOUND|SCHEMA_NOT_FOUND)|EntityNotFoundException|(?:Table|View|Schema|Database) \S+ (?:does not exist|not found)/i,
    'missing_table',
  ],
  [
    /not authorized to perform|access.?denied|PERMISSION_DENIED|Insufficient Lake ?Formation|Insufficient permissions|Status Code: 403/i,
    'access_denied',
  ],
  [/EXCEEDED_TIME_LIMIT|timed? ?out|exceeded.*maximum.*time/i, 'timeout'],
  [
    /Query exhausted resources|EXCEEDED_(?:GLOBAL_|LOCAL_)?MEMORY_LIMIT|EXCEEDED_LOCAL_MEMORY|CLUSTER_OUT_OF_MEMORY/i,
    'resources',
  ],
  [/SlowDown|Please reduce your request rate|Rate exceeded|Throttl|TooManyRequests|Status Code: 503/i, 'throttled'],
  [/quota|concurrent .*limit/i, 'quota'],
];

/** Numbers of Athena's catalogue that say more than the category. */
function byType(type: number | null): FaultCategory | null {
  if (type === null) return null;
  if (type >= 0 && type <= 8) return 'resources';
  if (type === 206 || type === 210) return 'timeout';
  if (type === 234) return 'access_denied';
  if (type === 1301) return 'missing_table';
  return null;
}

export function categoryOf({ state, fault }: Pick<QueryStatus, 'state' | 'fault'>): FaultCategory {
  const told = BY_WORDS.find(([words]) => words.test(fault.words))?.[1] ?? byType(fault.type);
  if (told === 'scan_limit') return told;
  // Whoever stopped it, its reason is theirs.
  if (state === 'CANCELLED') return 'cancelled';
  if (told !== null) return told;
  const isOfSql = fault.category === 2 || (fault.category === null && /\bline \d+:\d+/.test(fault.words));
  return isOfSql ? 'user_sql' : 'system';
}

/** Whether the same query may succeed when it is asked again. What was refused for its cost is never asked again unasked. */
export function isRetried(category: FaultCategory, fault: EngineFault): boolean {
  switch (category) {
    case 'throttled':
    case 'quota':
    case 'iceberg_conflict':
      return true;
    case 'system':
      return fault.retryable !== false;
    case 'user_sql':
    case 'resources':
    case 'timeout':
      return fault.retryable === true;
    // Whatever Athena says of it: asking again costs the same scan, and heals neither data nor permissions.
    case 'scan_limit':
    case 'cancelled':
    case 'target_taken':
    case 'access_denied':
    case 'missing_table':
    case 'partition_lost':
    case 'partition_limit':
    case 'type_changed':
    case 'table_taken':
      return false;
    default:
      return category satisfies never;
  }
}
