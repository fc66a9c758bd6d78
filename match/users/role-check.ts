// Whether the columns of a user table hold what their roles promise: a swapped pair finds nothing,
// and looks like a table in which nothing leaked.

import type { RejectReason } from '../../ingest/rejects.ts';
import type { UserRow, UserSink } from './user-rows.ts';

const ADDRESS = /^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$/;
/** On longer texts the expression takes quadratic time. */
const MAX_ADDRESS = 512;
const isAddress = (text: string): boolean => text.length <= MAX_ADDRESS && ADDRESS.test(text);
/** No person has such a name; ids of 32 hex digits are usual. */
const HASH = /^\s*(?:\$[\w-]{1,16}\$|\{[A-Z][\w.-]*\}|(?:pbkdf2|scrypt|bcrypt|argon2)[\w:]*\$)/;
const HALF = 0.5;

/** Passes rows on. */
export class RoleCheck implements UserSink {
  readonly #sink: UserSink;
  #rows = 0;
  #addressIds = 0;
  #addressNames = 0;
  #hashIds = 0;
  #hashNames = 0;

  constructor(sink: UserSink) {
    this.#sink = sink;
  }

  reject(reason: RejectReason): void {
    this.#sink.reject(reason);
  }

  row(row: UserRow): void {
    const { id = '', names } = row;
    this.#rows++;
    if (isAddress(id)) this.#addressIds++;
    if (HASH.test(id)) this.#hashIds++;
    if (names.some((name) => name !== undefined && isAddress(name))) this.#addressNames++;
    if (names.some((name) => name !== undefined && HASH.test(name))) this.#hashNames++;
    this.#sink.row(row);
  }

  /** What looks wrong. */
  remarks(): string[] {
    const isMost = (count: number): boolean => count > HALF * this.#rows;
    return [
      ...(isMost(this.#addressIds) && this.#addressNames === 0
        ? ['the ids are e-mail addresses, and no name is one: are id and email swapped?']
        : []),
      ...(isMost(this.#hashNames) ? ['the usernames or addresses are hashes: are their columns swapped?'] : []),
      ...(isMost(this.#hashIds) ? ['the ids are hashes, and results show ids: is the column right?'] : []),
    ];
  }
}
