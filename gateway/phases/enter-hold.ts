// Around phase 11, for applications whose logins can be held back: the cookies of a browser's
// sessions are opened for the application and sealed for the browser, and nothing passes while a
// login of it is on its way, or waits for its owner.

import { formatRange, networkOf } from '../addresses/network.ts';
import { sendRedirect } from '../answers/answer.ts';
import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { pairsOf } from '../header-pairs.ts';
import { isNavigation, isOfOtherHost, originOf } from '../identity/navigation.ts';
import { needingState } from '../identity/routes/route.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { HoldExchange } from '../quarantine/hold-exchange.ts';
import type { Handoff, HoldState, Holds } from '../quarantine/holds.ts';
import { JAR_COOKIE, Jar } from '../quarantine/jar.ts';
import { OpenExchange } from '../quarantine/open-exchanges.ts';
import { giveHeld } from '../quarantine/release.ts';
import type { RequestHead } from '../request/head.ts';
import type { GatewaySetup } from '../setup.ts';
import type { HeldResponse } from '../upstream/held-response.ts';

/**
 * @returns false if the request has its answer
 * @throws Refusal `SESSION_IN_TARGET`, `SESSIONS_AWAY`, `LOGIN_PENDING`
 */
export async function enterHold(exchange: Exchange, parts: PipelineParts, setup: GatewaySetup): Promise<boolean> {
  const { application, head, isSecure } = exchange;
  const rules = application?.hold;
  if (!application || !rules || !head) return true;
  const holds = parts.people?.holds;
  if (!holds) throw new Refusal('SESSIONS_AWAY');
  if (rules.names.isIn(head.target)) throw new Refusal('SESSION_IN_TARGET');
  return needingState(async () => {
    if (await giveHeld(exchange, application, holds, parts.observe)) return false;
    const handle = JAR_COOKIE.of(application.name).in(head.ownCookies, isSecure);
    const id = handle === undefined ? undefined : holds.idOf(application.name, handle);
    const open = id === undefined ? undefined : watch(exchange, id, holds);
    const state = id === undefined ? 'free' : await holds.settled(id);
    await holds.generation.ready();
    if (id !== undefined && state !== 'free' && state !== 'dead') {
      await answerHeld(exchange, state, id, parts, setup);
      return false;
    }
    const isLive = state === 'free';
    if (id !== undefined && isLive && (await isLedToChange(exchange, id, holds, parts))) return false;
    const place = { app: application.name, rules, seal: holds.seal, isSecure, isForeign: isForeign(exchange, handle) };
    const jar = new Jar(place, isLive ? handle : undefined);
    exchange.head = withOpened(head, jar);
    const ofBrowser = isLive ? { id, open } : { id: undefined, open: undefined };
    const { realm } = exchange;
    const options = { holds, app: application.name, realm, rules, jar, ...networksOf(exchange, holds), ...ofBrowser };
    exchange.hold = new HoldExchange({ ...options, watch: (browser) => watch(exchange, browser, holds) });
    return !exchange.response.destroyed;
  });
}

/** A customer has a /64 at least, and as much as a /48. */
function networksOf({ client }: Exchange, holds: Holds) {
  const hashOf = (bits: number): string =>
    holds.hashOf('network', client ? formatRange(networkOf(client, client.family === 4 ? 32 : bits)) : '');
  return { network: hashOf(64), site: hashOf(48) };
}

/** Its user owes another password, which is due: a page leads to where it is changed. */
async function isLedToChange(exchange: Exchange, id: string, holds: Holds, parts: PipelineParts): Promise<boolean> {
  const { head } = exchange;
  if (head?.method !== 'GET' || !isNavigation(exchange)) return false;
  const isThere = (page: string): boolean => isAt(page, head);
  const page = await holds.owed.leadsTo(id, isThere, Date.now());
  if (page === undefined) return false;
  leadOn(exchange, page);
  parts.observe.answered(exchange, 'REDIRECTED');
  return true;
}

/** At this path, or below it, and with what the query of the page has. */
function isAt(page: string, { path, query }: RequestHead): boolean {
  const { pathname, searchParams } = new URL(page, 'http://a');
  const given = new URLSearchParams(query);
  const isThere = path === pathname || path.startsWith(pathname.endsWith('/') ? pathname : `${pathname}/`);
  return isThere && [...searchParams].every(([name, value]) => given.getAll(name).includes(value));
}

