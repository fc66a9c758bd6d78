// What a checker shows of its checks to the one that makes watch tags.

import type { Snapshot } from '../publication/snapshot.ts';
import type { Inquiry } from '../verdict/inquiry.ts';
import type { Signals, VerdictFacts } from '../verdict/verdict.ts';

/** The inquiries about each spelling of a credential. */
export type Inquiries = readonly (readonly Inquiry[])[];

/** Is called with all that a pass is about to ask. */
export type Watch = (inquiries: Inquiries, snapshot: Snapshot) => Watched;

export interface Watched {
  /** The same, with ears for outputs. */
  readonly inquiries: Inquiries;
  /** What the answers add to the verdict. */
  conclude(answers: readonly Signals[]): Pick<VerdictFacts, 'watchTag'> | undefined;
}
