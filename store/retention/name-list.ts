// The names that a dataset treats apart: persons whose credentials it leaves out. A name is kept as
// a keyed hash, in a file that the dataset's key seals. PROTOCOL.md §12.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { NormalizedPassword, NormalizedUsername } from '../../protocol/brands.ts';

/** `suppressed`: a person; `planted`: a marked account in the operator's own user table. */
export type NameKind = 'suppressed' | 'planted';

/** What anyone who can read the file may know of a name. */
export interface ListedName {
  readonly kind: NameKind;
  /** The day, YYYY-MM-DD, in UTC. */
  readonly added: string;
  /** Of a planted account. */
  readonly id?: string;
}

export const LIST_KEY_BYTES = 32;
/** Of an HMAC-SHA-256. */
export const MARK_BYTES = 16;

export interface KeptName extends ListedName {
  readonly mark: Uint8Array;
  /**
   * Hash, tag and seed of the name's entry. Undefined if the name was taken over from the dataset
   * of another key.
   */
  readonly entry?: Uint8Array;
  /** Of a planted account: the mark of its name with its password. */
  readonly pairMark?: Uint8Array;
  /** Of a planted account, as `entry`: that of its name with its password. */
  readonly pairEntry?: Uint8Array;
}

/** What the threads of an ingest need. */
export interface NameMarks {
  readonly key: Uint8Array;
  readonly names: readonly Pick<KeptName, 'kind' | 'id' | 'mark' | 'pairMark'>[];
}

const NAME = 1;
const PAIR = 2;

/** The message of a name's mark: a byte that no pair's begins with, and the normalized name. */
export const NAME_MESSAGE_PREFIX = NAME;

export function pairMessage(username: Uint8Array, password: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5);
  head[0] = PAIR;
  head.writeUInt32BE(username.length, 1);
  return Buffer.concat([head, username, password]);
}

/** Names under one random key, which outlives the key of the dataset. */
export class NameList {
  readonly #key: Uint8Array;
  /** By kind and mark, in the order of their addition. */
  readonly #names: Map<string, KeptName>;

  constructor(key: Uint8Array = randomBytes(LIST_KEY_BYTES), names: readonly KeptName[] = []) {
    this.#key = key;
    this.#names = new Map(names.map((name) => [placeOf(name.kind, name.mark), name]));
  }

  /** Public: tells lists apart. 16 hex digits. */
  get id(): string {
    return createHmac('sha256', this.#key).update('credveil name list').digest('hex').slice(0, 16);
  }

  get names(): readonly KeptName[] {
    return [...this.#names.values()];
  }

  of(kind: NameKind): readonly KeptName[] {
    return this.names.filter((name) => name.kind === kind);
  }

  /** Undefined if there are no names: nothing is looked up. */
  get marks(): NameMarks | undefined {
    return this.#names.size > 0 ? { key: this.#key, names: this.names } : undefined;
  }

  /** For the file alone. */
  revealKey(): Uint8Array {
    return this.#key;
  }

  /** Of all names: an ingest under other names reads its corpus again. 32 hex digits. */
  digest(): string {
    const lines = [...this.#names.keys()].sort().join('\n');
    return createHash('sha256').update(lines).digest('hex').slice(0, 32);
  }

  /**
   * @param entry of the username under the key of the dataset
   * @returns false if the name was suppressed before
   */
  suppress(username: NormalizedUsername, entry: Uint8Array, added: string): boolean {
    const mark = this.#markOf(username);
    const place = placeOf('suppressed', mark);
    const known = this.#names.get(place);
    this.#names.set(place, { kind: 'suppressed', added: known?.added ?? added, mark, entry });
    return known === undefined;
  }

  isSuppressed(username: NormalizedUsername): boolean {
    return this.#names.has(placeOf('suppressed', this.#markOf(username)));
  }

  /** @returns false if the name was not suppressed */
  release(username: NormalizedUsername): boolean {
    return this.#names.delete(placeOf('suppressed', this.#markOf(username)));
  }

  /**
   * Adds one of the names of an account.
   * @param entries of the name and the pair under the key of the dataset
   * @returns false if the name is planted already
   */
  plant(
    id: string,
    username: NormalizedUsername,
    password: NormalizedPassword,
    added: string,
    entries: Pick<KeptName, 'entry' | 'pairEntry'> = {},
  ): boolean {
    const mark = this.#markOf(username);
    const place = placeOf('planted', mark);
    if (this.#names.has(place)) return false;
    const pairMark = this.#digest(pairMessage(username, password));
    this.#names.set(place, { kind: 'planted', id, added, mark, pairMark, ...entries });
    return true;
  }

  /** @returns false if there is no planted account of this id */
  uproot(id: string): boolean {
    const found = this.of('planted').filter((name) => name.id === id);
    for (const { mark } of found) this.#names.delete(placeOf('planted', mark));
    return found.length > 0;
  }

  /**
   * Adds the names of the same list under another key of a dataset, whose entries differ.
   * @returns the number of those that are new
   */
  takeOver(names: readonly KeptName[]): number {
    const before = this.#names.size;
    for (const { entry: _, pairEntry: __, ...name } of names) {
      const place = placeOf(name.kind, name.mark);
      if (!this.#names.has(place)) this.#names.set(place, name);
    }
    return this.#names.size - before;
  }

  #markOf(username: NormalizedUsername): Uint8Array {
    return this.#digest(Buffer.concat([Buffer.of(NAME), username]));
  }

  #digest(message: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#key).update(message).digest().subarray(0, MARK_BYTES);
  }
}

const placeOf = (kind: NameKind, mark: Uint8Array): string => `${kind} ${Buffer.from(mark).toString('hex')}`;
