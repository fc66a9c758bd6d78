// Keeps the candidates that are worth a verification: each password of an account once, and of one
// source no more than the bound.

import { hash } from 'node:crypto';
import { FingerprintSet } from '../fingerprint-set.ts';
import type { Turn } from '../state/spool.ts';
import type { HashKind, UserTable } from '../users/user-table.ts';

/** Takes candidates in the order in which those of a turn are verified. */
export type WriteCandidate = (account: number, source: number, password: Uint8Array, turn: Turn) => void;

export interface Collected {
  readonly candidates: number;
  /** The same password of an account, in another line or source. */
  readonly duplicates: number;
  /** By the place of their kind in the user table. */
  readonly byKind: readonly number[];
  /** Candidates of each source. */
  readonly bySource: readonly number[];
  /** Accounts with more candidates than the bound, and candidates that were dropped for it. */
  readonly bounded: readonly (readonly [account: number, dropped: number])[];
  /** Passwords that are longer than any system takes, or the scheme of the account's hash. */
  readonly tooLong: number;
  /** Accounts without a hash to verify whose names stand in a source: the first one. */
  readonly unverifiable: readonly (readonly [account: number, source: number])[];
}

export const DEFAULT_MAX_CANDIDATES = 1000;
/** Of an account in a source: more than a person has in one leak. The others wait until last. */
const FIRST_TURN_CANDIDATES = 16;
/** No system in use takes longer passwords. */
const MAX_PASSWORD_BYTES = 4096;
/** 12 bytes each, in a table that is half empty. */
const MAX_FINGERPRINTS = 1 << 24;

export class CandidateCollector {
  readonly #users: UserTable;
  readonly #write: WriteCandidate;
  readonly #maxCandidates: number;
  readonly #seen = new FingerprintSet(MAX_FINGERPRINTS);
  /** The key of fingerprints, the account, and the password. */
  readonly #scratch: Buffer;
  readonly #keyBytes: number;
  readonly #dropped = new Map<number, number>();
  readonly #unverifiable = new Map<number, number>();
  readonly #byKind: number[];
  readonly #bySource: number[] = [];
  /** Candidates of the source, by account. */
  #ofSource = new Map<number, number>();
  #source = -1;
  #candidates = 0;
  #duplicates = 0;
  #tooLong = 0;

  /** @param key of fingerprints: a source must not choose what looks like a repetition */
  constructor(users: UserTable, key: Buffer, write: WriteCandidate, maxCandidates = DEFAULT_MAX_CANDIDATES) {
    this.#users = users;
    this.#write = write;
    this.#maxCandidates = maxCandidates;
    this.#byKind = users.kinds.map(() => 0);
    this.#keyBytes = key.length;
    this.#scratch = Buffer.concat([key, Buffer.alloc(4 + MAX_PASSWORD_BYTES)]);
  }

  beginSource(): void {
    this.#source++;
    this.#bySource.push(0);
    this.#ofSource = new Map();
  }

  add(account: number, password: Uint8Array): void {
    if (password.length === 0) return;
    const kind = this.#users.kindOf(account);
    if (kind < 0) {
      if (!this.#unverifiable.has(account)) this.#unverifiable.set(account, this.#source);
      return;
    }
    const { maxPasswordBytes = MAX_PASSWORD_BYTES } = this.#users.kinds[kind] as HashKind;
    if (password.length > Math.min(maxPasswordBytes, MAX_PASSWORD_BYTES)) {
      this.#tooLong++;
      return;
    }
    const count = this.#ofSource.get(account) ?? 0;
    // Before it is remembered: what is dropped is no repetition in another source.
    if (count >= this.#maxCandidates) {
      this.#dropped.set(account, (this.#dropped.get(account) ?? 0) + 1);
      return;
    }
    if (!this.#isNew(account, password)) {
      this.#duplicates++;
      return;
    }
    this.#ofSource.set(account, count + 1);
    this.#candidates++;
    this.#byKind[kind] = (this.#byKind[kind] as number) + 1;
    this.#bySource[this.#source] = (this.#bySource[this.#source] as number) + 1;
    this.#write(account, this.#source, password, count < FIRST_TURN_CANDIDATES ? 0 : 1);
  }

  #isNew(account: number, password: Uint8Array): boolean {
    const end = this.#keyBytes + 4 + password.length;
    this.#scratch.writeUInt32LE(account, this.#keyBytes);
    this.#scratch.set(password, this.#keyBytes + 4);
    return this.#seen.add(hash('sha256', this.#scratch.subarray(0, end), 'buffer'));
  }

  finish(): Collected {
    return {
      candidates: this.#candidates,
      duplicates: this.#duplicates,
      byKind: this.#byKind,
      bySource: this.#bySource,
      bounded: [...this.#dropped],
      tooLong: this.#tooLong,
      unverifiable: [...this.#unverifiable],
    };
  }
}
