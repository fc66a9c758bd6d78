// What people are asked for a factor for, and what comes of it. Another purpose is another line of
// PURPOSES.

import { Refusal } from '../../answers/kinds.ts';
import type { SignInRequest } from '../sessions/sessions.ts';
import { handOverUrl } from './begin-session.ts';
import type { Challenge, ChallengePurpose, Purposes } from './challenge.ts';
import { release } from './hold-release.ts';
import { raise } from './rise.ts';
import { needingState, ownSessionOf, PERSON_COOKIE, type RouteParts } from './route.ts';
import { confirm } from './waiting.ts';

/** On the way to an application, which asks for it. `note` is the request, in JSON. */
const stepUp: ChallengePurpose = {
  cookie: PERSON_COOKIE,
  async onGiven(exchange, challenge, given, parts) {
    const own = await ownOf(exchange, challenge, parts);
    const { id, headers } = await raise(exchange, own, given, parts);
    // A recovery code opens nothing but the way to a new factor.
    if (given.method === 'recovery') return { location: '/enrol', headers };
    return { location: await handOverUrl(JSON.parse(challenge.note) as SignInRequest, id, parts), headers };
  },
};

/** To change one's own factors. `note` is the page that asked. */
const manage: ChallengePurpose = {
  cookie: PERSON_COOKIE,
  async onGiven(exchange, challenge, given, parts) {
    const { headers } = await raise(exchange, await ownOf(exchange, challenge, parts), given, parts);
    return { location: given.method === 'recovery' ? '/enrol' : challenge.note, headers };
  },
};

export const PURPOSES: Purposes = { 'step-up': stepUp, manage, release, confirm };

/** The challenge was found by its cookie: the session may have ended since. */
async function ownOf(exchange: Parameters<ChallengePurpose['onGiven']>[0], { browser }: Challenge, parts: RouteParts) {
  const own = await needingState(() => ownSessionOf(exchange, parts));
  if (own?.id !== browser) throw new Refusal('CHALLENGE_GONE');
  return own;
}
