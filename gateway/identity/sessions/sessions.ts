// Who a request is of: the session that its cookie names, as this worker or the state has it. And
// where somebody signs in who has none.

import type { Exchange } from '../../exchange.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import { StateError } from '../../state/state.ts';
import { isNavigation, originOf } from '../navigation.ts';
import type { Person } from '../person.ts';
import type { Seal } from './seal.ts';
import { SessionCache } from './session-cache.ts';
import { type Durations, SessionStore, type StoredSession } from './session-store.ts';

/** What an application asks of sessions. */
export interface SessionRules extends Durations {
  /** Names of the identity providers whose people it takes. */
  readonly providers: ReadonlySet<string>;
}

/** An application, as far as sessions are concerned. */
export interface SessionPlace {
  readonly name: string;
  /** Undefined where nobody signs in. */
  readonly sessionRules: SessionRules | undefined;
}

/** A session of an application. */
export interface PersonSession {
  readonly person: Person;
  /** Names the session to others, and does not open it: SHA-256 of its cookie, base64url. */
  readonly sessionHash: string;
  /** The same for the person's session at the gateway's own pages. */
  readonly personHash: string;
  /** Milliseconds since 1970. */
  readonly signedInAt: number;
}

/** `unavailable`: the state does not answer, and nobody may pass for who they say they are. */
export type SessionAnswer = PersonSession | 'none' | 'unavailable';

export interface SignInStart {
  readonly url: string;
  /** To send with it, names and values in turn: they tie the way back to this browser. */
  readonly headers: readonly string[];
}

/** What a browser takes along to the gateway's own pages. */
export interface SignInRequest {
  readonly app: string;
  /** Of the application, as the browser sees it. */
  readonly origin: string;
  /** Path and query there. */
  readonly target: string;
  /** The id of the cookie that has to be there when it comes back. */
  readonly start: string;
}

export interface SessionsOptions {
  readonly store: SessionStore;
  readonly seal: Seal;
  /** Host, and port if it is not the usual one, of the gateway's own pages. */
  readonly auth: () => string | undefined;
  /** What the session of a person lasts, whatever applications it opens. */
  readonly ofPerson: () => Durations;
}

const SIGN_IN_TTL_MS = 10 * 60_000;
const MAX_TARGET_LENGTH = 2_048;
/** A request writes nothing more often than this. */
const TOUCH_MS = 60_000;

/** Browsers forget it with the session; the state decides what it is worth until then. */
export const APP_COOKIE = new OwnCookie('cv-access', 30 * 86_400_000);
export const START_COOKIE = new OwnCookie('cv-start', SIGN_IN_TTL_MS);

export class Sessions {
  readonly #store: SessionStore;
  readonly #seal: Seal;
  readonly #options: SessionsOptions;
  readonly #cache: SessionCache;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#seal = options.seal;
    this.#cache = new SessionCache(options.store);
  }

  /** At once where this worker remembers the session. */
  personOf(exchange: Exchange, place: SessionPlace): SessionAnswer | Promise<SessionAnswer> {
    const { head, isSecure } = exchange;
    const value = head && APP_COOKIE.in(head.ownCookies, isSecure);
    if (value === undefined || !place.sessionRules) return 'none';
    const id = SessionStore.idOf(value);
    const found = this.#cache.find(id);
    if (!(found instanceof Promise)) return this.#judge(id, found, place, place.sessionRules);
    const { sessionRules } = place;
    return found.then((session) => this.#judge(id, session, place, sessionRules)).catch(answerOf);
  }

  /**
   * Where a browser signs in for this request, and comes back to it. One that was not sent by a
   * navigation comes back to the page that asked.
   * @throws TypeError without the gateway's own pages: the configuration was not checked
   */
  signInUrl(exchange: Exchange, { name }: SessionPlace): SignInStart {
    const { head, isSecure } = exchange;
    const auth = this.#options.auth();
    if (!head || auth === undefined) throw new TypeError('no pages to sign in at');
    const start = START_COOKIE.in(head.ownCookies, isSecure) ?? OwnCookie.draw();
    const origin = originOf(exchange);
    const request: SignInRequest = {
      app: name,
      origin,
      target: targetOf(exchange, origin),
      start: SessionStore.idOf(start),
    };
    const sealed = this.#seal.close('sign-in', request, SIGN_IN_TTL_MS);
    return {
      url: `${isSecure ? 'https' : 'http'}://${auth}/sign-in?to=${sealed}`,
      headers: ['Set-Cookie', START_COOKIE.format(start, isSecure)],
    };
  }

  close(): void {
    this.#cache.close();
  }

  #judge(
    id: string,
    session: StoredSession | undefined,
    { name }: SessionPlace,
    rules: SessionRules,
  ): PersonSession | 'none' {
    if (!session || session.app.app !== name) return 'none';
    const { app, person } = session;
    const now = Date.now();
    if (!rules.providers.has(person.person.provider)) return 'none';
    // Rules may be stricter than when it began.
    if (now >= person.untilMs || now - person.signedInAt >= rules.absoluteMs) return 'none';
    if (now - app.seenAt >= rules.idleMs) return 'none';
    if (now - app.seenAt >= Math.min(TOUCH_MS, rules.idleMs / 4)) this.#touch(id, session, rules, now);
    const { personId } = app;
    return { person: person.person, sessionHash: id, personHash: personId, signedInAt: person.signedInAt };
  }

  #touch(id: string, session: StoredSession, rules: SessionRules, now: number): void {
    const { app, person } = session;
    this.#cache.renew(id, { app: { ...app, seenAt: now }, person: { ...person, seenAt: now } });
    // Without the state it lasts as long as it did.
    this.#store.touch(id, session, rules, this.#options.ofPerson()).catch(() => undefined);
  }
}

function answerOf(error: unknown): 'unavailable' {
  if (error instanceof StateError) return 'unavailable';
  throw error;
}

/** A path of this host in any case: nothing leads elsewhere. */
function targetOf(exchange: Exchange, origin: string): string {
  const { head, message } = exchange;
  if (!head) return '/';
  const isPage = isNavigation(exchange) && (head.method === 'GET' || head.method === 'HEAD');
  const target = isPage ? head.target : pathIn(message.headers.referer, origin);
  return target.startsWith('/') && target.length <= MAX_TARGET_LENGTH ? target : '/';
}

function pathIn(referer: string | undefined, origin: string): string {
  if (referer === undefined || !URL.canParse(referer)) return '/';
  const { origin: from, pathname, search } = new URL(referer);
  return from === origin ? pathname + search : '/';
}
