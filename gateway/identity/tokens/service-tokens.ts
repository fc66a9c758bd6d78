// The service tokens that this process knows: programs show one with each request. Looks for new
// and revoked ones twice a second.

import { timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import { nameError, type OnEvent } from '../../../runtime/events.ts';
import { headerValues, pairsOf } from '../../header-pairs.ts';
import type { RequestHead } from '../../request/head.ts';
import { hashOf, readTokens, type ServiceToken } from './token-folder.ts';

const ID_HEADER = 'credveil-token-id';
const SECRET_HEADER = 'credveil-token-secret';
const POLL_MS = 500;
/** File systems date two changes alike that follow each other so fast. */
const SAME_DATE_MS = 2_000;
const NO_HASH = Buffer.alloc(32);

/** Those of a token, names and values in turn, whether or not it is valid. */
export const tokenHeaders = ({ reserved }: Pick<RequestHead, 'reserved'>): string[] =>
  pairsOf(reserved)
    .filter(([name]) => [ID_HEADER, SECRET_HEADER].includes(name.toLowerCase()))
    .flat();

export class ServiceTokens {
  readonly #folder: string;
  readonly #onEvent: OnEvent;
  readonly #polling: NodeJS.Timeout;
  #byId: ReadonlyMap<string, ServiceToken> = new Map();
  #changedAt: number | undefined;
  #readAt = 0;
  #isFailing = false;

  constructor(folder: string, onEvent: OnEvent) {
    this.#folder = folder;
    this.#onEvent = onEvent;
    this.look();
    this.#polling = setInterval(() => this.look(), POLL_MS).unref();
  }

  /** The name of the valid token of a request; undefined without one. */
  nameIn({ reserved }: Pick<RequestHead, 'reserved'>, now: number): string | undefined {
    // Most requests have none.
    if (reserved.length === 0) return undefined;
    const ids = headerValues(reserved, ID_HEADER);
    const secrets = headerValues(reserved, SECRET_HEADER);
    const [id, secret] = [ids[0], secrets[0]];
    if (id === undefined || secret === undefined || ids.length > 1 || secrets.length > 1) return undefined;
    const token = this.#byId.get(id);
    // As long for an unknown one.
    const isRight = timingSafeEqual(hashOf(secret), token?.hash ?? NO_HASH);
    const isInTime = token !== undefined && now < (token.expiresAt ?? Number.POSITIVE_INFINITY);
    return isRight && isInTime ? token.name : undefined;
  }

  /** Reads the folder, if it may have changed. */
  look(): void {
    try {
      const changedAt = fs.statSync(this.#folder, { throwIfNoEntry: false })?.mtimeMs;
      if (changedAt === this.#changedAt && this.#readAt - (changedAt ?? 0) > SAME_DATE_MS) return;
      this.#readAt = Date.now();
      this.#byId = new Map(readTokens(this.#folder).map((token) => [token.id, token]));
      this.#changedAt = changedAt;
      this.#isFailing = false;
    } catch (error) {
      // What cannot be read opens nothing.
      this.#byId = new Map();
      this.#changedAt = undefined;
      this.#readAt = 0;
      if (!this.#isFailing) this.#onEvent({ event: 'service-tokens-failed', ...nameError(error) });
      this.#isFailing = true;
    }
  }

  close(): void {
    clearInterval(this.#polling);
  }
}
