// A worker thread of a match: verifies candidates against hashes, one after another.

import { parentPort, workerData } from 'node:worker_threads';
import { variantsOf } from '../candidates/variants.ts';
import { parseHash } from '../hashes/parse-hash.ts';
import { isFault, type StoredHash } from '../hashes/stored-hash.ts';
import type { PassName } from '../state/journal.ts';
import {
  hashOptionsOf,
  type VerifyItem,
  type VerifyResult,
  type VerifySettings,
  type VerifyTask,
} from './verify-task.ts';

const options = hashOptionsOf(workerData as VerifySettings);
/** The candidates of an account follow one another. */
let last: { readonly account: number; readonly hash: StoredHash } | undefined;

function hashFor({ account, hash, salt }: VerifyItem): StoredHash {
  if (last?.account === account) return last.hash;
  const parsed = parseHash(hash, salt, options);
  // The table took it for one that can be verified, under the same options.
  if (isFault(parsed)) throw new Error(`a hash became ${parsed}`);
  last = { account, hash: parsed };
  return parsed;
}

function fitsHash(hash: StoredHash, pass: PassName, password: Uint8Array): boolean {
  if (pass === 'exact') return hash.verify(password);
  return variantsOf(Buffer.from(password).toString('utf8')).some((text) => hash.verify(Buffer.from(text)));
}

parentPort?.on('message', ({ pass, from, to, items }: VerifyTask) => {
  const fits: number[] = [];
  const failed = new Set<number>();
  const settled = new Set<number>();
  for (const [place, item] of items.entries()) {
    if (settled.has(item.account)) continue;
    try {
      if (!fitsHash(hashFor(item), pass, item.password)) continue;
      fits.push(place);
    } catch {
      // One account must not end the match of all others. It is reported.
      failed.add(item.account);
    }
    settled.add(item.account);
  }
  const result: VerifyResult = { pass, from, to, fits, failed: [...failed] };
  parentPort?.postMessage(result);
});
