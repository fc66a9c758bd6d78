// How many codes an address and a network may ask for.
//
// Anybody may type anybody's address. What strangers ask for keeps a person from a code neither in
// another network, nor in a browser in which they have signed in before. The more codes an address
// gets, the longer they are, so that guesses are worth nothing however many may be made.

import { formatRange, networkOf } from '../../addresses/network.ts';
import type { Exchange } from '../../exchange.ts';
import type { WindowNeed } from '../../state/state.ts';
import type { People } from '../setup/people.ts';
import { KnownBrowsers } from './known-browsers.ts';

const HOUR = 3_600_000;
/** Of an address in one network or known browser, and short ones of all. */
const CODES = 5;
const CODES_OF_NETWORK = 20;
/** So many mails do not drown others. */
const CODES_OF_ADDRESS = 30;
const DIGITS = 8;
const LONG_DIGITS = 12;

/** In which somebody has signed in with a code. */
const KNOWN = new KnownBrowsers('cv-known', 'pin');

export interface PinAsk {
  readonly provider: string;
  readonly email: string;
}

/** @returns how many digits the next code has; undefined if there is none @throws StateError */
export async function takePinSlot(
  exchange: Pick<Exchange, 'head' | 'client' | 'isSecure'>,
  { provider, email }: PinAsk,
  { state, store }: Pick<People, 'state' | 'store'>,
): Promise<number | undefined> {
  const { client } = exchange;
  // A customer has a /64 at least.
  const network = client ? formatRange(networkOf(client, client.family === 4 ? 32 : 64)) : '';
  const hour = (allow: number, ...parts: string[]): WindowNeed => ({
    key: store.names.of('pin', ...parts),
    allow,
    windowMs: HOUR,
  });
  const known = await KNOWN.find(exchange, store.names.of('pin known', provider, email), state);
  const slots = await state.takeSlots(
    known !== undefined
      ? [hour(CODES, 'browser', known)]
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
export function rememberBrowser(
  exchange: Pick<Exchange, 'isSecure'>,
  { provider, email }: PinAsk,
  { state, store }: Pick<People, 'state' | 'store'>,
): Promise<readonly string[]> {
  return KNOWN.remember(exchange, store.names.of('pin known', provider, email), state);
}