/**
 * A request of another site, which no click of a link is: browsers send no `SameSite=Lax` with it,
 * so that its jar is not seen. Where none says what site it is of, one without a jar may be.
 */
function isForeign(exchange: Exchange, handle: string | undefined): boolean {
  const { headers, method } = exchange.message;
  const site = headers['sec-fetch-site'];
  if (site === undefined) return handle === undefined && isOfOtherHost(exchange);
  const isClick =
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return site === 'cross-site' && !isClick;
}

/** Until its connection, or its response, has ended, and the application has answered it. */
function watch(exchange: Exchange, id: string, holds: Holds) {
  const { upgrade, response, message, head } = exchange;
  const end = (): void => {
    if (upgrade) upgrade.socket.destroy();
    // What the application has ended is all from before.
    else if (!response.writableEnded) response.destroy();
  };
  const open = new OpenExchange(end, () => head?.body === 0 || message.complete);
  const remove = holds.open.add(id, open);
  (upgrade?.socket ?? response).once('close', async () => {
    await open.sent;
    remove();
  });
  return open;
}

function withOpened(head: RequestHead, jar: Jar): RequestHead {
  const headers = pairsOf(head.headers).flatMap(([name, value]) => {
    if (name.toLowerCase() !== 'cookie') return [name, value];
    const opened = jar.open(value, Date.now());
    return opened === '' ? [] : [name, opened];
  });
  return { ...head, headers };
}

/**
 * A browser of which nothing passes. `Vary` tells caches that others get something else.
 * @param state other than `free`
 * @param more headers of a redirect, names and values in turn
 * @throws Refusal `LOGIN_PENDING`
 */
export async function answerHeld(
  exchange: Exchange,
  state: HoldState,
  id: string,
  { people, observe }: PipelineParts,
  { identity }: GatewaySetup,
  more: readonly string[] = [],
): Promise<void> {
  const { application, head } = exchange;
  // Its session is over, and the page comes with another one.
  if (state === 'dead' && head && isNavigation(exchange)) {
    // By itself, `//other.example` would lead to another host.
    leadOn(exchange, originOf(exchange) + (head.target.startsWith('/') ? head.target : '/'), more);
    observe.answered(exchange, 'REDIRECTED');
    return;
  }
  if (state !== 'frozen' || !people || !identity || !application) throw new Refusal('LOGIN_PENDING');
  if (!isNavigation(exchange) || !(await people.holds.mayHandOff(id))) {
    exchange.answer('LOGIN_HELD', { headers: VARY });
    observe.answered(exchange, 'LOGIN_HELD');
    return;
  }
  const value = JSON.stringify({ id, app: application.name } satisfies Handoff);
  const handoff = await people.holds.keepOnce('handoff', value);
  leadOn(exchange, `${identity.origin}/hold?handoff=${handoff}`, more);
  observe.answered(exchange, 'REDIRECTED');
}

const VARY = ['Vary', 'Cookie'];

/** A body that was not read would be taken for the next request. */
function leadOn(exchange: Exchange, url: string, more: readonly string[] = []): void {
  const isUnread = exchange.head?.body !== 0 && !exchange.message.readableEnded;
  if (isUnread) exchange.endConnection();
  sendRedirect(exchange.response, 303, url, [...VARY, 'Referrer-Policy', 'no-referrer', ...more]);
  if (isUnread) exchange.message.on('error', () => undefined).resume();
}

/**
 * Passes a response on, with its cookies sealed; not while a login of its browser is on its way.
 * @throws Refusal `SESSIONS_AWAY`, `LOGIN_PENDING`
 */
export async function releaseSealed(
  exchange: Exchange,
  held: HeldResponse,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { hold } = exchange;
  if (!hold) {
    held.release();
    return;
  }
  try {
    const state = await needingState(() => hold.mayLeave());
    if (state !== 'free') {
      held.discard();
      await needingState(() => answerHeld(exchange, state, hold.id ?? '', parts, setup));
      return;
    }
  } catch (error) {
    held.discard();
    throw error;
  }
  held.changeHeaders((headers) => hold.jar.seal(headers, Date.now()));
  hold.leaves();
  held.release();
}

/** A form that only its fields make a login, and that has signed nobody in. @throws Refusal */
export async function passForm(
  exchange: Exchange,
  held: HeldResponse,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  await needingState(async () => exchange.hold?.unlock());
  await releaseSealed(exchange, held, parts, setup);
}
