// The keys of a limit that one request has: keyed hashes of an address, a username, a header, a
// cookie. A value that is missing makes no key.

import { createHmac } from 'node:crypto';
import { normalizeUsername } from '../../protocol/normalize.ts';
import type { Address } from '../addresses/address.ts';
import { formatRange, networkOf } from '../addresses/network.ts';
import type { Exchange } from '../exchange.ts';
import { requestCookiesOf } from '../fields/request-fields.ts';
import { pairsOf } from '../header-pairs.ts';
import { deriveKey } from '../state/gateway-key.ts';
import type { LimitNeed } from './limit-messages.ts';
import type { PreparedLimit } from './prepared-limit.ts';

/** A network that is counted as one, and how many times the quota it has. */
interface Counted {
  readonly network: string;
  readonly times: number;
}

/** One key without the username. */
export interface Place {
  readonly place: string;
  readonly times: number;
  readonly network: string | undefined;
}

/** A customer has a /64 at least, and often a /56 or /48. */
const ROLL_UPS = [
  { bits: 64, times: 1 },
  { bits: 56, times: 4 },
  { bits: 48, times: 16 },
] as const;
const HASH_BYTES = 16;
/** The same few networks come again and again. */
const MAX_REMEMBERED = 4_096;

const networksOf = (address: Address): readonly Counted[] =>
  address.family === 4
    ? [{ network: formatRange({ first: address, last: address }), times: 1 }]
    : ROLL_UPS.map(({ bits, times }) => ({ network: formatRange(networkOf(address, bits)), times }));

export class LimitKeys {
  readonly #names: Buffer;
  readonly #places: Buffer;
  readonly #devices: Buffer;
  readonly #remembered = new Map<string, string>();

  constructor(gatewayKey: Uint8Array) {
    this.#names = deriveKey(gatewayKey, 'limit-names');
    this.#places = deriveKey(gatewayKey, 'limit-places');
    this.#devices = deriveKey(gatewayKey, 'device-cookies');
  }

  nameOf(application: string, username: string): string {
    return createHmac('sha256', this.#names)
      .update(`${application}\0`)
      .update(normalizeUsername(username))
      .digest()
      .toString('base64url', 0, HASH_BYTES);
  }

  /** Under which the state knows a browser with this cookie. */
  deviceOf(application: string, cookie: string): string {
    return createHmac('sha256', this.#devices).update(`${application}\0${cookie}`).digest('base64url');
  }

  /** Empty if the request lacks a value that the limit is by. */
  placesOf({ config: { name, by } }: PreparedLimit, exchange: Exchange): Place[] {
    const { application, client } = exchange;
    const values = by
      .filter((each) => each !== 'address' && each !== 'username')
      .map((each) => requestValue(each, exchange));
    if (values.includes(undefined) || !application) return [];
    const isByAddress = by.includes('address');
    if (isByAddress && !client) return [];
    const counted = isByAddress && client ? networksOf(client) : [{ network: undefined, times: 1 }];
    return counted.map(({ network, times }) => ({
      place: this.#hash(JSON.stringify([application.name, name, network ?? null, ...values])),
      times,
      network,
    }));
  }

  #hash(text: string): string {
    const known = this.#remembered.get(text);
    if (known !== undefined) return known;
    const hash = createHmac('sha256', this.#places).update(text).digest().toString('base64url', 0, HASH_BYTES);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(text, hash);
    return hash;
  }
}

/** Of a name that stands there several times, all values together. */
function requestValue(source: string, exchange: Exchange): readonly string[] | undefined {
  const colon = source.indexOf(':');
  const name = source.slice(colon + 1);
  if (source.startsWith('cookie:')) return requestCookiesOf({ exchange, path: '' }).get(name);
  const lower = name.toLowerCase();
  const values = pairsOf(exchange.head?.headers ?? [])
    .filter(([given]) => given.toLowerCase() === lower)
    .map(([, value]) => value);
  return values.length === 0 ? undefined : values;
}

/** What is asked about one limit: a need for each key. */
export function needsOf(
  limit: PreparedLimit,
  places: readonly Place[],
  names: readonly string[],
  acts: boolean,
): LimitNeed[] {
  const { config, hasUsername, isForAll, sparesDevices } = limit;
  const { name, allow, windowMs, banMs, mode } = config;
  const users = hasUsername ? names.map((user) => ({ name: user })) : [{}];
  return places.flatMap(({ place, times, network }) =>
    users.map((user) => ({
      limit: name,
      place,
      ...user,
      allow: allow * times,
      windowMs,
      banMs,
      isConsecutive: mode === 'consecutive',
      acts,
      isForAll,
      sparesDevices,
      ...(network !== undefined && { network }),
    })),
  );
}
