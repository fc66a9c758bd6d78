// Handles of browsers: what the cookie has, and what the gateway keeps instead of it.
//
// Whether a verdict may wait for a browser is one bit of the keyed hash of its handle, which is
// drawn until the bit fits. A worker so knows without asking anybody, and without a copy of what
// others keep; a client can neither read nor change it.

import { createHmac, type KeyObject } from 'node:crypto';
import { OwnCookie } from '../request/own-cookies.ts';

/** Browsers keep a session that remembers its user for weeks, and its handle has to outlive it. */
export const HANDLE_TTL_MS = 90 * 86_400_000;

export const HANDLE_COOKIE = new OwnCookie('cv-b', HANDLE_TTL_MS);

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

  #hash(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}
