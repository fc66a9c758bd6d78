// The trailers of a request that an application gets.

import { type Pair, pairsOf } from '../header-pairs.ts';
import { isCredentialName } from './credential-names.ts';
import { kindOf } from './name-kind.ts';
import { isNeverNominated, lettersOf } from './reserved-names.ts';
import type { SetNames } from './set-names.ts';

/**
 * Some servers read trailers as headers: none may say what decides about the request or the
 * connection (RFC 9110 §6.5.1) or log somebody in, nor what a header of the same name says.
 * @param headers those that the application gets
 * @param setNames those that the gateway may set, whether it does or not
 */
export function requestTrailers(raw: readonly string[], headers: readonly string[], setNames: SetNames): Pair[] {
  const sent = new Set(pairsOf(headers).map(([name]) => lettersOf(name)));
  return pairsOf(raw).filter(([name]) => {
    const kind = kindOf(name);
    return (
      (kind === 'plain' || kind === 'odd') &&
      !isNeverNominated(name) &&
      !isCredentialName(name) &&
      !sent.has(lettersOf(name)) &&
      !setNames.has(name)
    );
  });
}
