// What people do between two runs: bring something, close a month, open it again, verify it.
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunScope } from '../../src/run/api.js';
import { closeMonth } from '../../src/run/close.js';
import { reopenMonth } from '../../src/run/reopen.js';
import { writeStatements } from '../../src/run/statements.js';
import { verifyMonth } from '../../src/run/verify.js';
import { type Company, run } from './company.js';

/** One thing done; `then`: the folder with what can be laid over the company. */
export interface BookStep {
  readonly lay?: string;
  /** A file or folder of the company that goes. */
  readonly lose?: string;
  readonly run?: RunScope;
  readonly close?: string;
  readonly preparer?: string;
  readonly approver?: string;
  readonly reason?: string;
  readonly reopen?: string;
  /** Fails where a comparison does not hold. */
  readonly verify?: string;
  /** Statements of this month, below `out` of the company, or `statements`. */
  readonly statements?: string;
  readonly out?: string;
  readonly customers?: readonly string[];
}

const NOW = new Date('2031-01-01T00:00:00Z');

export async function doStep(company: Company, then: string, step: BookStep): Promise<void> {
  const common = { pipelineFile: company.pipelineFile, threads: 1, listener: () => undefined, now: () => NOW };
  const { approver = '', preparer = null, reason = '', customers = [], out = 'statements' } = step;
  if (step.lay !== undefined) await cp(join(then, step.lay), company.folder, { recursive: true });
  if (step.lose !== undefined) await rm(join(company.folder, step.lose), { recursive: true });
  if (step.run !== undefined) await run(company, step.run);
  if (step.close !== undefined)
    await closeMonth({ ...common, month: step.close, approvedBy: approver, preparedBy: preparer, reason });
  if (step.reopen !== undefined) await reopenMonth({ ...common, month: step.reopen, by: approver, reason });
  if (step.statements !== undefined)
    await writeStatements({ ...common, month: step.statements, dir: join(company.folder, out), customers });
  if (step.verify !== undefined) {
    const { checked } = await verifyMonth({ ...common, month: step.verify });
    const wrong = checked.filter(({ holds }) => !holds).map(({ what }) => what);
    if (wrong.length > 0) throw new Error(`${step.verify} does not verify: ${wrong.join('; ')}`);
  }
}
