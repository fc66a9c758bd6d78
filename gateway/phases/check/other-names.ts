// Names of people that stand in other fields of a login than its location says: an application may
// look for the name there, behind an imported one of somebody's own.
//
// Constants of a form look like names, too: anybody may register as `on`. So such a text counts
// only if the password has leaked with it.

import { MAX_SPELLED } from '../../checks/user-letters.ts';
import type { LeakVerdict } from '../../checks/verdict.ts';
import type { Exchange } from '../../exchange.ts';
import { needingState } from '../../identity/routes/route.ts';
import type { Attempt } from '../../login/attempt.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';

/** Of all that is looked up for one login. */
const MAX_LETTERS = 32_768;
/** What a lookup costs beside its letters. */
const LOOKUP_LETTERS = 32;
/** Each is asked for by itself. */
const MAX_KNOWN = 16;

/** In place of what nobody could look up: the name of nobody, so that nobody knows whose it is. */
const UNREAD = '\ufffd';

/**
 * @param texts of all fields but the password's
 * @returns the attempt, with each of them that somebody may be known by
 * @throws Refusal `SESSIONS_AWAY`
 */
export async function withOtherNames(
  { hold }: Exchange,
  attempt: Attempt,
  texts: readonly string[],
  { people }: PipelineParts,
): Promise<Attempt> {
  const { factors } = people ?? {};
  if (!hold || !factors) return attempt;
  const { names, isUnread } = namesIn(texts, attempt.usernames);
  const known = await needingState(() => Promise.all(names.map((name) => factors.namesOf(hold.realm, name))));
  const others = names.filter((_, i) => known[i]?.names.length !== 0);
  const asked = { ...attempt, others: others.slice(0, MAX_KNOWN) };
  return isUnread || others.length > MAX_KNOWN ? withNames(asked, [UNREAD]) : asked;
}

/** Once it was checked: whatever else its password has leaked with may be the name. */
export const withFoundNames = (attempt: Attempt, verdict: LeakVerdict | undefined): Attempt =>
  withNames(attempt, verdict?.otherNames ?? []);

const withNames = (attempt: Attempt, names: readonly string[]): Attempt =>
  names.length === 0
    ? attempt
    : { ...attempt, usernames: [...attempt.usernames, ...names], typed: [...attempt.typed, ...names] };

interface MayBeNames {
  readonly names: readonly string[];
  /** Others may stand there, too. */
  readonly isUnread: boolean;
}

function namesIn(texts: readonly string[], read: readonly string[]): MayBeNames {
  const names = new Set<string>();
  const seen = new Set(['', ...read]);
  let left = MAX_LETTERS;
  let isUnread = false;
  for (const name of new Set(texts.flatMap(partsOf))) {
    if (seen.has(name)) continue;
    if (name.length > MAX_SPELLED) {
      isUnread ||= !IS_TOKEN.test(name);
      continue;
    }
    left -= name.length + LOOKUP_LETTERS;
    if (left < 0) return { names: [...names], isUnread: true };
    names.add(name);
  }
  return { names: [...names], isUnread };
}

/** Longer than any name, and nothing that an application takes away from one. */
const IS_TOKEN = /^[\w+/=.~%!*$-]*$/;
const TAGS = /<[^<>]*>?/g;
/** Behind a name in small letters, as many as one likes. */
const UNSEEN = /[\p{M}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu;
const BETWEEN = /[\s<>()[\]{}"'`,;:|?&#=]+/;

/** A text, and what stands in one: `Alice <alice@corp.example>`, `mailto:`, lists, paths, tags. */
function partsOf(text: string): readonly string[] {
  const all = [text, text.replace(TAGS, '')].map((each) =>
    each.length > MAX_SPELLED ? each.replace(UNSEEN, '').trim() : each,
  );
  const parts = all.flatMap((each) => each.split(BETWEEN)).map((part) => part.replace(/^[\\/]+/, ''));
  return [...all.filter(({ length }) => length <= MAX_SPELLED), ...parts];
}
