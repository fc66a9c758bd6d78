// A cookie of the gateway that each application has for itself. Browsers keep such cookies for a
// whole host: applications below paths of one host have a name each.

import { hash } from 'node:crypto';
import { OwnCookie } from '../request/own-cookies.ts';

export class OwnCookieOfApp {
  readonly #name: string;
  readonly #ttlMs: number;
  /** By application: there are as many as in configurations. */
  readonly #cookies = new Map<string, OwnCookie>();

  constructor(name: string, ttlMs: number) {
    this.#name = name;
    this.#ttlMs = ttlMs;
  }

  /** @param app its name in the configuration */
  of(app: string): OwnCookie {
    const known = this.#cookies.get(app);
    if (known) return known;
    const cookie = new OwnCookie(/^[^/]*\/?$/.test(app) ? this.#name : `${this.#name}-${digestOf(app)}`, this.#ttlMs);
    this.#cookies.set(app, cookie);
    return cookie;
  }
}

/** 64 bits: an operator writes no two paths that meet. */
const digestOf = (app: string): string => hash('sha256', app, 'hex').slice(0, 16);
