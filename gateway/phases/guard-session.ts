// Phase 12: a response that begins a session leaves for browsers whose login was checked.

import type { Exchange } from '../exchange.ts';
import { readingsOf } from '../fields/readings.ts';
import type { Browsers } from '../handle/browsers.ts';
import { HANDLE_COOKIE } from '../handle/handles.ts';
import { isExempt } from '../login/session-guard.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { HeldResponse, Holds } from '../upstream/held-response.ts';

type GuardParts = {
  readonly browsers: Pick<Browsers, 'hadCheckedLogin'> | undefined;
  readonly observe: Pick<PipelineParts['observe'], 'answered'>;
};

export interface Guard {
  readonly holds: Holds;
  /** Whether a 101 with these headers may join client and application. */
  mayJoin(headers: readonly string[]): boolean;
  decide(waiting: Promise<HeldResponse | undefined>): Promise<void>;
}

/** @returns undefined for applications whose sessions no cookie tells: theirs cost nothing */
export function guardOf(exchange: Exchange, parts: GuardParts): Guard | undefined {
  const { application, found } = exchange;
  const guard = application?.sessions;
  // Without a state nobody knows of any login.
  if (!guard || !found || !parts.browsers) return undefined;
  const isHeld = (headers: readonly string[]): boolean =>
    guard.beginsSession(headers) && !isExempt(guard, readingsOf(exchange));
  return {
    holds: (headers) => (isHeld(headers) ? 0 : undefined),
    mayJoin: (headers) => !isHeld(headers),
    decide: async (waiting) => {
      const held = await waiting;
      if (!held) return;
      if (await hadCheckedLogin(exchange, parts)) {
        held.release();
        return;
      }
      held.discard();
      exchange.answer('SESSION_UNCHECKED');
      parts.observe.answered(exchange, 'SESSION_UNCHECKED');
    },
  };
}

async function hadCheckedLogin({ application, head, isSecure }: Exchange, parts: GuardParts): Promise<boolean> {
  if (!parts.browsers || !application || !head) return false;
  return parts.browsers.hadCheckedLogin(application.name, HANDLE_COOKIE.in(head.ownCookies, isSecure));
}
