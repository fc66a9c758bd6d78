// @credveil/client/bloom-filters: a password filter in JSON of the npm package bloom-filters, for
// the option `passwordFilter`.

import { sha256 as createSha256 } from '@noble/hashes/sha2.js';
import { bloomElement, parseBloomJson } from '../protocol/bloom-json.ts';
import { toHex } from '../protocol/bytes.ts';
import { entryTag } from '../protocol/entry.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { isHex64 } from '../protocol/ids.ts';
import { LookupError, lookupFailure } from './errors.ts';
import type { VerifiedFilter, VerifiedFilterSource } from './filter-source.ts';

export type { VerifiedFilter, VerifiedFilterSource } from './filter-source.ts';

/**
 * What `createBloomFilterSource` takes.
 * @example
 * ```ts
 * import {
 *   type BloomFilterOptions,
 *   createBloomFilterSource,
 * } from '@credveil/client/bloom-filters';
 *
 * const options: BloomFilterOptions = { json, sha256 };
 * const source = createBloomFilterSource(options);
 * ```
 */
export interface BloomFilterOptions {
  /** The bytes of the file that `credveil export --filter FILE --as bloom-filters` wrote. */
  readonly json: Uint8Array;
  /**
   * Its SHA-256 as that command printed it: 64 hex digits. The file carries no signature, and an
   * emptied filter would make every password `clean`, so take the digest from where you take the
   * key, and not from beside the file.
   */
  readonly sha256: string;
}

/**
 * Reads a filter with the package bloom-filters, which the caller installs. It answers beside the
 * snapshot that it was exported from, and beside no other.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { createLeakChecker } from '@credveil/client';
 * import { createBloomFilterSource } from '@credveil/client/bloom-filters';
 *
 * const source = createBloomFilterSource({ json, sha256 });
 * const leaks = createLeakChecker({ url, key, passwordFilter: { source } });
 * const { entries } = await leaks.loadFilter();
 * console.log(entries > 0); // true
 * ```
 */
export function createBloomFilterSource({ json, sha256 }: BloomFilterOptions): VerifiedFilterSource {
  if (!(json instanceof Uint8Array)) throw malformed('json', 'not bytes', 'Pass the bytes of the file.');
  if (!isHex64(sha256))
    throw malformed('sha256', 'not 64 lower-case hex digits', 'Pass the digest that `credveil export` printed.');
  return {
    async load(heldVersion) {
      return heldVersion === sha256 ? undefined : { version: sha256, filter: await openFilter(json, sha256) };
    },
  };
}

async function openFilter(bytes: Uint8Array, sha256: string): Promise<VerifiedFilter> {
  if (toHex(createSha256(bytes)) !== sha256) throw lookupFailure('FILTER_FORGED');
  try {
    const json = parseBloomJson(bytes);
    const { BloomFilter } = await loadPackage();
    const filter = BloomFilter.fromJSON(json as unknown as JSON) as InstanceType<typeof BloomFilter>;
    return {
      ...json.credveil,
      bytes: Math.ceil(json._size / 8),
      mayHold: (output) => filter.has(bloomElement(entryTag(output))),
    };
  } catch (cause) {
    throw cause instanceof ProtocolError ? lookupFailure('FILTER_MALFORMED', { cause }) : cause;
  }
}

async function loadPackage() {
  const loaded = await import('bloom-filters');
  // A CommonJS package: what its names are depends on who loads it.
  return loaded.default ?? loaded;
}

function malformed(name: string, what: string, hint: string): LookupError {
  return new LookupError('OPTION_MALFORMED', `option ${name}: ${what}`, hint);
}
