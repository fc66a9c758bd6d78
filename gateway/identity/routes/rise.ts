// Somebody has shown a factor: their session goes on under a new id. Whoever knew the one of
// before, here or at an application, has nothing of what was shown.

import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { type GivenFactor, userIdOf } from '../../factors/factor.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import { marksOf } from '../sessions/drift.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { needingState, type OwnSession, PERSON_COOKIE, type RouteParts } from './route.ts';

export interface Risen {
  readonly id: string;
  /** To send, names and values in turn. */
  readonly headers: readonly string[];
}

/** @throws Refusal `CHALLENGE_GONE` if the factor was removed meanwhile, `SESSIONS_AWAY` */
export async function raise(
  exchange: Exchange,
  { id: before, record }: OwnSession,
  given: GivenFactor,
  { people, identity, geo }: RouteParts,
): Promise<Risen> {
  const value = OwnCookie.draw();
  const id = SessionStore.idOf(value);
  const others = (record.factors ?? []).filter(({ method }) => method !== given.method);
  await needingState(async () => {
    const marks = identity.watchesDrift ? marksOf(exchange, geo) : undefined;
    const risen = { ...record, seenAt: Date.now(), factors: [...others, given], marks };
    const wasThere = await people.store.raise(before, value, risen, identity.ofPerson);
    // Behind its creation: a factor that is removed from now on leaves the session.
    const isTheirs = await isStillThere(userIdOf(record.person), given.factor, people.factors);
    if (wasThere && isTheirs) return;
    await people.store.endPerson(id);
    throw new Refusal('CHALLENGE_GONE');
  });
  return { id, headers: ['Set-Cookie', PERSON_COOKIE.format(value, exchange.isSecure)] };
}

async function isStillThere(user: string, factor: string, factors: RouteParts['people']['factors']): Promise<boolean> {
  const described = await factors?.describe(user);
  return described?.factors.some(({ id }) => id === factor) || described?.recovered.includes(factor) === true;
}
