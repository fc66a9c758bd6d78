// What people are asked for a factor for, and what comes of it. Another purpose is another line of
// PURPOSES.

import { Refusal } from '../../answers/kinds.ts';
import { ENROL } from '../../launcher/enrol-pages.ts';
import type { StepUpRequest } from '../sessions/sessions.ts';
import { handOverUrl } from './begin-session.ts';
import type { Challenge, ChallengePurpose, Purposes } from './challenge.ts';
import { enrolFor } from './enrol-way.ts';
import { release } from './hold-release.ts';
import { raise } from './rise.ts';
import { needingState, ownSessionOf, PERSON_COOKIE, type RouteParts } from './route.ts';
import { confirm } from './waiting.ts';

/**
 * On the way to an application, which asks for it, or to a page of the gateway's own that changes
 * one's own factors. `note` is the StepUpRequest, in JSON.
 */
const stepUp: ChallengePurpose = {
  cookie: PERSON_COOKIE,
  async onGiven(exchange, challenge, given, parts) {
    const own = await ownOf(exchange, challenge, parts);
    const { id, headers } = await raise(exchange, own, given, parts);
    const wanted = JSON.parse(challenge.note) as StepUpRequest;
    // A recovery code opens nothing but the way to a new factor.
    if (given.method !== 'recovery') return { location: await handOverUrl(wanted.request, id, parts), headers };
    const { target } = wanted.request;
    const enrol = target.startsWith(ENROL) ? target : ENROL;
    return { location: challenge.purpose === 'manage' ? enrol : enrolFor(wanted, parts), headers };
  },
};

export const PURPOSES: Purposes = { 'step-up': stepUp, manage: stepUp, release, confirm };

/** The challenge was found by its cookie: the session may have ended since. */
async function ownOf(exchange: Parameters<ChallengePurpose['onGiven']>[0], { browser }: Challenge, parts: RouteParts) {
  const own = await needingState(() => ownSessionOf(exchange, parts));
  if (own?.id !== browser) throw new Refusal('CHALLENGE_GONE');
  return own;
}
