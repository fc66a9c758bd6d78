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
      const { blind } = createNobleBlinding(publicKey);
      return {
        blind(inputs) {
          const { blindedElements, open } = blind(inputs);
          const observed = inputs.map(
            (input, i): ObservedInput => ({ input, blindedElement: blindedElements[i] as BlindedElement }),
          );
          observed.forEach(onBlinded);
          return {
            blindedElements,
            open(shares) {
              const outputAt = open(shares);
              return (position) => {
                const output = outputAt(position);
                Object.assign(observed[position] ?? {}, { output });
                return output;
              };
            },
          };
        },
      };
    },
  };
}
