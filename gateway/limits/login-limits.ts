// The limits of one process: it makes the keys, and asks who counts. Where nobody answers, it
// counts by itself.

import type { Exchange } from '../exchange.ts';
import { COUNT_SCHEME } from '../fields/count-fields.ts';
import { readingsOf } from '../fields/readings.ts';
import { REQUEST_SCHEME } from '../fields/request-fields.ts';
import { OwnCookie } from '../request/own-cookies.ts';
import { BanTable } from './ban-table.ts';
import { BANS_TOPIC, type BanChange, idOf } from './bans.ts';
import { DEVICE_COOKIE } from './known-devices.ts';
import { LimitBook } from './limit-book.ts';
import { LimitKeys, needsOf } from './limit-keys.ts';
import type { AdmitQuestion, LimitNeed, Refused } from './limit-messages.ts';
import { createLocalPeer, type LimitPeer } from './limit-peer.ts';
import { MemoryLimitStore } from './limit-store.ts';
import type { Admission, AttemptFacts, AttemptResult, Ban, Limits } from './limits.ts';
import type { PreparedLimit } from './prepared-limit.ts';
import type { ProcessState } from './process-state.ts';

/** More in one request is refused, so that none makes thousands of counts. */
const MAX_NAMES = 16;
const MAX_NEEDS = 512;
const TOO_MANY_NAMES: Refused = { limit: 'usernames', retryAfterMs: 60_000, isOfUser: false };
const TOO_MANY_VALUES: Refused = { ...TOO_MANY_NAMES, limit: 'values' };

export class LoginLimits implements Limits {
  readonly #peer: LimitPeer;
  readonly #keys: LimitKeys;
  readonly #bans = new BanTable();
  readonly #local = createLocalPeer(new LimitBook(new MemoryLimitStore()), this);

  constructor({ state, limits, key }: ProcessState) {
    this.#peer = limits;
    this.#keys = new LimitKeys(key);
    state.subscribe(BANS_TOPIC, (message) => {
      const { place, forMs } = JSON.parse(message) as BanChange;
      this.#bans.set(place, forMs);
    });
  }

  /** Bans of before this process. Nobody answers without a state, or while it is away. */
  async readBans(): Promise<void> {
    try {
      let after: string | undefined;
      do {
        const page = await this.#peer.places(after);
        for (const [place, forMs] of page.places) this.#bans.set(place, forMs);
        after = page.after;
      } while (after !== undefined);
    } catch {
      // Attempts over a limit are refused all the same, by whoever counts.
    }
  }

