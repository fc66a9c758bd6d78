// What a match sends to its threads, and gets back: plain values.

import { parseDescription } from '../hashes/description.ts';
import type { HashOptions } from '../hashes/parse-hash.ts';
import type { HashLimits } from '../hashes/stored-hash.ts';
import type { PassName } from '../state/journal.ts';

/** The pepper is passed in memory only. */
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
