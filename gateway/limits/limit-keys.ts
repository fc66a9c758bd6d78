// The keys of a limit that one request has: keyed hashes of an address, a username, a header, a
// cookie, a member of a login's body. A value that is missing makes no key.

import { createHmac, type KeyObject } from 'node:crypto';
import type { Address } from '../addresses/address.ts';
import { formatRange, networkOf } from '../addresses/network.ts';
import { nameBytes } from '../checks/typed-text.ts';
import type { Exchange } from '../exchange.ts';
import type { FindMember } from '../login/attempt.ts';
import { deriveKey } from '../state/gateway-key.ts';
import type { LimitNeed } from './limit-messages.ts';
import { combinationsOf } from './limit-values.ts';
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
  /** Of logins that pages may send: a bucket of its own, which acts on these alone. */
  readonly isForeign: boolean;
}

export interface PlacesOptions {
  /** Of the body; without it there is none. */
  readonly findMember?: FindMember | undefined;
  readonly isForeign?: boolean;
}

/** A customer has a /64 at least, and often a /56 or /48. */
const ROLL_UPS = [
  { bits: 64, times: 1 },
  { bits: 56, times: 4 },
  { bits: 48, times: 16 },
] as const;
const HASH_BYTES = 16;
/** No value is a number. */
const FOREIGN = 1;
/** The same few networks come again and again. */
const MAX_REMEMBERED = 4_096;

const networksOf = (address: Address): readonly Counted[] =>
  address.family === 4
    ? [{ network: formatRange({ first: address, last: address }), times: 1 }]
    : ROLL_UPS.map(({ bits, times }) => ({ network: formatRange(networkOf(address, bits)), times }));

export class LimitKeys {
  readonly #names: KeyObject;
  readonly #places: KeyObject;
  readonly #devices: KeyObject;
  readonly #remembered = new Map<string, string>();

  constructor(gatewayKey: Uint8Array) {
    this.#names = deriveKey(gatewayKey, 'limit-names');
    this.#places = deriveKey(gatewayKey, 'limit-places');
    this.#devices = deriveKey(gatewayKey, 'device-cookies');
  }

  nameOf(realm: string, username: string): string {
    return createHmac('sha256', this.#names)
      .update(`${realm}\0`)
      .update(nameBytes(username))
      .digest()
      .toString('base64url', 0, HASH_BYTES);
  }

  /** Under which the state knows a browser with this cookie. */
  deviceOf(application: string, cookie: string): string {
    return createHmac('sha256', this.#devices).update(`${application}\0${cookie}`).digest('base64url');
  }

  /**
   * Empty if the request lacks a value that the limit is by, undefined if it has too many.
   */
  placesOf(
    { config: { name, by } }: PreparedLimit,
    exchange: Exchange,
    { findMember, isForeign = false }: PlacesOptions = {},
  ): Place[] | undefined {
    const { application, client } = exchange;
    const isByAddress = by.includes('address');
    if (!application || (isByAddress && !client)) return [];
    const sources = by.filter((each) => each !== 'address' && each !== 'username');
    const combinations = combinationsOf(sources, exchange, findMember);
    const counted = isByAddress && client ? networksOf(client) : [{ network: undefined, times: 1 }];
    return combinations?.flatMap((values) =>
      counted.map(({ network, times }) => ({
        place: this.#hash(
          JSON.stringify([application.name, name, network ?? null, ...values, ...(isForeign ? [FOREIGN] : [])]),
        ),
        times,
        network,
        isForeign,
      })),
    );
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
  return places.flatMap(({ place, times, network, isForeign }) =>
    users.map((user) => ({
      limit: name,
      place,
      ...user,
      allow: allow * times,
      windowMs,
      banMs,
      isConsecutive: mode === 'consecutive',
      acts,
      isForAll: isForAll && !isForeign,
      sparesDevices,
      ...(network !== undefined && { network }),
    })),
  );
}
