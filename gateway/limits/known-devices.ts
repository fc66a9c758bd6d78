// Browsers that a user has logged in with before (device cookies): their attempts have a bucket of
// their own, so that nobody else can fill it.
// https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies

import { OwnCookie } from '../request/own-cookies.ts';
import type { WindowNeed } from '../state/state.ts';
import type { LimitStore } from './limit-store.ts';

/** Each login renews it. */
const DEVICE_TTL_MS = 180 * 86_400_000;

export const DEVICE_COOKIE = new OwnCookie('credveil-device', DEVICE_TTL_MS);

const MAX_USERS = 8;
const MAX_DEVICES_OF_USER = 64;
const ALLOW = 10;
const WINDOW_MS = 3_600_000;

export const bucketOf = (device: string): WindowNeed => ({
  key: `device.${device}`,
  allow: ALLOW,
  windowMs: WINDOW_MS,
});

export class KnownDevices {
  readonly #store: LimitStore;

  constructor(store: LimitStore) {
    this.#store = store;
  }

  /** Whether all of these users have logged in with it. */
  isKnown(device: string, names: readonly string[]): boolean {
    return names.length > 0 && names.every((name) => this.#read(device, name));
  }

  /**
   * After a login: the browser has a new id, and the old one is worth nothing any more. Whoever
   * gave it a cookie of his own does not get to know the users that log in there.
   */
  async renew(from: string | undefined, into: string, name: string): Promise<void> {
    const others = from === undefined ? [] : this.#usersOf(from).filter((user) => user !== name);
    for (const user of [...others.slice(0, MAX_USERS - 1), name])
      await this.#store.set('device', `${into}.${user}`, String(this.#store.now()), {
        ttlMs: DEVICE_TTL_MS,
        owner: user,
        maxOwned: MAX_DEVICES_OF_USER,
      });
    if (from !== undefined) await this.revoke(from);
  }

  async revoke(device: string): Promise<void> {
    for (const user of this.#usersOf(device)) await this.#store.delete('device', `${device}.${user}`);
  }

  /** All browsers of a user. */
  async forget(name: string): Promise<void> {
    await this.#store.deleteOwned('device', name);
  }

  /** Those of the last logins first. */
  #usersOf(device: string): string[] {
    const prefix = `${device}.`;
    return this.#store
      .list('device', prefix, MAX_USERS)
      .sort((a, b) => b.expires - a.expires)
      .map(({ key }) => key.slice(prefix.length));
  }

  #read(device: string, name: string): boolean {
    try {
      return this.#store.read('device', `${device}.${name}`) !== undefined;
    } catch {
      return false;
    }
  }
}
