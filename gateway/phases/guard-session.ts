// Phase 12: a response that begins a session leaves for browsers whose login was checked.

import type { Exchange } from '../exchange.ts';
import { readingsOf } from '../fields/readings.ts';
import { deletionsOf, liveCookies } from '../fields/set-cookies.ts';
import type { Browsers } from '../handle/browsers.ts';
import { handleOf } from '../handle/handles.ts';
import { isExempt } from '../login/session-guard.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { HeldResponse, Holds } from '../upstream/held-response.ts';

type GuardParts = {
  readonly browsers: Pick<Browsers, 'admits' | 'beganSession'> | undefined;
  readonly observe: Pick<PipelineParts['observe'], 'answered'>;
};

export interface Guard {
  readonly holds: Holds;
  /** Whether a 101 with these headers may join client and application. */
  mayJoin(headers: readonly string[]): boolean;
  decide(waiting: Promise<HeldResponse | undefined>): Promise<void>;
  /** @returns whether it is refused: then the client has its answer */
  refuses(held: Pick<HeldResponse, 'headers' | 'discard'>): Promise<boolean>;
}

/** @returns undefined for applications whose sessions no cookie tells: theirs cost nothing */
export function guardOf(exchange: Exchange, { browsers, observe }: GuardParts): Guard | undefined {
  const { application, found, head } = exchange;
  const guard = application?.guardsSessions ? application.sessions : undefined;
  // Without a state nobody knows of any login.
  if (!application || !guard || !found || !head || !browsers) return undefined;
  const unseenOf = (headers: readonly string[]) => {
    const session = guard.sessionOf(headers);
    return session && !isExempt(guard, readingsOf(exchange)) ? session : undefined;
  };
  const refuses: Guard['refuses'] = async (held) => {
    const session = unseenOf(held.headers);
    if (!session) return false;
    const isAdmitted = await browsers.admits(application.name, handleOf(exchange), session);
    if (isAdmitted) return false;
    held.discard();
    // A session of before this gateway, which the application renews, would else be refused with
    // each request. Its user logs in again.
    const headers = isAdmitted === false ? deletionsOf(held.headers, session.cookies) : [];
    exchange.answer('SESSION_UNCHECKED', { headers });
    observe.answered(exchange, 'SESSION_UNCHECKED');
    return true;
  };
  return {
    holds: (headers) => (unseenOf(headers) ? 0 : undefined),
    mayJoin: (headers) => unseenOf(headers) === undefined,
    decide: async (waiting) => {
      const held = await waiting;
      if (!held || (await refuses(held))) return;
      const handle = handleOf(exchange);
      // A login of several steps is complete: what waits for it goes with the next request.
      const begun = guard.sessionOf(held.headers)?.cookies;
      const cookies = liveCookies(held.headers).filter(({ name }) => begun?.has(name));
      if (handle !== undefined) await browsers.beganSession(application.name, handle, cookies);
      held.release();
    },
    refuses,
  };
}
