// @credveil/client/sodium: the group operations of the `oprf` suite on libsodium, for the option
// `engine`.

import { createSodiumOprf as createOprf } from '../accel/oprf-sodium.ts';
import { loadRistretto255 } from '../accel/ristretto-sodium.ts';
import { createSodiumGroup } from '../accel/sodium-group.ts';
import type { Engine } from './engine.ts';
import { createAdditiveBlinding } from './oprf/additive-blinding.ts';

export type { Engine } from './engine.ts';

/**
 * Creates an engine on libsodium, whose WebAssembly is compiled once per process. Rejects if the
 * platform has no WebAssembly.
 * @example
 * ```ts
 * import { createLeakChecker } from '@credveil/client';
 * import { createSodiumOprf } from '@credveil/client/sodium';
 *
 * const leaks = createLeakChecker({ url, trust, engine: createSodiumOprf() });
 * const { status } = await leaks.check({ username, password });
 * console.log(status); // pair
 * ```
 */
export async function createSodiumOprf(): Promise<Engine> {
  const [oprf, ristretto] = await Promise.all([createOprf(), loadRistretto255()]);
  return {
    ...oprf,
    createBlinding: (publicKey) => createAdditiveBlinding(createSodiumGroup(ristretto, publicKey)),
  };
}
