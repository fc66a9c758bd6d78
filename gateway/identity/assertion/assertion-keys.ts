// The keys that sign assertions: one for each period of 30 days, sealed in the state. Whoever needs
// one first makes it. Applications find a key a whole period before it signs, and for one after.

import { createHmac, createPrivateKey, type KeyObject } from 'node:crypto';
import { closeBox, openBox } from '../../state/sealed-box.ts';
import { LOST_WITH_STATE, type State, StateError } from '../../state/state.ts';
import { createPrivateKey as drawPrivateKey, type PublicJwk, type SigningKey, signingKeyOf } from './es256.ts';

const ROOM = 'key';
const DAY_MS = 86_400_000;
const PERIOD_MS = 30 * DAY_MS;
/** Of a period without a key: nobody makes one for the past. */
const MISSING_MS = 60_000;

export class AssertionKeys {
  readonly #state: State;
  readonly #seal: KeyObject;
  readonly #keys = new Map<number, SigningKey>();
  readonly #pending = new Map<number, Promise<SigningKey>>();
  #missing: { readonly period: number; readonly until: number } | undefined;

  /** @param seal 32 bytes, derived for this alone */
  constructor(state: State, seal: KeyObject) {
    this.#state = state;
    this.#seal = seal;
  }

  /**
   * The one that signs now; at once where this process has it.
   * @throws StateError
   */
  signing(now: number): SigningKey | Promise<SigningKey> {
    const period = Math.floor(now / PERIOD_MS);
    return this.#keys.get(period) ?? this.#open(period, now);
  }

  /** Those that applications may meet: RFC 7517 §5. @throws StateError */
  async published(now: number): Promise<readonly PublicJwk[]> {
    const period = Math.floor(now / PERIOD_MS);
    const [before, current, next] = await Promise.all([
      this.#past(period - 1, now),
      this.#open(period, now),
      this.#open(period + 1, now),
    ]);
    return [current, next, ...(before ? [before] : [])].map(({ jwk }) => jwk);
  }

  async #past(period: number, now: number): Promise<SigningKey | undefined> {
    const known = this.#keys.get(period);
    if (known || (this.#missing?.period === period && now < this.#missing.until)) return known;
    const key = await this.#read(period);
    if (!key) this.#missing = { period, until: now + MISSING_MS };
    return key;
  }

  /** Of many that ask at once, one asks the state. */
  #open(period: number, now: number): Promise<SigningKey> {
    const known = this.#keys.get(period);
    if (known) return Promise.resolve(known);
    const pending = this.#pending.get(period);
    if (pending) return pending;
    const opening = this.#readOrMake(period, now).finally(() => this.#pending.delete(period));
    this.#pending.set(period, opening);
    return opening;
  }

  async #readOrMake(period: number, now: number): Promise<SigningKey> {
    const found = await this.#read(period);
    if (found) return found;
    const sealed = this.#close(period, drawPrivateKey());
    const ttlMs = (period + 2) * PERIOD_MS + DAY_MS - now;
    await this.#state.add(ROOM, this.#nameOf(period), sealed, { ttlMs });
    // It may be that of another process, which came first.
    const key = await this.#read(period);
    if (!key)
      throw new StateError('STATE_AWAY', 'a key that was written is not there', 'Look at the state of the gateway.');
    return key;
  }

  async #read(period: number): Promise<SigningKey | undefined> {
    const sealed = await this.#state.get(ROOM, this.#nameOf(period));
    if (sealed === undefined) return undefined;
    const key = signingKeyOf(this.#unseal(period, sealed));
    for (const old of this.#keys.keys()) if (old < period - 2) this.#keys.delete(old);
    this.#keys.set(period, key);
    return key;
  }

  /** Another `gateway.key` finds none of them, and makes its own. */
  #nameOf(period: number): string {
    return createHmac('sha256', this.#seal).update(aadOf(period)).digest('base64url');
  }

  #close(period: number, key: KeyObject): string {
    const bytes = key.export({ type: 'pkcs8', format: 'der' });
    return closeBox(this.#seal, aadOf(period), bytes).toString('base64url');
  }

  /** @throws StateError `STATE_CORRUPT` for what this gateway did not seal for the period */
  #unseal(period: number, sealed: string): KeyObject {
    try {
      const der = openBox(this.#seal, aadOf(period), Buffer.from(sealed, 'base64url'));
      return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    } catch (cause) {
      throw new StateError(
        'STATE_CORRUPT',
        'a key in the state was changed',
        `Restore the state from a backup, or move it away: ${LOST_WITH_STATE}.`,
        { cause },
      );
    }
  }
}

const aadOf = (period: number): Buffer => Buffer.from(`assertion key ${period}`);
