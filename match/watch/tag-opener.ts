// Opens watch tags. PROTOCOL.md §19.

import { createDecipheriv } from 'node:crypto';
import type { DatasetId, KeyId } from '../../protocol/brands.ts';
import { createKeySchedule, type DeriveMessageKey, GCM_TAG_BYTES } from '../../protocol/watch/hpke.ts';
import {
  decodeWatchedPairs,
  parseWatchTag,
  type TagFault,
  type WatchedPairs,
  type WatchTag,
  watchAad,
  watchInfo,
} from '../../protocol/watch/watch-tag.ts';
import type { WatchKey } from './watch-key.ts';

/** Why a tag says nothing of its account. */
export type UnreadReason =
  | TagFault
  | 'no-tag'
  | 'account-malformed'
  | 'other-watch-key'
  | 'other-dataset'
  | 'other-key'
  | 'altered-or-moved'
  | 'future-day';

/** A dataset, as its tags name it. */
export interface TagDataset {
  readonly dataset: DatasetId;
  readonly keyId: KeyId;
}

export class TagOpener {
  readonly #key: WatchKey;
  readonly #of: TagDataset;
  readonly #today: number;
  readonly #derive: DeriveMessageKey;

  /** @param today as days since 1970 */
  constructor(key: WatchKey, of: TagDataset, today: number) {
    this.#key = key;
    this.#of = of;
    this.#today = today;
    this.#derive = createKeySchedule(key.publicKey, watchInfo(of));
  }

  open(account: string, text: string): WatchedPairs | UnreadReason {
    if (text.trim() === '') return 'no-tag';
    const tag = parseWatchTag(text);
    if (typeof tag === 'string') return tag;
    const aad = watchAad(account);
    if (aad === undefined) return 'account-malformed';
    if (tag.watchKey !== this.#key.keyId) return 'other-watch-key';
    if (tag.dataset !== this.#of.dataset) return 'other-dataset';
    if (tag.keyId !== this.#of.keyId) return 'other-key';
    const plain = this.#unseal(tag, aad);
    if (plain === undefined) return 'altered-or-moved';
    const pairs = decodeWatchedPairs(plain);
    if (pairs === undefined) return 'malformed';
    // A clock that was wrong once would win over every later login.
    return pairs.day > this.#today + 1 ? 'future-day' : pairs;
  }

  #unseal({ enc, sealed }: WatchTag, aad: Uint8Array): Uint8Array | undefined {
    try {
      const { key, nonce } = this.#derive(this.#key.agree(enc), enc);
      const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: GCM_TAG_BYTES });
      decipher.setAAD(aad).setAuthTag(sealed.subarray(-GCM_TAG_BYTES));
      const plain = decipher.update(sealed.subarray(0, -GCM_TAG_BYTES));
      decipher.final();
      return plain;
    } catch {
      return undefined;
    }
  }
}
