// The factors of whoever is signed in, on the gateway's own pages: what there is, and how it
// changes. Whoever changes something shows another factor first.

import { z } from 'zod';
import { type AnswerCode, Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { type GivenFactor, type UserFactors, userIdOf } from '../../factors/factor.ts';
import type { RemoveAnswer } from '../../factors/factor-messages.ts';
import type { FactorPeer } from '../../factors/factor-peer.ts';
import { openChallenge } from './challenge.ts';
import { needOwnSession, readOwnJson, sendJson } from './json.ts';
import { formTokenOf } from './own-form.ts';
import { needingState, type OwnSession, type RouteParts } from './route.ts';

/** For changes: how long ago another factor was given. */
const FRESH_MS = 5 * 60_000;

const NAME = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
const ID = z.string().regex(/^[A-Za-z0-9_-]{16}$/);
const NOTHING = z.strictObject({});
export const FACTOR_NAME = NAME;

/** @throws Refusal `SESSIONS_AWAY` where nobody keeps factors */
export function needFactors({ people }: RouteParts): FactorPeer {
  if (!people.factors) throw new Refusal('SESSIONS_AWAY');
  return people.factors;
}

/** Those that were given a moment ago. */
export const freshOf = ({ record: { factors = [] } }: OwnSession): readonly GivenFactor[] =>
  factors.filter(({ method, at }) => method !== 'recovery' && Date.now() - at < FRESH_MS);

/** What a recovery code left behind that was used in this session, and still opens an enrolment. */
export const recoveredIn = ({ record: { factors = [] } }: OwnSession, { recovered }: UserFactors): string | undefined =>
  factors.find(({ method, factor }) => method === 'recovery' && recovered.includes(factor))?.factor;

/** Of these, the ids of those that are still theirs. */
export const freshIn = (own: OwnSession, { factors }: UserFactors): readonly string[] => {
  const theirs = new Set(factors.map(({ id }) => id));
  return freshOf(own).flatMap(({ factor }) => (theirs.has(factor) ? [factor] : []));
};

export async function answerFactors(exchange: Exchange, parts: RouteParts): Promise<void> {
  const own = await needOwnSession(exchange, parts);
  const user = userIdOf(own.record.person);
  const known = await needingState(() => needFactors(parts).describe(user));
  const fresh = freshOf(own);
  sendJson(exchange, {
    token: formTokenOf(own.id, parts),
    user,
    factors: known.factors.map(({ key: _, ...factor }) => factor),
    recoveryLeft: known.recoveryLeft,
    freshUntil: fresh.length === 0 ? null : Math.max(...fresh.map(({ at }) => at)) + FRESH_MS,
    enrolment: enrolmentOf(own, known),
    byMail: known.firstBy?.mail === true,
  });
}

/** What has to be shown to enrol: nothing more, another factor first, or a code. */
export function enrolmentOf(own: OwnSession, known: UserFactors): 'open' | 'factor' | 'code' {
  const { factors, firstBy } = known;
  const isFresh = freshIn(own, known).length > 0;
  if (isFresh || recoveredIn(own, known) !== undefined || firstBy?.window) return 'open';
  return factors.length > 0 ? 'factor' : 'code';
}

const MANAGE = z.strictObject({ back: z.enum(['/', '/factors', '/enrol']).default('/factors') });

/** A challenge for changes. */
export async function answerManage(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { own, body } = await readOwnJson(exchange, MANAGE, parts);
  const methods = ['security_key', 'biometrics', 'totp', 'recovery'] as const;
  const user = userIdOf(own.record.person);
  const { id } = await needingState(() =>
    openChallenge(parts, { user, purpose: 'manage', browser: own.id, methods, note: body.back }),
  );
  sendJson(exchange, { challenge: id });
}

export async function answerRename(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { own, body } = await readOwnJson(exchange, z.strictObject({ factor: ID, name: NAME }), parts);
  needFresh(own);
  const user = userIdOf(own.record.person);
  const isThere = await needingState(() => needFactors(parts).rename(user, body.factor, body.name));
  if (!isThere) throw new Refusal('FACTOR_UNKNOWN');
  sendJson(exchange, {});
}

const NOT_REMOVED: { readonly [Answer in Exclude<RemoveAnswer, 'removed'>]: AnswerCode } = {
  missing: 'FACTOR_UNKNOWN',
  last: 'FACTOR_LAST',
  untrusted: 'FACTOR_NEEDED',
};

export async function answerRemove(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { own, body } = await readOwnJson(exchange, z.strictObject({ factor: ID }), parts);
  needFresh(own);
  const by = freshOf(own).map(({ factor }) => factor);
  const user = userIdOf(own.record.person);
  const answer = await needingState(() => needFactors(parts).remove({ user, factor: body.factor, by }));
  if (answer !== 'removed') throw new Refusal(NOT_REMOVED[answer]);
  sendJson(exchange, {});
}

export async function answerRecovery(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { own } = await readOwnJson(exchange, NOTHING, parts);
  needFresh(own);
  const codes = await needingState(() => needFactors(parts).drawRecovery(userIdOf(own.record.person)));
  if (codes.length === 0) throw new Refusal('FACTOR_NEEDED');
  sendJson(exchange, { codes });
}

/** A code for a first factor. The answer says nothing of whether it was mailed. */
export async function answerMail(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { own } = await readOwnJson(exchange, NOTHING, parts);
  await needingState(() => needFactors(parts).mailCode(userIdOf(own.record.person)));
  sendJson(exchange, {});
}

/** @throws Refusal `FACTOR_NEEDED` */
function needFresh(own: OwnSession): void {
  if (freshOf(own).length === 0) throw new Refusal('FACTOR_NEEDED');
}
