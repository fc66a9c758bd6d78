// Finds the accounts whose names a leaked pair has. It takes pairs as the parsers of corpora give
// them to a deriver.

import type { Deriver } from '../../ingest/derive/deriver.ts';
import { asciiNameKey, normalizedNameKey } from '../users/account-names.ts';
import type { UserTable } from '../users/user-table.ts';

/** Takes the leaked password of an account. The bytes may be reused. */
export type TakeCandidate = (account: number, password: Uint8Array) => void;

export class CandidateFinder implements Deriver {
  readonly #users: UserTable;
  readonly #take: TakeCandidate;
  /** The segment, and the same as a Buffer. */
  #bytes: Uint8Array | undefined;
  #view: Buffer = Buffer.alloc(0);
  /** Pairs looked up so far. */
  pairs = 0;

  constructor(users: UserTable, take: TakeCandidate) {
    this.#users = users;
    this.#take = take;
  }

  addBytes(
    bytes: Uint8Array,
    usernameFrom: number,
    usernameTo: number,
    passwordFrom: number,
    passwordTo: number,
  ): void {
    if (usernameFrom < 0) return;
    this.pairs++;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const name = this.#view.toString('latin1', usernameFrom, usernameTo).toLowerCase();
    this.#users.find(asciiNameKey(name), (account) => this.#take(account, bytes.subarray(passwordFrom, passwordTo)));
  }

  add(username: Uint8Array | undefined, password: Uint8Array): boolean {
    if (username === undefined) return true;
    this.pairs++;
    this.#users.find(normalizedNameKey(username), (account) => this.#take(account, password));
    return true;
  }

  flush(): void {}
}
