// What an application does about a login whose password was found right, and leaked.

import type { VerdictStatus } from '../../client-sdk/index.ts';
import type { CheckPolicy, LeakAction } from './check-keys.ts';

/** What follows from a verdict. */
export function actionsFor(status: VerdictStatus, { onLeaked }: CheckPolicy): readonly LeakAction[] {
  return status === 'clean' || status === 'unknown' ? [] : onLeaked[status];
}
