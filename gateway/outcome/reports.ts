// Reports of applications on their way to the worker that has the login. An application reports
// while it answers the login: then its word counts, whatever the answer looks like.

import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { type State, StateError } from '../state/state.ts';
import { parseReport, type Report } from './report.ts';

/** Longer than a response may take. */
const TTL_MS = 10 * 60_000;
const ROOM = 'report';
const WAITING = 'waiting';
const SETTLED = 'settled';
/** The marker of a login has its id as its key, and a report this as well. */
const REPORT = '.report';
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

  /** Before the application gets the login. Without the state nothing can be reported. */
  async expect(attempt: string): Promise<void> {
    await this.#state.set(ROOM, attempt, WAITING, { ttlMs: TTL_MS }).catch(onlyStateErrors);
  }

  /**
   * The last report before the login is settled is the one that counts.
   * @throws StateError
   */
  async add(report: Report): Promise<'taken' | 'late' | 'unknown'> {
    const { attempt } = report;
    const before = await this.#state.get(ROOM, attempt);
    if (before !== WAITING) return before === SETTLED ? 'late' : 'unknown';
    await this.#state.set(ROOM, attempt + REPORT, this.#seal(report), { ttlMs: TTL_MS });
    if ((await this.#state.get(ROOM, attempt)) === WAITING) return 'taken';
    // It was settled meanwhile: either this takes the report back, or the settlement has taken it.
    return (await this.#state.takeOnce(ROOM, attempt + REPORT)) === undefined ? 'taken' : 'late';
  }

  /**
   * What the application has reported of a login that is settled now. Without the state: nothing.
   */
  async settle(attempt: string): Promise<Report | undefined> {
    try {
      await this.#state.set(ROOM, attempt, SETTLED, { ttlMs: TTL_MS });
      const sealed = await this.#state.takeOnce(ROOM, attempt + REPORT);
      return sealed === undefined ? undefined : this.#open(attempt, sealed);
    } catch (error) {
      return onlyStateErrors(error);
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

/** @throws anything else */
function onlyStateErrors(error: unknown): undefined {
  if (!(error instanceof StateError)) throw error;
}
