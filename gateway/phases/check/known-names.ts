// A pair may have leaked under another name of the same user: whom the operator has imported is
// checked under all of theirs.

import type { CheckedCredential, Checks } from '../../checks/checks.ts';
import type { FactorPeer } from '../../factors/factor-peer.ts';

const MAX_ASKED = 16;

type People = Pick<FactorPeer, 'namesOf'>;

/** One of each: credentials are known as those that a certain checker has checked. */
const made = new WeakMap<Checks, WeakMap<People, Map<string, Checks>>>();

/** @param app its name in the configuration */
export function withKnownNames(checks: Checks, app: string, people: People): Checks {
  const ofChecks = made.get(checks) ?? new WeakMap<People, Map<string, Checks>>();
  made.set(checks, ofChecks);
  const byApp = ofChecks.get(people) ?? new Map<string, Checks>();
  ofChecks.set(people, byApp);
  const known = byApp.get(app) ?? create(checks, app, people);
  byApp.set(app, known);
  return known;
}

function create(checks: Checks, app: string, people: People): Checks {
  const known = async (credential: CheckedCredential): Promise<CheckedCredential> => {
    const { usernames } = credential;
    const others = await Promise.all(usernames.slice(0, MAX_ASKED).map((name) => people.namesOf(app, name)));
    const all = { ...credential, usernames: [...new Set([...usernames, ...others.flat()])] };
    // A client that writes many names keeps nobody's check from being made.
    return checks.isReadable(all) ? all : credential;
  };
  return {
    ...checks,
    check: async (credential) => checks.check(await known(credential)),
    checkEvenly: async (credential) => checks.checkEvenly(await known(credential)),
  };
}
