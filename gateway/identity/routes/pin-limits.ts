// How many codes an address and a network may ask for.
//
// Anybody may type anybody's address. What strangers ask for keeps a person from a code neither in
// another network, nor in a browser in which they have signed in before. The more codes an address
// gets, the longer they are, so that guesses are worth nothing however many may be made.

import { formatRange, networkOf } from '../../addresses/network.ts';
import type { Exchange } from '../../exchange.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import type { WindowNeed } from '../../state/state.ts';
import { SessionStore } from '../sessions/session-store.ts';
import type { People } from '../setup/people.ts';

const HOUR = 3_600_000;
const KNOWN_MS = 180 * 24 * HOUR;
const ROOM = 'device';
/** Of an address in one network or known browser, and short ones of all. */
const CODES = 5;
const CODES_OF_NETWORK = 20;
/** So many mails do not drown others. */
const CODES_OF_ADDRESS = 30;
const MAX_KNOWN = 20;
const DIGITS = 8;
const LONG_DIGITS = 12;

/** Of a browser in which somebody has signed in with a code. It opens nothing. */
const KNOWN_COOKIE = new OwnCookie('cv-known', KNOWN_MS);

export interface PinAsk {
  readonly provider: string;
  readonly email: string;
}

/** @returns how many digits the next code has; undefined if there is none @throws StateError */
export async function takePinSlot(
  { head, client, isSecure }: Pick<Exchange, 'head' | 'client' | 'isSecure'>,
  { provider, email }: PinAsk,
  { state, store }: Pick<People, 'state' | 'store'>,
): Promise<number | undefined> {
  // A customer has a /64 at least.
  const network = client ? formatRange(networkOf(client, client.family === 4 ? 32 : 64)) : '';
  const hour = (allow: number, ...parts: string[]): WindowNeed => ({
    key: store.names.of('pin', ...parts),
    allow,
    windowMs: HOUR,
  });
  const cookie = head && KNOWN_COOKIE.in(head.ownCookies, isSecure);
  const known = cookie === undefined ? undefined : await state.get(ROOM, knownKey(cookie));
  const isKnown = known === store.names.of('pin known', provider, email);
  const slots = await state.takeSlots(
    isKnown
      ? [hour(CODES, 'browser', cookie ?? '')]
      : [
          hour(CODES_OF_NETWORK, 'network', network),
          hour(CODES, 'address of network', provider, email, network),
          hour(CODES_OF_ADDRESS, 'address', provider, email),
        ],
  );
  if (!slots.taken) return undefined;
  const short = await state.takeSlots([hour(CODES, 'short', provider, email)]);
  return short.taken ? DIGITS : LONG_DIGITS;
}

/** The browser counts as the person's own from now on. @returns headers @throws StateError */
export async function rememberBrowser(
  { isSecure }: Pick<Exchange, 'isSecure'>,
  { provider, email }: PinAsk,
  { state, store }: Pick<People, 'state' | 'store'>,
): Promise<readonly string[]> {
  const value = OwnCookie.draw();
  const owner = store.names.of('pin known', provider, email);
  await state.set(ROOM, knownKey(value), owner, { ttlMs: KNOWN_MS, owner, maxOwned: MAX_KNOWN });
  return ['Set-Cookie', KNOWN_COOKIE.format(value, isSecure)];
}

const knownKey = (value: string): string => `pin.${SessionStore.idOf(value)}`;
