// Assembles a filter file from its pieces: bounds it before buffering, hashes it as it arrives, and
// compares it with the statement at the end.

import { sha256 } from '@noble/hashes/sha2.js';
import type { LayerId } from '../../protocol/brands.ts';
import { toHex } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  decodeFilter,
  FILTER_HEADER_BYTES,
  filterFileBytes,
  type PasswordFilter,
  parseFilterHeader,
} from '../../protocol/password-filter.ts';
import type { Layer } from '../../protocol/signed/statement.ts';
import { lookupFailure } from '../errors.ts';

/** What the statement says of the filter. */
export type WantedFilter = NonNullable<Layer['filter']>;

/**
 * Reads a whole filter and verifies its digest.
 * @throws LookupError `FILTER_TOO_LARGE`, `FILTER_MALFORMED`, `FILTER_OTHER`, `FILTER_FORGED`, or
 *   the error of `pieces`
 */
export async function assembleFilter(
  pieces: AsyncIterable<Uint8Array>,
  layer: LayerId,
  wanted: WantedFilter,
): Promise<PasswordFilter> {
  const hash = sha256.create();
  let file = new Uint8Array(FILTER_HEADER_BYTES);
  let filled = 0;
  const take = (piece: Uint8Array): void => {
    for (let at = 0; at < piece.length; ) {
      if (filled === file.length) {
        if (file.length > FILTER_HEADER_BYTES) throw lookupFailure('FILTER_MALFORMED', { detail: 'it is too long' });
        const header = parseFilterHeader(file);
        // Not verified yet: it only decides how the refusal is called.
        if (header.layer !== layer) throw lookupFailure('FILTER_OTHER');
        if (filterFileBytes(header.blocks) !== wanted.bytes) throw lookupFailure('FILTER_FORGED');
        file = allocate(file, wanted.bytes);
      }
      const part = piece.subarray(at, at + file.length - filled);
      file.set(part, filled);
      hash.update(part);
      at += part.length;
      filled += part.length;
    }
  };
  try {
    for await (const piece of pieces) take(piece);
    if (filled < file.length || filled < wanted.bytes)
      throw lookupFailure('FILTER_MALFORMED', { detail: 'it is truncated' });
    if (toHex(hash.digest()) !== wanted.sha256) throw lookupFailure('FILTER_FORGED');
    return decodeFilter(file);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw lookupFailure('FILTER_MALFORMED', { cause });
  }
}

/** A buffer for the whole file, starting with the header. */
function allocate(header: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  try {
    const file = new Uint8Array(bytes);
    file.set(header);
    return file;
  } catch (cause) {
    // The platform cannot allocate that much.
    throw lookupFailure('FILTER_TOO_LARGE', { cause });
  }
}
