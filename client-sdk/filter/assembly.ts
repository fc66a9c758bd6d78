// A filter file while its bytes come in: bounded before it is buffered, hashed on the way, opened at the end.

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
 * Reads a filter whole and checks its seal.
 * @param assertWanted looks at the header before more is read
 * @throws LookupError `FILTER_TOO_LARGE`, `FILTER_MALFORMED`, `FILTER_FORGED`, and what `pieces` throw
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
    // Until the header is whole, it is not known where the seal begins.
    const end = file.length === FILTER_HEADER_BYTES ? hashed : Math.min(filled, file.length - SEAL_BYTES);
    if (end > hashed) seal.update(file.subarray(hashed, end));
    hashed = end;
  };
  try {
    for await (const piece of pieces) take(piece);
    if (filled < file.length) throw lookupFailure('FILTER_MALFORMED', { detail: 'it is cut' });
    return openFilter(file, seal.digest());
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw lookupFailure(cause.code === 'FILTER_FORGED' ? 'FILTER_FORGED' : 'FILTER_MALFORMED', { cause });
  }
}

/** Room for the whole file, with the header in it. */
function allocate(header: Uint8Array, bytes: number, maxBytes: number): Uint8Array<ArrayBuffer> {
  if (bytes > maxBytes) throw lookupFailure('FILTER_TOO_LARGE');
  try {
    const file = new Uint8Array(bytes);
    file.set(header);
    return file;
  } catch (cause) {
    // More than the platform can give.
    throw lookupFailure('FILTER_TOO_LARGE', { cause });
  }
}
