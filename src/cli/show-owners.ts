// What `show --by owner` asks of a run, or why it cannot be told.
import { Failure } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import { type OwnerMonth, type OwnersAsked, readOwners } from './owners.js';
import { unknownMonth } from './published-run.js';

export async function ownersIn(warehouse: string, asked: OwnersAsked): Promise<OwnerMonth> {
  const told = await readOwners(warehouse, asked);
  if (told === null) {
    const message = 'the run is of a version that made no statement by owner';
    throw new Failure('user', [{ code: 'cli/no-owners', message, remedy: 'make it: showback run --force' }]);
  }
  if (told.names.length === 0) throw unknownMonth(told.month, told.months);
  if (told.statements.length > 0) return told;
  const name = asked.owner ?? '';
  const role = asked.role === null ? '' : `, as ${asked.role} owner`;
  const message = `\`${name}\` answers for nothing in ${told.month}${role}`;
  throw new Failure('user', [{ code: 'cli/unknown-owner', message, remedy: suggest(name, told.names) }]);
}
