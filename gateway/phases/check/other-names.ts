// Names of people that stand in other fields of a login than its location says: an application may
// look for the name there, behind an imported one of somebody's own.

import { Refusal } from '../../answers/kinds.ts';
import { MAX_SPELLED } from '../../checks/user-letters.ts';
import type { Exchange } from '../../exchange.ts';
import { needingState } from '../../identity/routes/route.ts';
import type { Attempt } from '../../login/attempt.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';

/** Where a login leads to is no name, though a folder there may be called so. */
const IS_PLACE = /^(?:\/|https?:)/i;

/** No form of a login has more that are short enough for a name. */
const MAX_TEXTS = 64;

/**
 * @param texts of all fields
 * @returns the attempt, with each text that somebody may be known by as one more name
 * @throws Refusal `LOGIN_UNREADABLE` for more texts than can be asked about, `SESSIONS_AWAY`
 */
export async function withOtherNames(
  { hold }: Exchange,
  attempt: Attempt,
  texts: readonly string[],
  { people }: PipelineParts,
): Promise<Attempt> {
  const { factors } = people ?? {};
  if (!hold || !factors) return attempt;
  const read = new Set(['', ...attempt.usernames, ...attempt.passwords]);
  const mayBeName = (text: string): boolean =>
    text.length <= MAX_SPELLED && !read.has(text) && !IS_PLACE.test(text.trim());
  const others = [...new Set(texts)].filter(mayBeName);
  if (others.length > MAX_TEXTS) throw new Refusal('LOGIN_UNREADABLE');
  const known = await needingState(() => Promise.all(others.map((text) => factors.namesOf(hold.realm, text))));
  const names = others.filter((_, i) => known[i]?.isCut || known[i]?.names.length !== 0);
  if (names.length === 0) return attempt;
  return { ...attempt, usernames: [...attempt.usernames, ...names], typed: [...attempt.typed, ...names] };
}
