// Somebody is asked for a factor: what for, in which browser, and what they answer. A challenge
// counts once, for ten minutes and five answers; several for one thing have five answers together.

import { hash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import type { FactorMethod, GivenFactor, UserFactors, UserId } from '../../factors/factor.ts';
import { challengeIn, requestOptions, verifyAssertion } from '../../factors/webauthn.ts';
import type { OwnCookie } from '../../request/own-cookies.ts';
import { counts } from '../policies/requirement.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { assertSentToken, readJson, sendJson } from './json.ts';
import { AUTHENTICATION } from './key-json.ts';
import { KnownBrowsers } from './known-browsers.ts';
import { drawCeremony, takeCeremony } from './once.ts';
import { formTokenOf } from './own-form.ts';
import { needingState, type RouteParts } from './route.ts';

/** In which somebody has shown a factor. */
const KNOWN = new KnownBrowsers('cv-shown', 'factor');
const ROOM = 'once';
const TTL_MS = 10 * 60_000;
const TRIES = 5;
const CHALLENGE_BYTES = 32;

export type Purpose = 'step-up' | 'manage' | 'release' | 'confirm';

export interface Counted {
  readonly key: string;
  readonly windowMs: number;
}

export interface Challenge {
  readonly id: string;
  readonly user: UserId;
  readonly purpose: Purpose;
  /** The id of the cookie of the browser that is asked: `SessionStore.idOf` its value. */
  readonly browser: string;
  /** For which application. */
  readonly app?: string | undefined;
  /** One of them. */
  readonly methods: readonly FactorMethod[];
  /** The purpose's own text. */
  readonly note: string;
  /** What answers count for, whichever challenge they answer. Default: this challenge. */
  readonly counted?: Counted | undefined;
}

/** What comes of a right factor. */
export interface ChallengePurpose {
  /** Of the gateway's own host, that `browser` is the id of. */
  readonly cookie: OwnCookie;
  /**
   * The challenge is used. @returns where the browser goes, and headers of the answer
   * @throws Refusal
   */
  onGiven(exchange: Exchange, challenge: Challenge, given: GivenFactor, parts: RouteParts): Promise<Led>;
  /** Too many answers were wrong, or the person gave up: nothing can be given any more. */
  onSpent?(challenge: Challenge, parts: RouteParts): Promise<void>;
}

export type Purposes = { readonly [Of in Purpose]?: ChallengePurpose };

/** @throws StateError */
export async function openChallenge({ people }: RouteParts, given: Omit<Challenge, 'id'>): Promise<Challenge> {
  const challenge = { ...given, id: randomBytes(CHALLENGE_BYTES).toString('base64url') };
  const sealed = people.seal.close('challenge', challenge, TTL_MS);
  // Whoever takes factors away from somebody ends what they are asked for.
  const owner = people.store.names.challenges(given.user);
  await people.state.set(ROOM, keyOf(challenge.id), sealed, { ttlMs: TTL_MS, owner });
  return challenge;
}

/** The page that asks for it. */
export const challengeUrl = ({ id }: Challenge): string => `/step-up#${id}`;

const ID = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const NAMED = z.strictObject({ challenge: ID });
const ANSWER = z.union([
  z.strictObject({ challenge: ID, code: z.string().max(64) }),
  z.strictObject({ challenge: ID, key: AUTHENTICATION }),
]);

/** What a page shows of a challenge, and the token for what it sends then. */
export async function describeChallenge(exchange: Exchange, id: string, parts: RouteParts, purposes: Purposes) {
  const challenge = await needingState(() => find(exchange, id, parts, purposes));
  const known = await needingState(() => factorsOf(parts, challenge));
  const usable = usableOf(known, challenge);
  return {
    challenge: id,
    token: formTokenOf(challenge.browser, parts),
    purpose: challenge.purpose,
    app: challenge.app,
    methods: [...new Set(usable.map(({ method }) => method))],
    hasRecovery: challenge.methods.includes('recovery') && known.recoveryLeft > 0,
    // They have one, which does not count here yet.
    usableFrom: soonest(known, challenge),
    hasAny: known.factors.length > 0,
  };
}

/** Options for an authenticator. */
export async function answerKeyOptions(exchange: Exchange, parts: RouteParts, purposes: Purposes): Promise<void> {
  const { challenge: id } = await readJson(exchange, NAMED);
  const { challenge, known } = await found(exchange, id, parts, purposes);
  const keys = usableOf(known, challenge).filter(({ key }) => key);
  if (keys.length === 0) throw new Refusal('FACTOR_UNKNOWN');
  const drawn = await needingState(() => drawCeremony(parts.people.state, id));
  sendJson(exchange, requestOptions(parts.identity.party, drawn, keys));
}

/** A code or a response of an authenticator. */
export async function answerChallenge(exchange: Exchange, parts: RouteParts, purposes: Purposes): Promise<void> {
  const body = await readJson(exchange, ANSWER);
  const asked = await found(exchange, body.challenge, parts, purposes);
  const led = await takeAnswer(exchange, body, asked, parts);
  if (led) sendJson(exchange, { location: led.location }, led.headers);
}

/** A code that a form sent, of the browser that is asked. @returns and throws as the one below */
export async function takeCode(
  exchange: Exchange,
  { challenge, code }: { readonly challenge: Challenge; readonly code: string },
  parts: RouteParts,
  purposes: Purposes,
): Promise<Led | undefined> {
  const purpose = purposes[challenge.purpose];
  if (!purpose) throw new Refusal('CHALLENGE_GONE');
  const known = await needingState(() => factorsOf(parts, challenge));
  return takeAnswer(exchange, { challenge: challenge.id, code }, { challenge, purpose, known }, parts);
}

/** Where the browser goes, and headers of the answer. */
export interface Led {
  readonly location: string;
  readonly headers: readonly string[];
}

interface Asked {
  readonly challenge: Challenge;
  readonly purpose: ChallengePurpose;
  readonly known: UserFactors;
}

/** @returns undefined where the answer waits, which was sent @throws Refusal */
async function takeAnswer(
  exchange: Exchange,
  body: z.infer<typeof ANSWER>,
  { challenge, known, purpose }: Asked,
  parts: RouteParts,
): Promise<Led | undefined> {
  const { people } = parts;
  const { key, windowMs } = challenge.counted ?? { key: keyOf(challenge.id), windowMs: TTL_MS };
  const tries = `tries.${key}`;
  const slot = await needingState(() => people.state.takeSlots([{ key: tries, allow: TRIES, windowMs }]));
  if (!slot.taken) return gone(challenge, purpose, parts);
  const browser = await needingState(() => KNOWN.find(exchange, ownerOf(challenge, parts), people.state));
  const given = await needingState(() => judge({ ...body, browser }, challenge, known, parts));
  if (typeof given === 'number') {
    await needingState(() => people.state.giveBack([tries], slot.at));
    exchange.answer('FACTOR_WAIT', { retryAfterS: Math.ceil(given / 1_000) });
    parts.observe.answered(exchange, 'FACTOR_WAIT');
    return undefined;
  }
  if (!given) {
    people.factorEvents.refused(exchange, challenge.purpose);
    const wrong = [{ key: `wrong.${key}`, allow: TRIES - 1, windowMs }];
    const isLeft = (await needingState(() => people.state.takeSlots(wrong))).taken;
    if (!isLeft) return gone(challenge, purpose, parts);
    throw new Refusal('FACTOR_WRONG');
  }
  const taken = await needingState(() => people.state.takeOnce(ROOM, keyOf(challenge.id)));
  if (taken === undefined) throw new Refusal('CHALLENGE_GONE');
  people.factorEvents.given(exchange, given.method, challenge.purpose);
  const { location, headers } = await purpose.onGiven(exchange, challenge, given, parts);
  const remember = () => KNOWN.remember(exchange, ownerOf(challenge, parts), people.state);
  // A code that was written down says nothing of whose browser it is.
  const own = browser === undefined && given.method !== 'recovery' ? await needingState(remember) : [];
  return { location, headers: [...headers, ...own] };
}

/** Whether this person has shown a factor in this browser before. @throws StateError */
export const isShownIn = async (exchange: Exchange, user: UserId, parts: RouteParts): Promise<boolean> =>
  (await KNOWN.find(exchange, ownerOf({ user }, parts), parts.people.state)) !== undefined;

const ownerOf = ({ user }: Pick<Challenge, 'user'>, { people }: RouteParts): string =>
  people.store.names.of('factor known', user);

/** The person gives up. */
export async function answerCancel(exchange: Exchange, parts: RouteParts, purposes: Purposes): Promise<void> {
  const { challenge: id } = await readJson(exchange, NAMED);
  const { challenge, purpose } = await found(exchange, id, parts, purposes);
  const taken = await needingState(() => parts.people.state.takeOnce(ROOM, keyOf(id)));
  if (taken !== undefined) await purpose.onSpent?.(challenge, parts);
  sendJson(exchange, {});
}

/** @throws Refusal `CHALLENGE_GONE` */
async function gone(challenge: Challenge, purpose: ChallengePurpose, parts: RouteParts): Promise<never> {
  const taken = await needingState(() => parts.people.state.takeOnce(ROOM, keyOf(challenge.id)));
  if (taken !== undefined) await purpose.onSpent?.(challenge, parts);
  throw new Refusal('CHALLENGE_GONE');
}

/** @returns undefined for a wrong one; milliseconds for which none counts @throws StateError */
async function judge(
  body: z.infer<typeof ANSWER> & { readonly browser: string | undefined },
  challenge: Challenge,
  known: UserFactors,
  parts: RouteParts,
): Promise<GivenFactor | number | undefined> {
  const now = Date.now();
  if ('key' in body) {
    const given = await judgeKey(body.key, challenge, known, parts);
    return given && { ...given, at: now };
  }
  const factors = parts.people.factors;
  if (!factors) return undefined;
  const typed = body.code.trim();
  const isTotp = /^\d{6}$/.test(typed);
  const method = isTotp ? 'totp' : 'recovery';
  if (!challenge.methods.includes(method)) return undefined;
  const { user, purpose } = challenge;
  const stranger = purpose === 'release' ? 'release' : 'session';
  const at = body.browser === undefined ? stranger : (`browser ${body.browser}` as const);
  const answer = await (isTotp ? factors.tryTotp(user, typed, at) : factors.tryRecovery(user, typed));
  if ('given' in answer) return { method, at: now, ...answer.given };
  return answer.refused === 'wait' ? answer.waitMs : undefined;
}

async function judgeKey(
  response: z.infer<typeof AUTHENTICATION>,
  challenge: Challenge,
  known: UserFactors,
  { people, identity }: RouteParts,
): Promise<Omit<GivenFactor, 'at'> | undefined> {
  const drawn = challengeIn(response as Parameters<typeof challengeIn>[0]);
  // Used now, whatever comes of it.
  const isOurs = drawn !== undefined && (await takeCeremony(people.state, drawn, challenge.id));
  const factor = usableOf(known, challenge).find(({ key }) => key?.id === response.id);
  if (!isOurs || drawn === undefined || !factor?.key) return undefined;
  const { method, key, id } = factor;
  const wanted = { challenge: drawn, method, key, handle: known.handle };
  const answer = await verifyAssertion(identity.party, wanted, response as Parameters<typeof verifyAssertion>[2]);
  if (!('verified' in answer)) return undefined;
  const used = await people.factors?.useKey(challenge.user, id, answer.verified);
  return used && { method, factor: id, trustedFrom: used.trustedFrom };
}

/** Those that count for it. */
const usableOf = ({ factors }: UserFactors, { methods }: Challenge): UserFactors['factors'] =>
  factors.filter((factor) => counts(factor, methods, Date.now()));

function soonest({ factors }: UserFactors, { methods }: Challenge): number | undefined {
  const later = factors.filter(({ method }) => methods.includes(method)).map(({ trustedFrom }) => trustedFrom);
  return later.length === 0 ? undefined : Math.min(...later);
}

/** With the token of its page. @throws Refusal */
async function found(exchange: Exchange, id: string, parts: RouteParts, purposes: Purposes): Promise<Asked> {
  const challenge = await needingState(() => find(exchange, id, parts, purposes));
  assertSentToken(exchange, challenge.browser, parts);
  const purpose = purposes[challenge.purpose];
  if (!purpose) throw new Refusal('CHALLENGE_GONE');
  return { challenge, purpose, known: await needingState(() => factorsOf(parts, challenge)) };
}

/** @throws Refusal `CHALLENGE_GONE` for one of another browser too; StateError */
async function find(
  { head, isSecure }: Exchange,
  id: string,
  { people }: RouteParts,
  purposes: Purposes,
): Promise<Challenge> {
  const sealed = await people.state.get(ROOM, keyOf(id));
  const opened = sealed === undefined ? undefined : people.seal.open('challenge', sealed);
  const challenge = opened && !opened.isExpired ? (opened.value as Challenge) : undefined;
  const cookie = challenge && head && purposes[challenge.purpose]?.cookie.in(head.ownCookies, isSecure);
  if (!challenge || cookie === undefined || SessionStore.idOf(cookie) !== challenge.browser)
    throw new Refusal('CHALLENGE_GONE');
  return challenge;
}

/** @throws Refusal `SESSIONS_AWAY` where nobody keeps factors */
async function factorsOf({ people }: RouteParts, { user }: Challenge): Promise<UserFactors> {
  if (!people.factors) throw new Refusal('SESSIONS_AWAY');
  return people.factors.describe(user);
}

const keyOf = (id: string): string => `challenge.${hash('sha256', id, 'base64url')}`;
