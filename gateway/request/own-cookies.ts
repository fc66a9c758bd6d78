// Cookies of the gateway itself. Applications neither get nor set them.

import { randomBytes } from 'node:crypto';
import { trimWhite } from './white-space.ts';

/**
 * Browsers hold the prefixes to their rules in any case of letters. A name that begins with other
 * characters, even with what looks like white space, is one that other hosts may set.
 */
const OWN = /^(?:__(?:host|secure)-)?(?:cv|credveil)-/i;
/** Most requests have none: one search finds that out. */
const HINT = /(?:cv|credveil)-/i;

export interface OwnCookies {
  /** The other cookies as they came. */
  readonly rest: string;
  /** By name. A name that comes twice is left out, since either may be meant. */
  readonly own: ReadonlyMap<string, string>;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** @param value of the header Cookie */
export function takeOwnCookies(value: string): OwnCookies {
  if (!HINT.test(value)) return { rest: value, own: NONE };
  const own = new Map<string, string>();
  const twice = new Set<string>();
  const rest: string[] = [];
  for (const piece of value.split(';')) {
    const pair = trimWhite(piece);
    if (!OWN.test(pair)) {
      rest.push(piece);
      continue;
    }
    const end = pair.indexOf('=');
    const name = end < 0 ? pair : trimWhite(pair.slice(0, end));
    if (own.has(name)) twice.add(name);
    own.set(name, end < 0 ? '' : trimWhite(pair.slice(end + 1)));
  }
  for (const name of twice) own.delete(name);
  return { rest: trimWhite(rest.join(';')), own };
}

/**
 * Some browsers send a cookie without name as its value alone: `=cv-a=x` comes back as `cv-a=x`.
 * @param value of the header Set-Cookie
 */
export const isOwnSetCookie = (value: string): boolean =>
  HINT.test(value) && OWN.test(value.trimStart().replace(/^=\s*/, ''));

const VALUE_BYTES = 32;
const VALUE = /^[A-Za-z0-9_-]{43}$/;

/** One of them: 32 random bytes, which scripts do not see. */
export class OwnCookie {
  readonly #name: string;
  readonly #ttlMs: number;

  constructor(name: string, ttlMs: number) {
    this.#name = name;
    this.#ttlMs = ttlMs;
  }

  /** Draws a new value. */
  static draw(): string {
    return randomBytes(VALUE_BYTES).toString('base64url');
  }

  /** Among the gateway's cookies of a request. Undefined for anything else than a whole one. */
  in(own: ReadonlyMap<string, string>, isSecure: boolean): string | undefined {
    const value = own.get(this.#nameOf(isSecure));
    return value !== undefined && VALUE.test(value) ? value : undefined;
  }

  /** @returns the value of Set-Cookie */
  format(value: string, isSecure: boolean): string {
    const secure = isSecure ? ' Secure;' : '';
    return `${this.#nameOf(isSecure)}=${value}; Path=/; Max-Age=${this.#ttlMs / 1000}; HttpOnly;${secure} SameSite=Lax`;
  }

  /** Makes a browser forget it. @returns the value of Set-Cookie */
  clear(isSecure: boolean): string {
    return this.format('', isSecure).replace(/Max-Age=\d+/, 'Max-Age=0');
  }

  /** Browsers take the prefix over HTTPS alone: RFC 6265bis §4.1.3. */
  #nameOf(isSecure: boolean): string {
    return isSecure ? `__Host-${this.#name}` : this.#name;
  }
}
