// Names of statement files. Ids of customers come from logs, so anybody may have written them; a name is safe on every file system, and
// no two customers share one, in whatever case it is read.
import { createHash } from 'node:crypto';

/** Nothing of a customer begins so. */
export const INDEX = '_index.csv';

const PLAIN = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** Of devices, on Windows. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/** The id itself where it is plain; else what can be read of it, and a hash of all of it behind a dot, which no plain id has. */
export function statementFile(customer: string): string {
  if (PLAIN.test(customer) && !RESERVED.test(customer)) return `${customer}.csv`;
  const readable = customer
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  const hash = createHash('sha256').update(customer).digest('hex').slice(0, 32);
  return `${readable === '' || RESERVED.test(readable) ? 'customer' : readable}.${hash}.csv`;
}