  async admit({ exchange, usernames, findMember, isOfFields = false }: AttemptFacts): Promise<Admission> {
    const { application, head } = exchange;
    const limits = application?.limits ?? [];
    if (!application || !head || limits.length === 0) return { settle: async () => [] };
    const names = [...new Set(usernames.map((username) => this.#keys.nameOf(exchange.realm, username)))];
    if (names.length > MAX_NAMES) return { ban: this.#banOf(exchange, TOO_MANY_NAMES) };
    const needs = this.#needsOf(limits, exchange, names, { findMember, isOfFields });
    if (!needs) return { ban: this.#banOf(exchange, TOO_MANY_VALUES) };
    const cookie = DEVICE_COOKIE.in(head.ownCookies, exchange.isSecure);
    const question: AdmitQuestion = {
      app: application.name,
      names,
      needs,
      ...(cookie !== undefined && { device: this.#keys.deviceOf(application.name, cookie) }),
    };
    let peer = this.#peer;
    const answer = await peer.admit(question).catch(() => {
      peer = this.#local;
      return peer.admit(question);
    });
    if ('refused' in answer) return { ban: this.#banOf(exchange, answer.refused) };
    const { reservation } = answer;
    return { settle: (result) => this.#settle(peer, reservation, exchange, limits, result) };
  }

  bannedBy(exchange: Exchange): Ban | undefined {
    if (this.#bans.isEmpty) return undefined;
    for (const limit of exchange.application?.limits ?? []) {
      if (!limit.isForAll) continue;
      const places = this.#keys.placesOf(limit, exchange);
      if (!places) return this.#banOf(exchange, TOO_MANY_VALUES);
      for (const { place } of places) {
        const retryAfterMs = this.#bans.remaining(place);
        if (retryAfterMs > 0 && actsOn(limit, exchange))
          return this.#banOf(exchange, {
            limit: limit.config.name,
            retryAfterMs,
            isOfUser: false,
            ban: idOf(limit, place),
          });
      }
    }
    return undefined;
  }

  nameOf(realm: string, username: string): string {
    return this.#keys.nameOf(realm, username);
  }

  async forgetDevices(name: string): Promise<void> {
    await this.#peer.forgetDevices(name).catch(() => undefined);
  }

  /** @returns undefined if the request has too many values that limits are by */
  #needsOf(
    limits: readonly PreparedLimit[],
    exchange: Exchange,
    names: readonly string[],
    { findMember, isOfFields }: Pick<AttemptFacts, 'findMember' | 'isOfFields'>,
  ): LimitNeed[] | undefined {
    const needs: LimitNeed[] = [];
    for (const limit of limits) {
      // In a bucket of its own, it takes nothing from logins that people send themselves.
      const isForeign = isOfFields === true || (limit.isOfBrowser && isCrossSite(exchange));
      const places = this.#keys.placesOf(limit, exchange, { findMember, isForeign });
      if (!places) return undefined;
      if (places.length > 0) needs.push(...needsOf(limit, places, names, actsOn(limit, exchange)));
    }
    return needs.length > MAX_NEEDS ? undefined : needs;
  }

  async #settle(
    peer: LimitPeer,
    reservation: number,
    exchange: Exchange,
    limits: readonly PreparedLimit[],
    { outcome, isProven, response, canonical }: AttemptResult,
  ): Promise<readonly string[]> {
    const { application, isSecure } = exchange;
    const counted = { exchange, path: exchange.found?.readings[0] ?? '', outcome, response };
    const context = COUNT_SCHEME.createContext(counted);
    // Anybody can bring about a success that proves nothing, under any name.
    const isSuccess = outcome === 'success' && isProven;
    const fresh = isSuccess ? OwnCookie.draw() : undefined;
    const app = application?.name ?? '';
    const hasDevice = await peer
      .settle({
        reservation,
        // What depends on what is unknown counts.
        counts: limits.filter(({ count }) => count.evaluate(context) !== false).map(({ config }) => config.name),
        isSuccess,
        ...(canonical !== undefined && { canonical: this.#keys.nameOf(exchange.realm, canonical) }),
        ...(fresh !== undefined && { device: this.#keys.deviceOf(app, fresh) }),
      })
      .catch(() => false);
    return hasDevice && fresh !== undefined ? ['Set-Cookie', DEVICE_COOKIE.format(fresh, isSecure)] : [];
  }

  #banOf({ application }: Exchange, { limit, retryAfterMs, isOfUser, ban }: Refused): Ban {
    const { unlockUrl, ...custom } =
      application?.limits.find(({ config }) => config.name === limit)?.config.answer ?? {};
    return {
      limit,
      id: ban,
      code: isOfUser ? 'USER_LIMITED' : 'LOGIN_LIMITED',
      answer: {
        custom,
        retryAfterS: Math.ceil(retryAfterMs / 1000),
        ...(unlockUrl !== undefined && isOfUser && { link: { href: unlockUrl, text: 'Choose a new password' } }),
      },
    };
  }
}

/**
 * Another site made the browser send it: browsers say so, except to sites without TLS. Whoever says
 * so himself has a second bucket, and no third.
 */
const isCrossSite = ({ message }: Exchange): boolean => message.headers['sec-fetch-site'] === 'cross-site';

/** A restriction: it acts if any reading fulfils its condition, or may. */
function actsOn({ actOn }: PreparedLimit, exchange: Exchange): boolean {
  if (!actOn) return true;
  return readingsOf(exchange).some((reading) => actOn.evaluate(REQUEST_SCHEME.createContext(reading)) !== false);
}
