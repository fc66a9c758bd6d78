// The end of a held login at the host of the application: its browser comes back with a code, gets
// a new handle, and asks for the page of the login again, which is answered as the login was.

import type { ServerResponse } from 'node:http';
import { sendRedirect } from '../answers/answer.ts';
import { Refusal } from '../answers/kinds.ts';
import type { Application, Applications } from '../applications.ts';
import type { Exchange } from '../exchange.ts';
import { objectOf, pairsOf } from '../header-pairs.ts';
import { isNavigation } from '../identity/navigation.ts';
import { OwnCookie } from '../request/own-cookies.ts';
import type { HeldLogin } from './held-login.ts';
import type { HoldRules } from './hold-rules.ts';
import type { Holds } from './holds.ts';
import { JAR_COOKIE, Jar } from './jar.ts';
import { OwnCookieOfApp } from './own-cookie-of-app.ts';

export const RELEASE = '/.credveil/release';

const GIVEN_TTL_MS = 30_000;
/** Of one use: what fetches the answer. */
const GIVEN_COOKIE = new OwnCookieOfApp('cv-held', GIVEN_TTL_MS);

interface ReleaseObserve {
  answered(exchange: Exchange, code: 'REDIRECTED'): void;
  allowed(exchange: Exchange): void;
}

export interface ReleaseParts {
  readonly holds: Holds;
  readonly applications: Applications;
  readonly observe: ReleaseObserve;
  /** Of a login that has succeeded now. @returns headers */
  count(exchange: Exchange, app: string, user: string): Promise<readonly string[]>;
}

/**
 * A code is worth something for the browser whose login it releases, and once.
 * @throws Refusal `HOLD_STALE`; StateError
 */
export async function answerRelease(
  exchange: Exchange,
  { holds, applications, observe, count }: ReleaseParts,
): Promise<void> {
  const { head, isSecure, response } = exchange;
  if (head?.method !== 'GET') throw new Refusal('METHOD_REFUSED');
  const codes = new URLSearchParams(head.query ?? '').getAll('code');
  const [code] = codes;
  if (codes.length !== 1 || code === undefined) throw new Refusal('HOLD_STALE');
  const text = await holds.takeOnce('code', code);
  const given = text === undefined ? undefined : (JSON.parse(text) as ReleaseCode);
  const application = given && applications.named(given.app);
  const rules = application?.hold;
  const handle = given && JAR_COOKIE.of(given.app).in(head.ownCookies, isSecure);
  // Of another browser: somebody had the owner confirm a login that is not hers.
  if (!given || !rules || handle === undefined || given.id !== holds.idOf(given.app, handle))
    throw new Refusal('HOLD_STALE');
  const login = await holds.take(given.id, rules);
  if (!login) throw new Refusal('HOLD_STALE');
  await holds.ends.finish(given.id);
  const ofDevice = login.user === undefined ? [] : await count(exchange, login.app, login.user);
  const jar = new Jar({ app: given.app, rules, seal: holds.seal, isSecure }, undefined, login.jar);
  const ofJar = jar.renew(login.headers);
  const now = Date.now();
  const due = await dueNow(login, jar, rules, holds, now);
  const to = login.location ?? due ?? (login.body === undefined ? rules.start : undefined);
  if (to !== undefined) {
    const cookies = pairsOf(login.headers).filter(([name]) => name.toLowerCase() === 'set-cookie');
    sendRedirect(response, 303, to, jar.seal([...cookies.flat(), ...ofDevice, ...ofJar], now));
  } else {
    const secret = OwnCookie.draw();
    const headers = jar.seal([...login.headers, ...ofDevice, ...ofJar], now);
    await holds.keepGiven(secret, { ...login, headers, jar: [] });
    const { headers: ofHandle } = jar.begin();
    const cookie = ['Set-Cookie', GIVEN_COOKIE.of(given.app).format(secret, isSecure)];
    // The handle first: what the page fetches while it loads is of the new one.
    sendRedirect(response, 303, login.origin + login.target, [...cookie, ...ofHandle]);
  }
  holds.events.released(exchange, given.app, login.login);
  observe.answered(exchange, 'REDIRECTED');
}

/** Its user owes another password. @returns where it is changed, if it is due */
export async function dueNow(
  { app, realm, user, changePage: page }: HeldLogin,
  { handle }: Pick<Jar, 'handle'>,
  rules: HoldRules,
  holds: Holds,
  now: number,
): Promise<string | undefined> {
  if (user === undefined || page === undefined || handle === undefined) return undefined;
  const due = await holds.owed.owe({ realm, user, page, id: holds.idOf(app, handle) }, rules, now);
  return due <= now ? page : undefined;
}

/** What a code of release stands for. */
export interface ReleaseCode {
  readonly id: string;
  readonly app: string;
}

/**
 * The request for a login that was released.
 * @returns whether it has its answer @throws StateError
 */
export async function giveHeld(
  exchange: Exchange,
  { name }: Application,
  holds: Holds,
  observe: ReleaseObserve,
): Promise<boolean> {
  const { head, isSecure, response } = exchange;
  const secret = head && GIVEN_COOKIE.of(name).in(head.ownCookies, isSecure);
  if (!head || secret === undefined || head.method !== 'GET' || !isForEyes(exchange)) return false;
  const found = await holds.findGiven(secret);
  // What another tab asks for takes nothing away.
  if (found?.app !== name || found.target !== head.target) return false;
  const login = await holds.takeGiven(secret);
  if (!login) return false;
  sendHeld(response, login, ['Set-Cookie', GIVEN_COOKIE.of(name).clear(isSecure)]);
  observe.allowed(exchange);
  return true;
}

/** A page that is shown now, and not fetched ahead. */
const isForEyes = (exchange: Exchange): boolean =>
  isNavigation(exchange) && !/prefetch|prerender/i.test(String(exchange.message.headers['sec-purpose']));

/** @param more headers, names and values in turn */
export function sendHeld(response: ServerResponse, login: HeldLogin, more: readonly string[]): void {
  const headers = pairsOf(login.headers).filter(([header]) => !OF_ANSWER.has(header.toLowerCase()));
  const body = Buffer.from(login.body ?? '', 'base64');
  const length = login.status === 204 || login.status === 304 ? [] : ['Content-Length', String(body.length)];
  response.writeHead(login.status, objectOf([...headers.flat(), ...more, 'Cache-Control', 'no-store', ...length]));
  response.end(body);
}

/** Written anew. */
const OF_ANSWER: ReadonlySet<string> = new Set(['content-length', 'cache-control', 'transfer-encoding']);
