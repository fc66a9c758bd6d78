// A browser comes from an application that asks for a factor, and goes back with it.

import { z } from 'zod';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { type UserId, userIdOf } from '../../factors/factor.ts';
import { counts } from '../policies/requirement.ts';
import type { FactorNeed, StepUpRequest } from '../sessions/sessions.ts';
import { handOverUrl } from './begin-session.ts';
import { describeChallenge, openChallenge } from './challenge.ts';
import { readJson, sendJson } from './json.ts';
import { PURPOSES } from './purposes.ts';
import { needingState, type OwnSession, ownSessionOf, type RouteParts } from './route.ts';

const OPEN = z.union([
  /** What the application's host sealed. */
  z.strictObject({ to: z.string().max(8_192) }),
  z.strictObject({ challenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
]);

/** What the page of /step-up shows: a challenge, or where to go on. @throws Refusal */
export async function answerOpen(exchange: Exchange, parts: RouteParts): Promise<void> {
  const body = await readJson(exchange, OPEN);
  if ('challenge' in body) {
    sendJson(exchange, await describeChallenge(exchange, body.challenge, parts, PURPOSES));
    return;
  }
  const { people } = parts;
  const opened = people.seal.open('step-up', body.to);
  if (!opened || opened.isExpired) throw new Refusal('CHALLENGE_GONE');
  const { request, need } = opened.value as StepUpRequest;
  const signInUrl = `/sign-in?to=${people.seal.close('sign-in', request, 10 * 60_000)}`;
  const own = await needingState(() => ownSessionOf(exchange, parts));
  if (!own) {
    // They come back to the application, which asks anew.
    sendJson(exchange, { location: signInUrl });
    return;
  }
  const user = userIdOf(own.record.person);
  if (need.isAnew && (await needingState(() => hasNone(user, parts)))) {
    // They sign in anew, which their provider may ask for more.
    await needingState(() => people.store.endPerson(own.id));
    sendJson(exchange, { location: signInUrl });
    return;
  }
  if (!need.isAnew && isShown(own, need)) {
    sendJson(exchange, { location: await handOverUrl(request, own.id, parts) });
    return;
  }
  const challenge = await needingState(() =>
    openChallenge(parts, {
      user,
      purpose: 'step-up',
      browser: own.id,
      app: request.app,
      methods: [...need.methods, 'recovery'],
      note: JSON.stringify(request),
    }),
  );
  sendJson(exchange, await describeChallenge(exchange, challenge.id, parts, PURPOSES));
}

async function hasNone(user: UserId, { people }: RouteParts): Promise<boolean> {
  const known = await people.factors?.describe(user);
  return known?.factors.length === 0;
}

/** At another application, a while ago. */
function isShown({ record: { factors = [] } }: OwnSession, { methods, every }: FactorNeed): boolean {
  const now = Date.now();
  return factors.some((given) => counts(given, methods, now) && now - given.at < every);
}
