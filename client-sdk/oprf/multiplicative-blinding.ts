// Blind and Finalize of RFC 9497 §3.3 on any engine, with the linear check on @noble/curves.

import type { BlindedElement, EvaluatedElement, PublicKey } from '../../protocol/brands.ts';
import type { Oprf } from '../../protocol/oprf.ts';
import type { Blinding } from '../engine.ts';
import { checkRequest } from './checked-request.ts';
import { createNobleGroup } from './noble-group.ts';

/** @throws ProtocolError `ELEMENT_*` if the key is not an element of the group */
export function createMultiplicativeBlinding(oprf: Oprf, publicKey: PublicKey): Blinding {
  const group = createNobleGroup(publicKey);
  return {
    blind(inputs) {
      const blinded = inputs.map((input) => ({ input, ...oprf.blind(input) }));
      const { blindedElements, open } = checkRequest(
        group,
        blinded.map(({ blindedElement }) => group.decode(blindedElement)),
      );
      const [check] = blindedElements.slice(-1);
      return {
        blindedElements: [...blinded.map(({ blindedElement }) => blindedElement), check as BlindedElement],
        open(shares) {
          const evaluated = open(shares);
          return (position) => {
            const of = blinded[position];
            const element = evaluated[position];
            if (!of || !element) throw new RangeError('no input has this position');
            return oprf.finalize(of.input, of.blind, group.encode(element) as EvaluatedElement);
          };
        },
      };
    },
  };
}
