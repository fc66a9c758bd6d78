// Watch tags for tests: made as the SDK makes them, and opened as `watch open` does.

import { randomBytes } from 'node:crypto';
import { TagOpener, type UnreadReason } from '../../match/watch/tag-opener.ts';
import type { WatchKey } from '../../match/watch/watch-key.ts';
import type { PrfOutput } from '../../protocol/brands.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { pairInput } from '../../protocol/private-input.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import {
  dayOf,
  encodeWatchedPairs,
  formatWatchTag,
  type WatchedPairs,
  watchAad,
  watchInfo,
} from '../../protocol/watch/watch-tag.ts';
import type { MadeDataset } from './dataset.ts';
import { sealWith } from './examples/watch-examples.ts';

type Of = Pick<MadeDataset, 'dataset'>;

export const TODAY = dayOf(Date.now());

const idsOf = ({ dataset: { id, parameters } }: Of) => ({ dataset: id, keyId: parameters.keyId });

export function openTag(key: WatchKey, of: Of, account: string, tag: string): WatchedPairs | UnreadReason {
  return new TagOpener(key, idsOf(of), TODAY).open(account, tag);
}

export interface Login {
  readonly account: string;
  readonly usernames: readonly string[];
  readonly password: string;
  /** Default: today. */
  readonly day?: number;
}

/** Makes tags of logins without a service. */
export function createTagger(key: Pick<WatchKey, 'keyId' | 'publicKey'>, of: Of, suite: KeyedSuite) {
  const ids = idsOf(of);
  return ({ account, usernames, password, day = TODAY }: Login): string => {
    const outputs = usernames.map(
      (name): PrfOutput => suite.evaluate(pairInput(normalizeUsername(name), normalizePassword(password))),
    );
    const aad = watchAad(account) as Uint8Array;
    const seal = sealWith(randomBytes(32), key.publicKey, watchInfo(ids), aad);
    const { enc, sealed } = seal(encodeWatchedPairs(day, outputs));
    return formatWatchTag({ ...ids, watchKey: key.keyId, enc, sealed });
  };
}
