// How somebody comes to the pages of a new factor, and where they go on to: the application that
// sent them for a factor is sealed, as on the way to one.

import { ENROLLED_METHODS } from '../../factors/factor.ts';
import { ENROL, enrolUrl } from '../../launcher/enrol-pages.ts';
import type { StepUpRequest } from '../sessions/sessions.ts';
import { OWN_APP, rulesFor } from './begin-session.ts';
import { type RouteParts, WAY_TTL_MS } from './route.ts';

export interface EnrolWay {
  /** Sealed, as it came. Undefined for whoever came by themselves. */
  readonly to: string | undefined;
  /** Where they go on to. */
  readonly url: string;
}

/** @param to anything that a browser sends */
export function enrolWay(to: string | undefined, parts: RouteParts): EnrolWay {
  const opened = to === undefined ? undefined : parts.people.seal.open('step-up', to);
  const request = opened && (opened.value as StepUpRequest).request;
  // The configuration may have changed meanwhile.
  if (!request || !rulesFor(request, parts)?.hosts.has(new URL(request.origin).hostname))
    return { to: undefined, url: `${ENROL}?done=added` };
  // A code of an administrator may take its time: the application asks anew then.
  return { to, url: opened.isExpired ? request.origin + request.target : `/step-up?to=${to}` };
}

/** Somebody who has nothing else at hand adds a factor first. */
export const enrolFor = (wanted: StepUpRequest, { people }: Pick<RouteParts, 'people'>): string =>
  enrolUrl(people.seal.close('step-up', wanted, WAY_TTL_MS));

/** Where somebody shows a factor to change their own, and comes back to this page. */
export function confirmUrl(target: string, { people, identity }: RouteParts): string {
  const request = { app: OWN_APP, origin: identity.origin, target, start: '' };
  const wanted: StepUpRequest = { request, need: { methods: ENROLLED_METHODS, every: 0 } };
  return `/step-up?to=${people.seal.close('step-up', wanted, WAY_TTL_MS)}`;
}
