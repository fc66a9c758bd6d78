// Evaluations that the pinned key made: nothing of an answer is used before the linear check holds.
// PROTOCOL.md §16.

import type { BucketHash, EvaluatedElement, KeyId, PrfOutput, PrivateInput } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { BlindedInputs, Blinding } from '../engine.ts';
import { lookupFailure } from '../errors.ts';
import type { Snapshot } from '../publication/snapshot.ts';
import type { Deadline } from '../transport/deadline.ts';
import type { EvaluatorClient } from './evaluator-client.ts';
import type { Latch } from './latch.ts';

/** @returns the output of the input at a position of the request */
export type OutputAt = (position: number) => PrfOutput;

export interface Evaluator {
  /** @throws LookupError, `KEY_MISMATCH` for a wrong evaluation and from then on */
  evaluate(inputs: readonly PrivateInput[], deadline: Deadline): Promise<OutputAt>;
  /** Evaluates, and fetches an account bucket in the same round trip, not yet opened. */
  lookup(
    inputs: readonly PrivateInput[],
    snapshot: Snapshot,
    hash: BucketHash,
    deadline: Deadline,
  ): Promise<{ readonly outputAt: OutputAt; readonly body: Uint8Array }>;
  /** Another check may have caught the evaluator. @throws LookupError `KEY_MISMATCH` */
  assertTrusted(): void;
}

export function createEvaluator(
  client: EvaluatorClient,
  loadBlinding: () => Promise<Blinding>,
  latch: Latch,
  keyId: KeyId,
): Evaluator {
  const blind = async (inputs: readonly PrivateInput[], deadline: Deadline): Promise<BlindedInputs> => {
    latch.assertOpen(keyId);
    return (await deadline.race(loadBlinding)).blind(inputs);
  };
  const open = ({ open }: BlindedInputs, shares: readonly (readonly EvaluatedElement[])[]): OutputAt => {
    try {
      const outputAt = open(shares);
      latch.assertOpen(keyId);
      return remembering(outputAt);
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      if (cause.code !== 'EVALUATION_WRONG') throw lookupFailure('BODY_MALFORMED', { cause });
      latch.close(keyId);
      throw lookupFailure('KEY_MISMATCH', { cause, detail: 'an evaluation is wrong' });
    }
  };
  return {
    async evaluate(inputs, deadline) {
      const blinded = await blind(inputs, deadline);
      return open(blinded, await client.evaluate(blinded.blindedElements, deadline));
    },
    async lookup(inputs, snapshot, hash, deadline) {
      const blinded = await blind(inputs, deadline);
      const { evaluatedElements, body } = await client.lookup(blinded.blindedElements, snapshot, hash, deadline);
      return { outputAt: open(blinded, [evaluatedElements]), body };
    },
    assertTrusted: () => latch.assertOpen(keyId),
  };
}

/** Computes each output once. */
function remembering(outputAt: OutputAt): OutputAt {
  const outputs = new Map<number, PrfOutput>();
  return (position) => {
    const output = outputs.get(position) ?? outputAt(position);
    outputs.set(position, output);
    return output;
  };
}
