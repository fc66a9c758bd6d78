// Handles of browsers: what the cookie has, and what the gateway keeps instead of it.
//
// Whether a verdict may wait for a browser is one bit of the keyed hash of its handle, which is
// drawn until the bit fits. A worker so knows without asking anybody, and without a copy of what
// others keep; a client can neither read nor change it.

import { createHmac, type KeyObject } from 'node:crypto';
import { nameBytes } from '../checks/typed-text.ts';
import type { Exchange } from '../exchange.ts';
import { OwnCookie } from '../request/own-cookies.ts';

/**
 * Sessions that remember their user last up to a year, and the handle has to outlive them. Browsers
 * keep no cookie for longer (RFC 6265bis §5.5).
 */
export const HANDLE_TTL_MS = 400 * 86_400_000;

const USER_BYTES = 16;

export const HANDLE_COOKIE = new OwnCookie('cv-b', HANDLE_TTL_MS);

/** That the browser of a request has; undefined before its head is read. */
export const handleOf = ({ head, isSecure }: Pick<Exchange, 'head' | 'isSecure'>): string | undefined =>
  head && HANDLE_COOKIE.in(head.ownCookies, isSecure);

export class Handles {
  readonly #key: KeyObject;

  /** @param key derived for handles alone */
  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** Draws the value of a new handle. */
  draw({ mayWait }: { readonly mayWait: boolean }): string {
    for (;;) {
      const value = OwnCookie.draw();
      if (this.mayWait(value) === mayWait) return value;
    }
  }

  /** Whether a verdict may wait for this browser. */
  mayWait(value: string): boolean {
    const [first = 0] = this.#hash(value);
    return (first & 1) === 1;
  }

  /** Under which an application's part of the state has this browser. */
  idOf(application: string, value: string): string {
    return this.#hash(`${application}\0${value}`).toString('base64url');
  }

  /** A user as the application itself writes the name: of `Ann` and `ann`, it may have both. */
  userOf(application: string, user: string): string {
    return this.#hash(`user\0${application}\0${user}`).toString('base64url', 0, USER_BYTES);
  }

  /** A name as people type it. */
  typedOf(application: string, name: string): string {
    const normal = Buffer.from(nameBytes(name)).toString('utf8');
    return this.#hash(`typed\0${application}\0${normal}`).toString('base64url', 0, USER_BYTES);
  }

  /** A session, by its cookie. */
  sessionOf(application: string, cookie: string): string {
    return this.#hash(`session\0${application}\0${cookie}`).toString('base64url', 0, USER_BYTES);
  }

  #hash(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}
