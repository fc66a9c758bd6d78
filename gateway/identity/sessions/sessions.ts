// Who a request is of: the session that its cookie names, as this worker or the state has it. And
// where somebody signs in who has none.

import type { Exchange } from '../../exchange.ts';
import type { EnrolledMethod } from '../../factors/factor.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import { StateError } from '../../state/state.ts';
import type { KnowsPerson } from '../known-people.ts';
import { isNavigation, originOf } from '../navigation.ts';
import type { Seal } from './seal.ts';
import type { PersonSession, SessionAnswer, SessionPlace, SessionRules } from './session.ts';
import { SessionCache } from './session-cache.ts';
import { type Durations, idledUntil, type StoredSession } from './session-record.ts';
import { SessionStore } from './session-store.ts';

export interface SignInStart {
  readonly url: string;
  /** To send with it, names and values in turn: they tie the way back to this browser. */
  readonly headers: readonly string[];
  /** The value of the cookie that does so. */
  readonly start: string;
}

export interface SignInWay {
  /** Of this cookie. Default: the browser's own, or a new one. */
  readonly start?: string;
  /** Where the browser comes back to, path and query. Default: to this request. */
  readonly target?: string;
  readonly maxAgeMs?: number | undefined;
  readonly maxIdleMs?: number | undefined;
}

/** What a browser takes along to the gateway's own pages. */
export interface SignInRequest {
  readonly app: string;
  /** Of the application, at one of the hosts that its people come back to. */
  readonly origin: string;
  /** Path and query there. */
  readonly target: string;
  /** The id of the cookie that has to be there when it comes back. */
  readonly start: string;
  /** So long ago they may have signed in. Default: as long as the application lets them. */
  readonly maxAgeMs?: number | undefined;
  /** So long their session may have been idle there. Default: alike. */
  readonly maxIdleMs?: number | undefined;
}

/** What somebody shows there. */
export interface FactorNeed {
  /** One of them. */
  readonly methods: readonly EnrolledMethod[];
  /** How long ago it may have been shown elsewhere, in milliseconds. */
  readonly every: number;
  /** Whatever was shown before, and by whomever. */
  readonly isAnew?: boolean | undefined;
}

export interface StepUpRequest {
  readonly request: SignInRequest;
  readonly need: FactorNeed;
}

export interface SessionsOptions {
  readonly store: SessionStore;
  readonly seal: Seal;
  /** Of the configuration in force. */
  readonly identity: () => SessionPages | undefined;
}

/** Where people sign in, and for how long. */
export interface SessionPages {
  /** Of the gateway's own pages. */
  readonly origin: string;
  /** What the session of a person lasts, whatever applications it opens. */
  readonly ofPerson: Durations;
  /** Whether providers still speak for a person who has signed in. */
  readonly knows: KnowsPerson;
}

