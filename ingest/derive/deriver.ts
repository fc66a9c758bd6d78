// From normalized credentials to records in the sorters, many at a time. One implementation for each suite.

/** Ends where it began: adding takes the bytes at once, the records come at the latest with `flush`. */
export interface Deriver {
  /**
   * Takes a credential of plain ASCII.
   * The username is bytes[usernameFrom, usernameTo), trimmed, in any case; none where usernameFrom < 0.
   */
  addAscii(
    bytes: Uint8Array,
    usernameFrom: number,
    usernameTo: number,
    passwordFrom: number,
    passwordTo: number,
    times: number,
  ): void;
  /** Takes a normalized credential. @returns false where a field is too long for any entry */
  add(username: Uint8Array | undefined, password: Uint8Array, times: number): boolean;
  /** Makes the records of all that was added. */
  flush(): void;
}
