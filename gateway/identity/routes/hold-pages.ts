// On the gateway's own pages: a browser with a held login confirms that it is of the account's
// owner, by a code that is mailed and typed there. No link that is mailed confirms anything.

import { randomInt } from 'node:crypto';
import { isSameSecret } from '../../../runtime/same-secret.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { passedPage } from '../../launcher/door-pages.ts';
import { askHoldPage, endedHoldPage, factorHoldPage, holdCodePage, nobodyHoldPage } from '../../launcher/hold-page.ts';
import { sendOwnPage } from '../../launcher/shell.ts';
import type { HeldLogin } from '../../quarantine/held-login.ts';
import type { HoldRules } from '../../quarantine/hold-rules.ts';
import type { Handoff, Holds } from '../../quarantine/holds.ts';
import { dueOf } from '../../quarantine/owed-passwords.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import { isSameOrigin } from '../navigation.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { addressOf, askForFactor, countedFor, HOLD_COOKIE, releaseUrl } from './hold-release.ts';
import { parameterOf, type RouteParts, readForm } from './route.ts';

const ROOM = 'once';
const DIGITS = 8;
const TRIES = 5;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MAILS_OF_LOGIN = 3;
const MAILS_OF_USER = 5;
const MAILS_OF_USER_AT_ALL = 20;

interface Way {
  readonly id: string;
  readonly app: string;
  /** Its owner has no factor, and gets a code by mail. */
  readonly mayMail: boolean;
}

interface Held {
  readonly way: Way;
  readonly rules: HoldRules;
  readonly login: HeldLogin;
  readonly holds: Holds;
}

/** The browser comes from the application. */
export async function answerHold(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { holds } = parts.people;
  const { head, isSecure, response } = exchange;
  const handoff = parameterOf(exchange, 'handoff');
  const text = handoff === undefined ? undefined : await holds.takeOnce('handoff', handoff);
  const given = text === undefined ? undefined : (JSON.parse(text) as Handoff);
  const rules = given && parts.applications.named(given.app)?.hold;
  const login = given && rules && (await holds.heldLogin(given.id));
  if (!given || !rules || !login) throw new Refusal('HOLD_STALE');
  // Another tab, or a page that was loaded again: what the browser was asked before goes on.
  const before = head && HOLD_COOKIE.in(head.ownCookies, isSecure);
  const isSame = before !== undefined && (await findWay(holds, before))?.id === given.id;
  const cookie = isSame ? before : OwnCookie.draw();
  const factorUrl = await askForFactor(login, given.id, cookie, rules, parts);
  const hasAddress = factorUrl === undefined && (await addressOf(login, parts)) !== undefined;
  const mayMail = hasAddress && parts.identity.mailer !== undefined;
  const way: Way = { id: given.id, app: login.app, mayMail };
  await holds.state.set(ROOM, wayKey(cookie), JSON.stringify(way), { ttlMs: rules.forMs });
  const site = new URL(login.origin).host;
  const headers = ['Set-Cookie', HOLD_COOKIE.format(cookie, isSecure)];
  const due = await dueOf(login, rules, holds);
  if (factorUrl !== undefined) await sendOwnPage(response, factorHoldPage(site, factorUrl, headers, due));
  else
    await sendOwnPage(
      response,
      mayMail ? askHoldPage(site, headers, due) : nobodyHoldPage(site, login.user !== undefined, headers),
    );
  parts.observe.allowed(exchange);
}

/** A code is sent. */
export async function answerHoldMail(exchange: Exchange, parts: RouteParts): Promise<void> {
  const held = await heldOf(exchange, parts);
  const { way, login, holds } = held;
  await readForm(exchange);
  const address = way.mayMail ? await addressOf(login, parts) : undefined;
  const { mailer } = parts.identity;
  if (address === undefined || !mailer) throw new Refusal('HOLD_STALE');
  const slots = [
    { key: `held.mails.${way.id}`, allow: MAILS_OF_LOGIN, windowMs: HOUR },
    ...holds.ofUser('held.mails', login, { one: MAILS_OF_USER, all: MAILS_OF_USER_AT_ALL, windowMs: HOUR }),
  ];
  if (!(await holds.state.takeSlots(slots)).taken) throw new Refusal('PIN_LIMITED');
  const code = String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');
  const leftMs = Math.max(MINUTE, Math.min(10 * MINUTE, login.until - Date.now()));
  // The mail before may still be on its way.
  const codes = [holds.hashOf('code', way.id, code), ...(await codesOf(holds, way.id))].slice(0, MAILS_OF_LOGIN);
  await holds.state.set(ROOM, codeKey(way.id), codes.join(' '), { ttlMs: leftMs });
  const site = new URL(login.origin).host;
  const mail = { to: address, subject: `Your code for ${site}`, text: codeText(code, site, leftMs) };
  mailer.send(mail).catch((error: unknown) => holds.events.mailFailed(way.app, error));
  await sendOwnPage(exchange.response, holdCodePage(DIGITS, SENT));
  parts.observe.allowed(exchange);
}

