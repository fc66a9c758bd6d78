// What an application does about a login whose password was found right, and leaked.

import type { CheckPolicy, LeakAction } from './check-keys.ts';
import type { LeakVerdict } from './verdict.ts';

/** What follows from a verdict: a password that may be of a pair is held as a pair is. */
export function actionsFor(
  { status, mayBePair }: Pick<LeakVerdict, 'status' | 'mayBePair'>,
  { onLeaked }: CheckPolicy,
): readonly LeakAction[] {
  if (status === 'clean' || status === 'unknown') return [];
  const actions = onLeaked[status];
  const isHeld = mayBePair && (status === 'password' || status === 'similar') && onLeaked.pair.includes('hold');
  return isHeld && !actions.includes('hold') ? [...actions, 'hold'] : actions;
}
