// A program's login that is held: it waits until the owner of the account confirms it at the
// gateway's own pages, and gets the answer of the application then.

import { formatAddress } from '../addresses/address.ts';
import type { Exchange } from '../exchange.ts';
import { emailOf, haveTrusted, type UserId } from '../factors/factor.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { HeldLogin } from '../quarantine/held-login.ts';
import { Jar } from '../quarantine/jar.ts';
import { dueNow, sendHeld } from '../quarantine/release.ts';
import { tellOwner } from '../quarantine/tell-owner.ts';
import type { GatewaySetup } from '../setup.ts';

/**
 * Nothing of its browser passes meanwhile.
 * @returns whether it has its answer; `not asked` where nobody could confirm it, or was told of it
 * @throws StateError
 */
export async function waitForOwner(
  exchange: Exchange,
  login: HeldLogin,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<'released' | 'refused' | 'not asked'> {
  const { hold, response, client } = exchange;
  const holds = parts.people?.holds;
  const person = await personOf(login, parts);
  if (!hold?.rules.waits.has(login.login) || !holds?.waiting.mayWait || person === undefined) return 'not asked';
  const { rules } = hold;
  const { handle } = hold.jar.begin();
  const id = hold.id ?? holds.idOf(login.app, handle);
  const { user = '', app, login: place, origin } = login;
  let isHeld = false;
  let end: 'released' | 'late' | 'refused' | 'left' = 'left';
  const until = Date.now() + holds.waiting.waitMs;
  try {
    isHeld = await holds.freeze(id, login, { ...rules, forMs: holds.waiting.waitMs });
    holds.events.held(exchange, app, place, isHeld ? 'waiting' : 'full');
    if (!isHeld) return 'not asked';
    hold.leave();
    void tellOwner(login, [], { page: `${setup.identity?.origin}/held` }, parts, setup);
    const left = new AbortController();
    response.once('close', () => left.abort());
    if (response.destroyed) return 'refused';
    const address = client ? formatAddress(client) : '';
    const waiting = { id, app, site: new URL(origin).host, user, address, since: Date.now() };
    const isLeft = async (): Promise<boolean> => (await holds.read(id)) === 'frozen';
    const isConfirmed = await holds.waiting.wait(waiting, person, { left: left.signal, isHeld: isLeft });
    // By its time it is held no more either.
    if (!isConfirmed) end = Date.now() >= until ? 'late' : (await isLeft()) ? 'left' : 'refused';
    const given = isConfirmed ? await holds.take(id, rules) : undefined;
    if (!given || response.destroyed) return 'refused';
    await answer(exchange, given, parts);
    end = 'released';
    return end;
  } finally {
    if (isHeld && end !== 'released') holds.events.abandoned(exchange, app, place, end);
    // What it has opened is of another handle by now, or of nobody.
    if (isHeld) await holds.kill(id, rules);
  }
}

/** Somebody with a factor that counts: a mailed code would open it for whoever asks. */
async function personOf({ realm, user, body }: HeldLogin, { people }: PipelineParts): Promise<UserId | undefined> {
  const { factors } = people ?? {};
  if (!factors || user === undefined || body === undefined) return undefined;
  const person = await factors.userOf(realm, user);
  if (person === undefined || emailOf(person) === undefined) return undefined;
  return haveTrusted((await factors.describe(person)).factors) ? person : undefined;
}

/** Under a new handle. */
async function answer(exchange: Exchange, login: HeldLogin, { people, observe }: PipelineParts): Promise<void> {
  const { hold, isSecure, response } = exchange;
  if (!hold || !people) return;
  const { holds } = people;
  const jar = new Jar({ app: login.app, rules: hold.rules, seal: holds.seal, isSecure }, undefined, login.jar);
  const now = Date.now();
  const headers = jar.seal([...login.headers, ...jar.renew(login.headers)], now);
  await dueNow(login, jar, hold.rules, holds, now);
  sendHeld(response, { ...login, headers }, []);
  holds.events.released(exchange, login.app, login.login);
  observe.allowed(exchange);
}
