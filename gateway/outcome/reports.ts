// Reports of applications on their way to the worker that has the login. An application reports
// while it answers the login: then its word counts, whatever the answer looks like.

import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { type State, StateError } from '../state/state.ts';
import { parseReport, type Report } from './report.ts';

/** Longer than a response may take. */
const TTL_MS = 10 * 60_000;
const ROOM = 'report';
const SETTLED = 'settled';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class Reports {
  readonly #state: State;
  readonly #key: KeyObject;

  /** @param key seals the names of users, which the state must not have as they are */
  constructor(state: State, key: KeyObject) {
    this.#state = state;
    this.#key = key;
  }

  /**
   * @returns false if the login was settled before
   * @throws StateError
   */
  async add(report: Report): Promise<boolean> {
    const { attempt } = report;
    if ((await this.#state.get(ROOM, attempt)) === SETTLED) return false;
    await this.#state.set(ROOM, attempt, this.#seal(report), { ttlMs: TTL_MS });
    return true;
  }

  /**
   * What the application has reported of a login that is settled now. Without the state: nothing.
   */
  async settle(attempt: string): Promise<Report | undefined> {
    try {
      const sealed = await this.#state.takeOnce(ROOM, attempt);
      await this.#state.set(ROOM, attempt, SETTLED, { ttlMs: TTL_MS });
      return sealed === undefined || sealed === SETTLED ? undefined : this.#open(attempt, sealed);
    } catch (error) {
      if (error instanceof StateError) return undefined;
      throw error;
    }
  }

  #seal(report: Report): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(Buffer.from(report.attempt));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(report)), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Undefined for what was not sealed here for this login. */
  #open(attempt: string, text: string): Report | undefined {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(attempt)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const sealed = bytes.subarray(NONCE_BYTES + TAG_BYTES);
      return parseReport(Buffer.concat([decipher.update(sealed), decipher.final()]));
    } catch {
      return undefined;
    }
  }
}
