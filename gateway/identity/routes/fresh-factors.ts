// What somebody has shown a moment ago, so that they may change their factors.

import { z } from 'zod';
import { Refusal } from '../../answers/kinds.ts';
import type { GivenFactor, UserFactors } from '../../factors/factor.ts';
import type { FactorPeer } from '../../factors/factor-peer.ts';
import { MAX_NAME } from '../../launcher/factor-pages.ts';
import type { OwnSession, RouteParts } from './route.ts';

/** For changes: how long ago another factor was given. */
const FRESH_MS = 5 * 60_000;

export const FACTOR_NAME = z
  .string()
  .trim()
  .min(1)
  .max(MAX_NAME)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);

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

/** What has to be shown to enrol: nothing more, another factor first, or a code. */
export function enrolmentOf(own: OwnSession, known: UserFactors): 'open' | 'factor' | 'code' {
  const { factors, firstBy } = known;
  const isFresh = freshIn(own, known).length > 0;
  if (isFresh || recoveredIn(own, known) !== undefined || firstBy?.window) return 'open';
  return factors.length > 0 ? 'factor' : 'code';
}
