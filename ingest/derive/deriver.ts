// Derives records from normalized credentials in batches. Each suite has an implementation.

import type { NormalizedUsername } from '../../protocol/brands.ts';

/** Copies its arguments, and hands records to the sorters by the next `flush` at the latest. */
export interface Deriver {
  /**
   * Adds a credential whose password is normalized. The username is bytes[usernameFrom,
   * usernameTo) of plain ASCII, trimmed, in any case; a negative usernameFrom means no username.
   */
  addBytes(
    bytes: Uint8Array,
    usernameFrom: number,
    usernameTo: number,
    passwordFrom: number,
    passwordTo: number,
    times: number,
  ): void;
  /** Adds a normalized credential. @returns false if a field is too long for an entry */
  add(username: Uint8Array | undefined, password: Uint8Array, times: number): boolean;
  /** Takes note of the name of an account whose password is none: such a line is a reject. */
  seeName?(username: NormalizedUsername): void;
  /** Derives the records of all pending credentials. */
  flush(): void;
}
