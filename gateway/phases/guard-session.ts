// Phase 12: a response that begins a session leaves for browsers whose login was checked.
//
// Where no cookie names a user, a checked login lets the session out that its own answer begins, or
// one that follows it. Later cookies of such a session may be of another login, which nobody sees:
// they leave where the request has no place for a password. Elsewhere the answer leaves without
// them, since many applications renew their cookies all the time, and take the one before as well.

import type { Exchange } from '../exchange.ts';
import { readingsOf } from '../fields/readings.ts';
import { requestCookiesOf } from '../fields/request-fields.ts';
import { deletionsOf, liveCookies, withoutCookies } from '../fields/set-cookies.ts';
import type { Browsers } from '../handle/browsers.ts';
import { handleOf } from '../handle/handles.ts';
import { mayActByHead } from '../login/head/head-credentials.ts';
import { isExempt } from '../login/session-guard.ts';
import type { SentCookies } from '../login/sessions.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { RequestHead } from '../request/head.ts';
import type { HeldResponse, Holds } from '../upstream/held-response.ts';

type GuardParts = {
  readonly browsers: Pick<Browsers, 'admits' | 'beganSession'> | undefined;
  readonly observe: Pick<PipelineParts['observe'], 'answered' | 'keptBack'>;
};

export interface Guard {
  readonly holds: Holds;
  /** Whether a 101 with these headers may join client and application. */
  mayJoin(headers: readonly string[]): boolean;
  decide(waiting: Promise<HeldResponse | undefined>): Promise<void>;
  /** @returns whether it is refused: then the client has its answer */
  refuses(held: Pick<HeldResponse, 'status' | 'headers' | 'discard' | 'changeHeaders'>): Promise<boolean>;
}

/** @returns undefined for applications whose sessions no cookie tells: theirs cost nothing */
export function guardOf(exchange: Exchange, { browsers, observe }: GuardParts): Guard | undefined {
  const { application, found, head } = exchange;
  const guard = application?.guardsSessions ? application.sessions : undefined;
  // Without a state nobody knows of any login.
  if (!application || !guard || !found || !head || !browsers) return undefined;
  const handle = handleOf(exchange);
  const sent = sentBy(exchange);
  const begunIn = (headers: readonly string[]) => guard.sessionOf(headers, sent);
  const isFree = () => isExempt(guard, readingsOf(exchange));
  const refuses: Guard['refuses'] = async (held) => {
    const session = begunIn(held.headers);
    if (!session) return false;
    const admission = isFree() ? 'known' : await browsers.admits(exchange.realm, handle, session);
    const isKeptBack = admission === 'known' && session.unnamed.size > 0 && !isFree() && !isPlain(head);
    if (admission !== undefined && admission !== 'none' && !(isKeptBack && held.status === 101)) {
      if (isKeptBack) {
        held.changeHeaders((headers) => withoutCookies(headers, session.unnamed));
        observe.keptBack(exchange);
      }
      // A login of several steps is complete: what waits for it goes with the next request.
      const cookies = liveCookies(held.headers).filter(({ name }) => session.cookies.has(name));
      if (handle !== undefined) await browsers.beganSession(exchange.realm, handle, { session, admission, cookies });
      return false;
    }
    held.discard();
    // A session of before this gateway, which the application renews, would else be refused with
    // each request. Its user logs in again.
    const headers = admission === 'none' ? deletionsOf(held.headers, session.cookies) : [];
    exchange.answer('SESSION_UNCHECKED', { headers });
    observe.answered(exchange, 'SESSION_UNCHECKED');
    return true;
  };
  return {
    // A verdict may wait for a session that begins without a login too.
    holds: (headers) => {
      const session = begunIn(headers);
      return session && (!isFree() || (handle !== undefined && session.users.length > 0)) ? 0 : undefined;
    },
    mayJoin: (headers) => begunIn(headers) === undefined || isFree(),
    decide: async (waiting) => {
      const held = await waiting;
      if (held && !(await refuses(held))) held.release();
    },
    refuses,
  };
}

/** Read once it is needed: most responses set no cookie of a session. */
export function sentBy(exchange: Exchange): SentCookies {
  let cookies: ReturnType<typeof requestCookiesOf> | undefined;
  return (name) => {
    cookies ??= requestCookiesOf({ exchange, path: '' });
    return cookies.get(name);
  };
}

/** Pairs of names and values in a path, as servlets read them behind a semicolon. */
const PAIRS = /[;=&]|%3[bd]|%26/i;

/** Nothing in it is a place for a password. */
const isPlain = (head: RequestHead): boolean => isPlainTarget(head) && !mayActByHead(head);

const isPlainTarget = ({ method, body, path, query }: RequestHead): boolean =>
  (method === 'GET' || method === 'HEAD') && body === 0 && (query ?? '') === '' && !PAIRS.test(path);
