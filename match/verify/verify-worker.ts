// A worker thread of a match: verifies candidates against hashes, one after another.

import { parentPort, workerData } from 'node:worker_threads';
import { variantsOf } from '../candidates/variants.ts';
import { parseDescription } from '../hashes/description.ts';
import { type HashOptions, parseHash } from '../hashes/parse-hash.ts';
import { type HashLimits, isFault, type StoredHash } from '../hashes/stored-hash.ts';
import type { PassName } from '../state/state-folder.ts';

/** Plain values, for threads. The pepper is passed in memory only. */
export interface VerifySettings {
  readonly limits: HashLimits;
  readonly description: string | undefined;
  readonly pepper: Uint8Array | undefined;
}

export interface VerifyItem {
  readonly sequence: number;
  readonly account: number;
  readonly source: number;
  readonly hash: string;
  readonly salt: string;
  readonly password: Uint8Array;
}

export interface VerifyTask {
  readonly pass: PassName;
  /** The half-open range of sequences that the task settles. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly VerifyItem[];
}

export interface VerifyResult {
  readonly pass: PassName;
  readonly from: number;
  readonly to: number;
  /** The items that fit, by their place in the task. */
  readonly fits: readonly number[];
  /** Accounts whose hash the library refused, although it was parsed. */
  readonly failed: readonly number[];
}

export function hashOptionsOf({ limits, description, pepper }: VerifySettings): HashOptions {
  return {
    limits,
    ...(description !== undefined && { description: parseDescription(description) }),
    ...(pepper && { pepper: Buffer.from(pepper) }),
  };
}

const isWorker = parentPort !== null && (workerData as { match?: true } | undefined)?.match === true;
if (isWorker) listen(hashOptionsOf((workerData as { settings: VerifySettings }).settings));

function listen(options: HashOptions): void {
  /** The candidates of an account follow one another. */
  let last: { readonly account: number; readonly hash: StoredHash } | undefined;
  const hashFor = ({ account, hash, salt }: VerifyItem): StoredHash => {
    if (last?.account === account) return last.hash;
    const parsed = parseHash(hash, salt, options);
    // The table took it for one that can be verified, under the same options.
    if (isFault(parsed)) throw new Error(`a hash became ${parsed}`);
    last = { account, hash: parsed };
    return parsed;
  };
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
}

function fitsHash(hash: StoredHash, pass: PassName, password: Uint8Array): boolean {
  if (pass === 'exact') return hash.verify(password);
  return variantsOf(Buffer.from(password).toString('utf8')).some((text) => hash.verify(Buffer.from(text)));
}
