// The accounts of a user table in memory: found by name, verified by hash.

import { createHash, hash as digestOf, type Hash } from 'node:crypto';
import { RejectCounter, type RejectCounts, type RejectReason } from '../../ingest/rejects.ts';
import { FingerprintSet } from '../fingerprint-set.ts';
import { type HashOptions, parseHash } from '../hashes/parse-hash.ts';
import { type HashFault, isFault } from '../hashes/stored-hash.ts';
import { AccountIndex } from './account-index.ts';
import { nameKey, namesIn } from './account-names.ts';
import { parseChangedMonth } from './changed.ts';
import { PackedTexts } from './packed-texts.ts';
import type { UserRow, UserSink } from './user-rows.ts';

/** Why an account cannot be matched. */
export type AccountFault = HashFault | 'no-name';

/** Accounts with hashes of one scheme and cost. */
export interface HashKind {
  readonly kind: string;
  readonly seconds: number;
  /** Longer passwords are not verified. */
  readonly maxPasswordBytes?: number | undefined;
  /** One of them, to measure the time of a verification. */
  readonly example: number;
  accounts: number;
}

const NONE = -1;
const MAX_FINGERPRINTS = 1 << 24;
const MAX_TEXT_LENGTH = 1 << 16;

export class UserTable implements UserSink {
  readonly #options: HashOptions;
  readonly #ids = new PackedTexts();
  readonly #hashes = new PackedTexts();
  readonly #salts = new PackedTexts();
  readonly #kindOf: number[] = [];
  readonly #faults = new Map<number, AccountFault>();
  readonly #kinds = new Map<string, number>();
  readonly #byName = new AccountIndex();
  readonly #rejects = new RejectCounter();
  readonly #known = new FingerprintSet(MAX_FINGERPRINTS);
  #distinct = 0;
  readonly #digest: Hash = createHash('sha256');
  readonly kinds: HashKind[] = [];
  readonly #changed: number[] = [];
  /** Accounts of which the month of the last change is known. */
  datedAccounts = 0;

  constructor(options: HashOptions) {
    this.#options = options;
  }

  get accounts(): number {
    return this.#ids.length;
  }

  /** Accounts by their ids: one with several hashes, or names on several rows, counts once. */
  get distinct(): number {
    return this.#distinct;
  }

  /** Rows that are no accounts. */
  get rejects(): RejectCounts {
    return this.#rejects.byReason();
  }

  get faults(): ReadonlyMap<number, AccountFault> {
    return this.#faults;
  }

  reject(reason: RejectReason): void {
    this.#rejects.add(reason);
    this.#digest.update(`${reason}\n`);
  }

  row({ id, names, hash, salt, changed }: UserRow): void {
    if (id === undefined || id.trim() === '') this.reject('missing-column');
    else if ([id, hash, salt, ...names].some((text) => (text?.length ?? 0) > MAX_TEXT_LENGTH)) this.reject('too-long');
    else {
      this.#add(id, names, hash, salt);
      this.#setChanged(changed);
    }
  }

  #add(id: string, names: UserRow['names'], hash: string | undefined, salt: string | undefined): void {
    this.#digest.update(`${JSON.stringify([id, names, hash, salt])}\n`);
    const account = this.#ids.length;
    this.#ids.add(id);
    if (this.#known.add(digestOf('sha256', id, 'buffer'))) this.#distinct++;
    this.#hashes.add(hash ?? '');
    this.#salts.add(salt ?? '');
    const keys = new Set(names.flatMap((name) => namesIn(name ?? '').map(nameKey)).filter((key) => key !== ''));
    for (const key of keys) this.#byName.add(key, account);
    const fault = this.#addHash(account, hash, salt) ?? (keys.size === 0 ? 'no-name' : undefined);
    if (fault) this.#faults.set(account, fault);
  }

  /** Of the account that was added last. */
  #setChanged(text: string | undefined): void {
    const month = text === undefined ? undefined : parseChangedMonth(text.trim());
    this.#changed.push(month ?? NONE);
    if (text !== undefined) this.#digest.update(`changed ${month}\n`);
    if (month !== undefined) this.datedAccounts++;
  }

  /** The month of the last change of its password, since 1970; undefined if it is not known. */
  changedMonthOf(account: number): number | undefined {
    const month = this.#changed[account] as number;
    return month === NONE ? undefined : month;
  }

  #addHash(account: number, hash: string | undefined, salt: string | undefined): HashFault | undefined {
    const parsed = parseHash(hash, salt, this.#options);
    if (isFault(parsed)) {
      this.#kindOf.push(NONE);
      return parsed;
    }
    let place = this.#kinds.get(parsed.kind);
    if (place === undefined) {
      const { kind, seconds, maxPasswordBytes } = parsed;
      place = this.kinds.push({ kind, seconds, maxPasswordBytes, example: account, accounts: 0 }) - 1;
      this.#kinds.set(kind, place);
    }
    (this.kinds[place] as HashKind).accounts++;
    this.#kindOf.push(place);
    return undefined;
  }

  idOf(account: number): string {
    return this.#ids.at(account);
  }

  hashOf(account: number): string {
    return this.#hashes.at(account);
  }

  saltOf(account: number): string {
    return this.#salts.at(account);
  }

  /** The place of its kind in `kinds`, or -1 for a hash that cannot be verified. */
  kindOf(account: number): number {
    return this.#kindOf[account] as number;
  }

  /** Calls `take` with each account of a name. @param key as account-names.ts makes it */
  find(key: string, take: (account: number) => void): void {
    this.#byName.find(key, take);
  }

  /** Of all rows, in their order. The table is complete. */
  digest(): Buffer {
    return this.#digest.copy().digest();
  }
}