const SIGN_IN_TTL_MS = 10 * 60_000;
const MAX_TARGET_LENGTH = 2_048;

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

  /**
   * At once where this worker remembers the session.
   * @param options whether it is used now, and lasts longer for it. Default: true
   */
  personOf(
    exchange: Exchange,
    { sessionRules }: SessionPlace,
    { isUse = true }: { readonly isUse?: boolean } = {},
  ): SessionAnswer | Promise<SessionAnswer> {
    const { head, isSecure } = exchange;
    const value = head && APP_COOKIE.in(head.ownCookies, isSecure);
    const pages = this.#options.identity();
    if (value === undefined || !sessionRules || !pages || !isAsSecure(exchange, pages)) return 'none';
    const id = SessionStore.idOf(value);
    const judge = (session: StoredSession | undefined) =>
      this.#judge({ id, host: head?.host, isUse }, session, sessionRules, pages);
    const found = this.#cache.find(id);
    return found instanceof Promise ? found.then(judge).catch(answerOf) : judge(found);
  }

  /**
   * Where a browser signs in for this request, and comes back to it. One that was not sent by a
   * navigation comes back to the page that asked.
   * @throws TypeError without the gateway's own pages: the configuration was not checked
   */
  signInUrl(exchange: Exchange, { name }: SessionPlace, way: SignInWay = {}): SignInStart {
    const { head } = exchange;
    const pages = this.#options.identity();
    if (!head || !pages) throw new TypeError('no pages to sign in at');
    // A session that begins without TLS is everybody's on the way.
    if (!isAsSecure(exchange, pages))
      return { url: `https://${head.host}${targetOf(exchange, '')}`, headers: [], start: '' };
    const { request, ...rest } = startFrom(exchange, name, pages, way);
    const sealed = this.#seal.close('sign-in', request, SIGN_IN_TTL_MS);
    return { url: `${pages.origin}/sign-in?to=${sealed}`, ...rest };
  }

  /** The same, to show a factor. @throws TypeError as above */
  stepUpUrl(exchange: Exchange, { name }: SessionPlace, need: FactorNeed, way: SignInWay = {}): SignInStart {
    const pages = this.#options.identity();
    if (!pages) throw new TypeError('no pages to show a factor at');
    const { request, ...rest } = startFrom(exchange, name, pages, way);
    const wanted: StepUpRequest = { request, need };
    const sealed = this.#seal.close('step-up', wanted, SIGN_IN_TTL_MS);
    return { url: `${pages.origin}/step-up?to=${sealed}`, ...rest };
  }

  close(): void {
    this.#cache.close();
  }

  #judge(
    { id, host, isUse }: { readonly id: string; readonly host: string | undefined; readonly isUse: boolean },
    session: StoredSession | undefined,
    rules: SessionRules,
    pages: SessionPages,
  ): PersonSession | 'none' {
    if (!session || session.app.host !== host) return 'none';
    const { app, person } = session;
    const now = Date.now();
    if (!rules.providers.has(person.person.provider) || !pages.knows(person.person)) return 'none';
    // Rules may be stricter than when it began.
    if (now >= person.untilMs || now - person.signedInAt >= rules.absoluteMs) return 'none';
    if (now - app.seenAt >= rules.idleMs) return 'none';
    if (isUse && now - app.seenAt >= rules.grainMs) this.#touch(id, session, rules, pages);
    const { personId } = app;
    const { signedInAt, authenticatedAt, marks, factors = [] } = person;
    const ids = { sessionHash: id, personHash: personId };
    const times = { signedInAt, authenticatedAt, idledMs: idledUntil(app, now) };
    return { person: person.person, ...ids, ...times, marks, factors };
  }

  #touch(id: string, session: StoredSession, rules: SessionRules, { ofPerson }: SessionPages): void {
    const { app, person } = session;
    const now = Date.now();
    this.#cache.renew(id, {
      app: { ...app, seenAt: now, idledMs: idledUntil(app, now) },
      person: { ...person, seenAt: now },
    });
    // Without the state it lasts as long as it did.
    this.#store.touch(id, session, rules, ofPerson).catch(() => undefined);
  }
}

/**
 * Of an application: whoever asks names any port, and may own what listens there. Applications are
 * at the one of the gateway's own pages.
 */
function originBeside(pages: string, host: string): string {
  const { protocol, port } = new URL(pages);
  return `${protocol}//${host}${port === '' ? '' : `:${port}`}`;
}

/** What comes back to this browser, and to no other. */
function startFrom(exchange: Exchange, app: string, pages: SessionPages, way: SignInWay = {}) {
  const { head, isSecure } = exchange;
  if (!head) throw new TypeError('no request');
  const start = way.start ?? START_COOKIE.in(head.ownCookies, isSecure) ?? OwnCookie.draw();
  const request: SignInRequest = {
    app,
    origin: originBeside(pages.origin, head.host),
    target: way.target ?? targetOf(exchange, originOf(exchange)),
    start: SessionStore.idOf(start),
    maxAgeMs: way.maxAgeMs,
    maxIdleMs: way.maxIdleMs,
  };
  return { request, headers: ['Set-Cookie', START_COOKIE.format(start, isSecure)], start };
}

/** Under TLS, unless nothing of this gateway is. */
const isAsSecure = ({ isSecure }: Exchange, { origin }: SessionPages): boolean =>
  isSecure || !origin.startsWith('https:');

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
