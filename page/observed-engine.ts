// The SDK's own blinding, observed for display: inputs, blinded elements, outputs.

import type { Blinding, Engine } from '../client-sdk/engine.ts';
import type { BlindedElement, PrfOutput, PrivateInput } from '../protocol/brands.ts';

export interface ObservedInput {
  readonly input: PrivateInput;
  readonly blindedElement: BlindedElement;
  output?: PrfOutput;
}

/** Loads the curve. @param onBlinded called with each blinded input; its output follows later */
export async function createObservedEngine(onBlinded: (observed: ObservedInput) => void): Promise<Engine> {
  const [{ createNobleOprf }, { createNobleBlinding }] = await Promise.all([
    import('../protocol/oprf.ts'),
    import('../client-sdk/oprf/noble-blinding.ts'),
  ]);
  return {
    ...createNobleOprf(),
    createBlinding(publicKey): Blinding {
      const { blind, verifyProof } = createNobleBlinding(publicKey);
      return {
        verifyProof,
        blind(input) {
          const { blindedElement, finalize } = blind(input);
          const observed: ObservedInput = { input, blindedElement };
          onBlinded(observed);
          return {
            blindedElement,
            finalize(evaluatedElement) {
              const output = finalize(evaluatedElement);
              observed.output = output;
              return output;
            },
          };
        },
      };
    },
  };
}
