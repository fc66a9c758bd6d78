// Which accounts stand in which sources of a dataset, without a corpus at hand: their names are
// derived as an ingest derives usernames, and looked up in the run of each source.

import { RejectCounter, type RejectCounts, type RejectReason } from '../../ingest/rejects.ts';
import type { NormalizedUsername } from '../../protocol/brands.ts';
import { writeU32 } from '../../protocol/bytes.ts';
import { TAG_AND_SEED_BYTES } from '../../protocol/entry.ts';
import { isTooLong, normalizeUsername } from '../../protocol/normalize.ts';
import { EntryKind, MAX_FIELD_BYTES, usernameInput } from '../../protocol/private-input.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { createUsernameRewrite } from '../../protocol/username-rules.ts';
import type { DatasetParameters } from '../../store/dataset-parameters.ts';
import type { NameList } from '../../store/retention/name-list.ts';
import { KEY_BYTES, KIND_AT, RECORD_BYTES, TAG_AT } from '../../store/run/record.ts';
import type { Run } from '../../store/run/run.ts';
import { AccountIndex } from '../users/account-index.ts';
import { namesIn } from '../users/account-names.ts';
import { PackedTexts } from '../users/packed-texts.ts';
import type { UserRow, UserSink } from '../users/user-rows.ts';
import { readAccounts } from './username-runs.ts';

export interface NameRow {
  readonly account: string;
  readonly source: string;
  readonly date: string | null;
  readonly match: 'name';
}

/** In place of a key, which has KEY_BYTES. */
const SUPPRESSED = '';

/** The names of accounts as the keys of their entries. */
export class DatasetNames implements UserSink {
  readonly #suite: KeyedSuite;
  readonly #rewrite: (name: NormalizedUsername) => NormalizedUsername;
  readonly #ids = new PackedTexts();
  readonly #rejects = new RejectCounter();
  readonly #byKey = new AccountIndex();
  readonly #key = Buffer.alloc(TAG_AT + TAG_AND_SEED_BYTES);
  readonly #list: NameList | undefined;
  /** Accounts without a name that an entry can have. */
  readonly nameless: string[] = [];

  /** @param list of the dataset: suppressed names are not found */
  constructor(suite: KeyedSuite, { usernameRules = [] }: DatasetParameters, list?: NameList) {
    this.#list = list;
    this.#suite = suite;
    this.#rewrite = usernameRules.length > 0 ? createUsernameRewrite(usernameRules) : (name) => name;
  }

  get accounts(): number {
    return this.#ids.length;
  }

  get rejects(): RejectCounts {
    return this.#rejects.byReason();
  }

  reject(reason: RejectReason): void {
    this.#rejects.add(reason);
  }

  row({ id, names }: UserRow): void {
    if (id === undefined || id.trim() === '' || id.length > MAX_FIELD_BYTES) {
      this.reject('missing-column');
      return;
    }
    const account = this.#ids.length;
    this.#ids.add(id);
    const all = names.flatMap((name) => namesIn(name ?? ''));
    const keys = new Set(all.map((name) => this.#keyOf(name)).filter((key) => key !== undefined));
    if (keys.size === 0) this.nameless.push(id);
    for (const key of keys) if (key !== SUPPRESSED) this.#byKey.add(key, account);
  }

  #keyOf(name: string): string | undefined {
    if (isTooLong(name)) return undefined;
    const username = this.#rewrite(normalizeUsername(name));
    if (username.length === 0 || username.length > MAX_FIELD_BYTES) return undefined;
    if (this.#list?.isSuppressed(username)) return SUPPRESSED;
    writeU32(this.#key, 0, this.#suite.accountBucketHash(username));
    this.#key.set(this.#suite.evaluate(usernameInput(username)).subarray(0, TAG_AND_SEED_BYTES), TAG_AT);
    return this.#key.toString('latin1', 0, KEY_BYTES);
  }

  /** Reads the whole run. @throws StoreError `RUN_CORRUPT` */
  findIn(run: Run): NameRow[] {
    const found = new Set<number>();
    readAccounts(run, (block) => this.#look(block, found));
    const { source, date = null } = run.facts;
    const accounts = [...found].sort((a, b) => a - b);
    // An id may have several rows.
    const ids = new Set(accounts.map((account) => this.#ids.at(account)));
    return [...ids].map((account) => ({ account, source, date, match: 'name' }));
  }

  #look(block: Uint8Array, found: Set<number>): void {
    const records = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    const take = (account: number) => found.add(account);
    for (let at = 0; at < records.length; at += RECORD_BYTES) {
      if (records[at + KIND_AT] !== EntryKind.username) continue;
      this.#byKey.find(records.toString('latin1', at, at + KEY_BYTES), take);
    }
  }
}
