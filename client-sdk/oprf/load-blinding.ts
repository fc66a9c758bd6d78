// Selects the blinding of a checker: that of the given engine, or the one on @noble/curves.

import type { PublicKey } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { Blinding } from '../engine.ts';
import { lookupFailure } from '../errors.ts';
import type { OprfSettings } from '../options.ts';

/**
 * Loads @noble/curves here, and only where it is needed, so that a caller with a key loads no
 * curve.
 * @throws LookupError (as a rejection) `STATEMENT_MALFORMED` if the key is not an element,
 *   `MODULE_FAILED` if the engine fails
 */
export async function loadBlinding({ engine }: OprfSettings, publicKey: PublicKey): Promise<Blinding> {
  try {
    if (engine) {
      const loaded = await engine;
      const own = loaded.createBlinding?.(publicKey);
      if (own) return own;
      const { createMultiplicativeBlinding } = await import('./multiplicative-blinding.ts');
      return createMultiplicativeBlinding(loaded, publicKey);
    }
    const { createNobleBlinding } = await import('./noble-blinding.ts');
    return createNobleBlinding(publicKey);
  } catch (cause) {
    if (cause instanceof ProtocolError)
      throw lookupFailure('STATEMENT_MALFORMED', { cause, detail: 'its key is not an element of the group' });
    throw lookupFailure('MODULE_FAILED', { cause, ...(engine && { detail: 'the option `engine`' }) });
  }
}