/** A code was typed. */
export async function answerHoldCode(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { way, rules, login, holds } = await heldOf(exchange, parts);
  const given = ((await readForm(exchange)).get('code') ?? '').replace(/\s/g, '');
  const { key: counted, windowMs } = countedFor(way.id, rules);
  const tries = [{ key: `tries.${counted}`, allow: TRIES, windowMs }];
  const { taken } = await holds.state.takeSlots(tries);
  const kept = taken ? await codesOf(holds, way.id) : [];
  if (!taken) {
    // Who guesses so often is not the owner.
    await holds.abandon(way.id, rules);
    throw new Refusal('HOLD_STALE');
  }
  const hashed = holds.hashOf('code', way.id, given);
  if (given.length !== DIGITS || !kept.some((code) => isSameSecret(code, hashed))) {
    const wrong = 'This is not the code. Type it as the mail has it.';
    await sendOwnPage(exchange.response, holdCodePage(DIGITS, SENT, wrong));
    parts.observe.allowed(exchange);
    return;
  }
  // Of several at once, one.
  if ((await holds.state.takeOnce(ROOM, codeKey(way.id))) === undefined) throw new Refusal('HOLD_STALE');
  const url = await releaseUrl(holds, login, way.id);
  // No redirect: what a form leads to may not leave this host by the policy of its page.
  await sendOwnPage(exchange.response, { ...passedPage(url, ['Refresh', `0;url=${url}`]), title: 'Confirmed' });
  parts.observe.allowed(exchange);
}

/** Whoever is not its owner, or typed another account, need not wait for its end. */
export async function answerHoldEnd(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { way, rules, login, holds } = await heldOf(exchange, parts);
  await readForm(exchange);
  await holds.abandon(way.id, rules);
  await sendOwnPage(exchange.response, endedHoldPage(login.origin));
  parts.observe.allowed(exchange);
}

/** @throws Refusal for a form of another page or browser, or of a login that is over */
async function heldOf(exchange: Exchange, { people: { holds }, applications }: RouteParts): Promise<Held> {
  const { head, isSecure } = exchange;
  if (!isSameOrigin(exchange)) throw new Refusal('FORM_FOREIGN');
  const cookie = head && HOLD_COOKIE.in(head.ownCookies, isSecure);
  const way = cookie === undefined ? undefined : await findWay(holds, cookie);
  const rules = way && applications.named(way.app)?.hold;
  const login = way && (await holds.heldLogin(way.id));
  if (!way || !rules || !login) throw new Refusal('HOLD_STALE');
  return { way, rules, login, holds };
}

async function findWay({ state }: Holds, cookie: string): Promise<Way | undefined> {
  const text = await state.get(ROOM, wayKey(cookie));
  return text === undefined ? undefined : (JSON.parse(text) as Way);
}

/** Of a login, whichever page asks for one; the latest first. */
const codesOf = async ({ state }: Holds, id: string): Promise<readonly string[]> =>
  (await state.get(ROOM, codeKey(id)))?.split(' ') ?? [];

const codeKey = (id: string): string => `hold-code.${id}`;

const wayKey = (cookie: string): string => `hold-way.${SessionStore.idOf(cookie)}`;

const SENT = 'A code was sent to the address that this site has of the account.';

const codeText = (code: string, site: string, leftMs: number): string =>
  [
    `Your code for ${site} is ${code}.`,
    '',
    `Type it into the page that asks for it. It is good for ${minutesOf(leftMs)}, once.`,
    'Nobody asks you for it by telephone or mail. If you did not want to sign in, do nothing, and choose',
    'a new password soon: somebody knows yours.',
    '',
  ].join('\n');

const minutesOf = (ms: number): string => (ms < 2 * MINUTE ? 'a minute' : `${Math.floor(ms / MINUTE)} minutes`);
