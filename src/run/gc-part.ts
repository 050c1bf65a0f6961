// A part of what `gc` collects elsewhere, as data until it is carried out.
import type { Waste, WasteKind } from './api.js';
import type { Waiting } from './lock.js';

export interface GcPart {
  /** In the order in which it goes. */
  readonly waste: readonly Waste[];
  readonly notes: readonly string[];
  readonly carryOut: () => Promise<void>;
}

export interface Elsewhere extends GcPart, AsyncDisposable {
  readonly kinds: readonly WasteKind[];
}

export interface GcNeeds {
  /** sha256 of what stays in the landing here. */
  readonly landed: ReadonlySet<string>;
  /** sha256 of what goes from it now. */
  readonly dropped: ReadonlySet<string>;
  /** Milliseconds: what was touched or replaced later than this stays. */
  readonly replacedBefore: number;
  readonly now: Date;
  readonly waiting: Waiting;
}
