// What releases a held login: a factor of the account's owner, or a mailed code where they have
// none, in the browser that has logged in.

import { Refusal } from '../../answers/kinds.ts';
import { emailOf, type FactorMethod, haveTrusted } from '../../factors/factor.ts';
import type { HeldLogin } from '../../quarantine/held-login.ts';
import type { HoldRules } from '../../quarantine/hold-rules.ts';
import type { Holds } from '../../quarantine/holds.ts';
import { RELEASE, type ReleaseCode } from '../../quarantine/release.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { type ChallengePurpose, type Counted, challengeUrl, openChallenge } from './challenge.ts';
import { needingState, type RouteParts } from './route.ts';

const WAY_TTL_MS = 30 * 60_000;
/** Of the browser that came with the handoff. */
export const HOLD_COOKIE = new OwnCookie('cv-hold', WAY_TTL_MS);

const METHODS: readonly FactorMethod[] = ['security_key', 'biometrics', 'totp'];

/** What a challenge has to remember. */
interface Note {
  /** Of the browser whose login is held. */
  readonly id: string;
}

/**
 * However its browser comes back for another challenge or code: five answers in all, and with the
 * last one that is wrong the login is over.
 */
export const countedFor = (id: string, { forMs }: Pick<HoldRules, 'forMs'>): Counted => ({
  key: `held.${id}`,
  windowMs: forMs,
});

/** Where the browser whose login it is fetches it. @throws StateError */
export async function releaseUrl(holds: Holds, { app, origin }: HeldLogin, id: string): Promise<string> {
  const code = await holds.keepOnce('code', JSON.stringify({ id, app } satisfies ReleaseCode));
  return `${origin}${RELEASE}?code=${code}`;
}

/**
 * Who has a factor that counts shows one, and gets no mail.
 * @param cookie of the browser
 * @returns undefined for an owner without any @throws StateError
 */
export async function askForFactor(
  { app, realm, user }: HeldLogin,
  id: string,
  cookie: string,
  rules: HoldRules,
  parts: RouteParts,
): Promise<string | undefined> {
  const { factors } = parts.people;
  const owner = user === undefined ? undefined : await factors?.userOf(realm, user);
  if (owner === undefined || !factors) return undefined;
  // As long as none counts, they confirm it as somebody who has none.
  if (!haveTrusted((await factors.describe(owner)).factors)) return undefined;
  const challenge = await openChallenge(parts, {
    user: owner,
    purpose: 'release',
    browser: SessionStore.idOf(cookie),
    app,
    methods: METHODS,
    note: JSON.stringify({ id } satisfies Note),
    counted: countedFor(id, rules),
  });
  return challengeUrl(challenge);
}

/** Where the owner gets a code: as the operator has imported. @throws StateError */
export async function addressOf({ realm, user }: HeldLogin, { people }: RouteParts): Promise<string | undefined> {
  const owner = user === undefined ? undefined : await people.factors?.userOf(realm, user);
  return owner === undefined ? undefined : emailOf(owner);
}

export const release: ChallengePurpose = {
  cookie: HOLD_COOKIE,
  async onGiven(_, { note }, given, { people: { holds } }) {
    const { id } = JSON.parse(note) as Note;
    const login = await needingState(() => holds.heldLogin(id));
    // Enrolled a day ago, or with a code of an administrator: not by whoever has the password.
    if (!login || given.trustedFrom > given.at) throw new Refusal('HOLD_STALE');
    return { location: await needingState(() => releaseUrl(holds, login, id)), headers: [] };
  },
  async onSpent({ note, app }, { people: { holds }, applications }) {
    const rules = app === undefined ? undefined : applications.named(app)?.hold;
    if (rules) await needingState(() => holds.abandon((JSON.parse(note) as Note).id, rules));
  },
};
