// A pair may have leaked under another name of the same user: each is checked that the application
// may take what was typed for, and all names that the operator has imported for whoever that is.

import type { CheckedCredential, Checks } from '../../checks/checks.ts';
import { spellingsOf } from '../../checks/password-spellings.ts';
import { accountsOf, MAX_SPELLED } from '../../checks/user-letters.ts';
import { type LeakVerdict, worstVerdict } from '../../checks/verdict.ts';
import type { Exchange } from '../../exchange.ts';
import type { FactorPeer } from '../../factors/factor-peer.ts';
import { readingsOf } from '../../login/body/texts.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';
import type { GatewaySetup } from '../../setup.ts';

/** Beside those that were typed; and of those in other fields. */
const MAX_OTHERS = 96;
const MAX_AT_ONCE = 16;
/** Of names and spellings of passwords: whoever sends a login chooses both. */
const MAX_PAIRS = 512;

type People = Pick<FactorPeer, 'namesOf'>;

/** One of each: credentials are known as those that a certain checker has checked. */
const made = new WeakMap<Checks, WeakMap<People, Map<string, Checks>>>();

/** Where logins are held, under each name of their user. */
export function checksFor({ hold }: Exchange, { people }: PipelineParts, { checks }: GatewaySetup): Checks | undefined {
  if (!checks || !hold || !people?.factors) return checks;
  return withKnownNames(checks, hold.realm, people.factors);
}

/** @param app what its users are imported for */
export function withKnownNames(checks: Checks, app: string, people: People): Checks {
  const ofChecks = made.get(checks) ?? new WeakMap<People, Map<string, Checks>>();
  made.set(checks, ofChecks);
  const byApp = ofChecks.get(people) ?? new Map<string, Checks>();
  ofChecks.set(people, byApp);
  const known = byApp.get(app) ?? create(checks, app, people);
  byApp.set(app, known);
  return known;
}

interface Asked {
  readonly credentials: readonly CheckedCredential[];
  readonly mayBePair: LeakVerdict['mayBePair'];
  /** How many names more may be asked for. */
  readonly left: number;
}

function create(checks: Checks, app: string, people: People): Checks {
  const askedFor = async ({ usernames, passwords }: CheckedCredential): Promise<Asked> => {
    const known = await Promise.all(usernames.map((name) => people.namesOf(app, name)));
    const spelled = usernames.flatMap((name) => (name.length > MAX_SPELLED ? [] : accountsOf(name)));
    const others = new Set([...known.flatMap(({ names }) => names), ...spelled]);
    for (const name of usernames) others.delete(name);
    const forEach = Math.floor(MAX_PAIRS / new Set(passwords.flatMap(spellingsOf)).size);
    const room = Math.max(0, forEach - usernames.length);
    const asked = [...others].slice(0, Math.min(MAX_OTHERS, room));
    // An application may take a name that nobody has imported for anybody, or read none here.
    const exact = usernames.filter((_, i) => known[i]?.isExact);
    const imported = new Set([...exact, ...exact.flatMap(readingsOf)]);
    const isCut = asked.length < others.size || known.some((each) => each.isCut);
    const isNamed = usernames.length > 0 && usernames.every((name) => imported.has(name));
    return {
      credentials: [{ usernames, passwords }, ...groupsOf(asked).map((group) => ({ usernames: group, passwords }))],
      mayBePair: isCut ? 'cut' : isNamed ? undefined : 'unnamed',
      left: Math.min(MAX_OTHERS, room - asked.length),
    };
  };
  const othersAskedFor = async (
    { others = [], passwords }: CheckedCredential,
    max: number,
  ): Promise<readonly AskedOther[]> => {
    const known = await Promise.all(others.map((name) => people.namesOf(app, name)));
    let left = max;
    return others.map((name, i) => {
      const all = [...new Set([name, ...(known[i]?.names ?? []), ...accountsOf(name)])];
      const asked = all.slice(0, left);
      left -= asked.length;
      const credentials = groupsOf(asked).map((usernames) => ({ usernames, passwords }));
      return { name, credentials, isCut: asked.length < all.length };
    });
  };
  const checkAll = async (credential: CheckedCredential, check: Check): Promise<LeakVerdict> => {
    const { credentials, mayBePair, left } = await askedFor(credential);
    const others = await othersAskedFor(credential, left);
    const [verdicts, ofOthers] = await Promise.all([
      Promise.all(credentials.map(check)),
      Promise.all(others.map((other) => checkOther(other, check))),
    ]);
    const verdict = worstVerdict([...verdicts, ...ofOthers.flatMap((other) => other.verdict ?? [])]);
    const otherNames = ofOthers.flatMap(({ name }) => name ?? []);
    const isCut = others.some((other) => other.isCut);
    return {
      ...verdict,
      ...((isCut || mayBePair) && { mayBePair: isCut ? 'cut' : mayBePair }),
      ...(otherNames.length > 0 && { otherNames }),
    };
  };
  return {
    ...checks,
    check: (credential) => checkAll(credential, checks.check),
    checkEvenly: (credential) => checkAll(credential, checks.checkEvenly),
  };
}

type Check = (one: CheckedCredential) => Promise<LeakVerdict>;

/** A text in another field than the name's. */
interface AskedOther {
  readonly name: string;
  readonly credentials: readonly CheckedCredential[];
  /** Not all names that it may stand for are asked for. */
  readonly isCut: boolean;
}

interface CheckedOther {
  /** Undefined where the password has not leaked with it: then it is as good as no name. */
  readonly name?: string;
  readonly verdict?: LeakVerdict;
}

async function checkOther({ name, credentials, isCut }: AskedOther, check: Check): Promise<CheckedOther> {
  if (credentials.length === 0) return { name };
  const verdict = worstVerdict(await Promise.all(credentials.map(check)));
  const { status, missing, reason = missing } = verdict;
  if (status === 'pair' || status === 'similar') return { name, verdict };
  return {
    ...(isCut && { name }),
    ...(reason !== undefined && { verdict: { status: 'unknown', reason } }),
  };
}

const groupsOf = (names: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(names.length / MAX_AT_ONCE) }, (_, i) =>
    names.slice(i * MAX_AT_ONCE, (i + 1) * MAX_AT_ONCE),
  );
