// Assembles a filter file from its pieces: bounds it before buffering, hashes it as it arrives, and
// opens it at the end.

import type { SealKey } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  createFilterSeal,
  FILTER_HEADER_BYTES,
  type FilterHeader,
  filterFileBytes,
  openFilter,
  type PasswordFilter,
  parseFilterHeader,
} from '../../protocol/password-filter.ts';
import { SEAL_BYTES } from '../../protocol/seal.ts';
import { lookupFailure } from '../errors.ts';

/**
 * Reads a whole filter and verifies its seal.
 * @param maxBytes of the file
 * @param assertWanted rejects an unwanted filter by its header, before the rest is read
 * @throws LookupError `FILTER_TOO_LARGE`, `FILTER_MALFORMED`, `FILTER_FORGED`, or the error of
 *   `pieces`
 */
export async function assembleFilter(
  pieces: AsyncIterable<Uint8Array>,
  sealKey: SealKey,
  maxBytes: number,
  assertWanted: (header: FilterHeader) => void,
): Promise<PasswordFilter> {
  const seal = createFilterSeal(sealKey);
  let file = new Uint8Array(FILTER_HEADER_BYTES);
  let filled = 0;
  let hashed = 0;
  const take = (piece: Uint8Array): void => {
    for (let at = 0; at < piece.length; ) {
      if (filled === file.length) {
        if (file.length > FILTER_HEADER_BYTES) throw lookupFailure('FILTER_MALFORMED', { detail: 'it is too long' });
        const header = parseFilterHeader(file);
        assertWanted(header);
        file = allocate(file, filterFileBytes(header.blocks), maxBytes);
      }
      const part = piece.subarray(at, at + file.length - filled);
      file.set(part, filled);
      at += part.length;
      filled += part.length;
    }
    // The offset of the seal is unknown until the header is complete.
    const end = file.length === FILTER_HEADER_BYTES ? hashed : Math.min(filled, file.length - SEAL_BYTES);
    if (end > hashed) seal.update(file.subarray(hashed, end));
    hashed = end;
  };
  try {
    for await (const piece of pieces) take(piece);
    if (filled < file.length) throw lookupFailure('FILTER_MALFORMED', { detail: 'it is truncated' });
    return openFilter(file, seal.digest());
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw lookupFailure(cause.code === 'FILTER_FORGED' ? 'FILTER_FORGED' : 'FILTER_MALFORMED', { cause });
  }
}

/** A buffer for the whole file, starting with the header. */
function allocate(header: Uint8Array, bytes: number, maxBytes: number): Uint8Array<ArrayBuffer> {
  if (bytes > maxBytes) throw lookupFailure('FILTER_TOO_LARGE');
  try {
    const file = new Uint8Array(bytes);
    file.set(header);
    return file;
  } catch (cause) {
    // The platform cannot allocate that much.
    throw lookupFailure('FILTER_TOO_LARGE', { cause });
  }
}
