// The opened tags of all accounts: a sink for the rows of TAGS.

import { createHash } from 'node:crypto';
import { RejectCounter, type RejectCounts, type RejectReason } from '../../ingest/rejects.ts';
import { TAG_AND_SEED_BYTES } from '../../protocol/entry.ts';
import { MAX_WATCHED_PAIRS, type WatchedPairs } from '../../protocol/watch/watch-tag.ts';
import { PackedTexts } from '../users/packed-texts.ts';
import type { UserRow, UserSink } from '../users/user-rows.ts';
import { GrowingBytes, GrowingNumbers } from './growing.ts';
import type { TagOpener, UnreadReason } from './tag-opener.ts';

/** Names an account and its tag in the state, and tells nothing of either. */
export const FINGERPRINT_BYTES = 16;
/** A longer account id is listed by its beginning. */
const MAX_LISTED = 1024;

export interface UnreadRow {
  readonly account: string;
  readonly reason: UnreadReason | 'too-many-pairs' | 'expired';
}

/** A copy: a part of a text keeps all of it in memory. */
const listed = (id: string): string => (id.length > MAX_LISTED ? Buffer.from(id.slice(0, MAX_LISTED)).toString() : id);

const fingerprintOf = (account: string, tag: string): Buffer =>
  createHash('sha256').update(`${account}\0${tag.trim()}`).digest().subarray(0, FINGERPRINT_BYTES);

export class TagTable implements UserSink {
  readonly #opener: TagOpener;
  /** Tags of an earlier day are expired. */
  readonly #firstDay: number;
  readonly #ids = new PackedTexts();
  readonly #byId = new Map<string, number>();
  /** Of each account. */
  readonly #latest = new GrowingNumbers();
  /** Of each tag. */
  readonly #account = new GrowingNumbers();
  readonly #day = new GrowingNumbers();
  readonly #fingerprints = new GrowingBytes(FINGERPRINT_BYTES);
  /** Of each entry: its bytes and its tag. */
  readonly #entries = new GrowingBytes(TAG_AND_SEED_BYTES);
  readonly #tagOf = new GrowingNumbers();
  readonly #crowded = new Set<number>();
  readonly #unread: UnreadRow[] = [];
  readonly #rejects = new RejectCounter();
  #rows = 0;

  /** @param firstDay as days since 1970 */
  constructor(opener: TagOpener, firstDay = 0) {
    this.#opener = opener;
    this.#firstDay = firstDay;
  }

  reject(reason: RejectReason): void {
    this.#rejects.add(reason);
  }

  row({ id, hash: tag = '' }: UserRow): void {
    if (id === undefined || id === '') {
      this.reject('missing-column');
      return;
    }
    this.#rows++;
    const opened = this.#opener.open(id, tag);
    if (typeof opened === 'string') this.#unread.push({ account: listed(id), reason: opened });
    else this.#add(id, tag, opened);
  }

  #add(id: string, tag: string, { day, pairs, entries }: WatchedPairs): void {
    const account = this.#accountOf(id);
    if (day > this.#latest.at(account)) this.#latest.set(account, day);
    const number = this.#account.length;
    this.#account.add(account);
    this.#day.add(day);
    this.#fingerprints.add(fingerprintOf(id, tag));
    if (pairs > MAX_WATCHED_PAIRS) this.#crowded.add(number);
    for (const entry of entries) {
      this.#entries.add(entry);
      this.#tagOf.add(number);
    }
  }

  #accountOf(id: string): number {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const account = this.#ids.length;
    this.#ids.add(id);
    this.#byId.set(id, account);
    this.#latest.add(0);
    return account;
  }

  /** Of all rows with an account. */
  get rows(): number {
    return this.#rows;
  }

  get accounts(): number {
    return this.#ids.length;
  }

  /** Tags that were opened, of whatever day. */
  get tags(): number {
    return this.#account.length;
  }

  get rejects(): RejectCounts {
    return this.#rejects.byReason();
  }

  idOf(account: number): string {
    return this.#ids.at(account);
  }

  accountOf(tag: number): number {
    return this.#account.at(tag);
  }

  fingerprintOf(tag: number): Buffer {
    return this.#fingerprints.at(tag);
  }

  /** Whether the tag stands for its account: it is of the latest day, and not expired. */
  isCurrent(tag: number): boolean {
    const day = this.#day.at(tag);
    return day >= this.#firstDay && day === this.#latest.at(this.#account.at(tag));
  }

  isExpired(tag: number): boolean {
    return this.#day.at(tag) < this.#firstDay;
  }

  /** Calls `take` with each entry of a current tag. */
  eachEntry(take: (entry: Buffer, tag: number) => void): void {
    for (let i = 0; i < this.#entries.length; i++) {
      const tag = this.#tagOf.at(i);
      if (this.isCurrent(tag)) take(this.#entries.at(i), tag);
    }
  }

  /** In the order of the rows, then those whose tag was opened and says not all. */
  unread(): UnreadRow[] {
    const expired: UnreadRow[] = [];
    for (let account = 0; account < this.accounts; account++)
      if (this.#latest.at(account) < this.#firstDay) expired.push({ account: this.idOf(account), reason: 'expired' });
    const crowded = [...this.#crowded]
      .filter((tag) => this.isCurrent(tag))
      .map((tag): UnreadRow => ({ account: this.idOf(this.accountOf(tag)), reason: 'too-many-pairs' }));
    return [...this.#unread, ...crowded, ...expired];
  }
}
