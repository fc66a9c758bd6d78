// Additive blinding on @noble/curves: the default of a checker.

import type { PublicKey } from '../../protocol/brands.ts';
import type { Blinding } from '../engine.ts';
import { createAdditiveBlinding } from './additive-blinding.ts';
import { createNobleGroup } from './noble-group.ts';

/** Precomputes its tables, which takes about 30 ms. @throws ProtocolError `ELEMENT_*` */
export function createNobleBlinding(publicKey: PublicKey): Blinding {
  return createAdditiveBlinding(createNobleGroup(publicKey));
}
