// The cost of verifying evaluations: the linear check of every request against the proofs of RFC
// 9497, in the client and on the server.

import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { loadRistretto255 } from '../../accel/ristretto-sodium.ts';
import { createSodiumGroup } from '../../accel/sodium-group.ts';
import { type CheckedGroup, checkRequest } from '../../client-sdk/oprf/checked-request.ts';
import { createNobleGroup } from '../../client-sdk/oprf/noble-group.ts';
import type { BlindedElement } from '../../protocol/brands.ts';
import { drawLinearCheck, holdsLinearCheck, linearCheckElement } from '../../protocol/linear-check.ts';
import { createNobleOprf, type Oprf } from '../../protocol/oprf.ts';
import type { Figure } from '../harness/figure.ts';
import { type MicroTask, measureMicro } from '../harness/micro.ts';

/** Elements of a check without similar forms, and with them. */
const COUNTS = [3, 7] as const;

export async function measureLinearCheck(): Promise<Figure[]> {
  const [noble, sodium] = [createNobleOprf(), await createSodiumOprf()];
  const keys = sodium.deriveKeyPair(new Uint8Array(32).fill(7), new Uint8Array(0));
  const ristretto = await loadRistretto255();
  const elements = Array.from(
    { length: Math.max(...COUNTS) },
    (_, i) => ristretto.fromHash(ristretto.sha512(Uint8Array.of(i))) as BlindedElement,
  );
  const tasks: MicroTask[] = [];
  const add = <Element>(name: string, oprf: Oprf, group: CheckedGroup<Element>): void => {
    for (const count of COUNTS) {
      const sent = elements.slice(0, count);
      const blinded = sent.map((element) => group.decode(element));
      const secrets = drawLinearCheck(group, count);
      const check = group.encode(linearCheckElement(group, secrets, blinded)) as BlindedElement;
      const evaluated = sodium.blindEvaluate(keys.secretKey, [...sent, check]);
      const [answers, last] = [evaluated.slice(0, -1), evaluated.at(-1)];
      const decoded = answers.map((element) => group.decode(element));
      const decodedLast = group.decode(last as Uint8Array);
      const proof = sodium.prove(keys, sent);
      tasks.push(
        { name: `${count} elements, ${name}: make the linear check`, run: () => checkRequest(group, blinded) },
        {
          name: `${count} elements, ${name}: verify it`,
          run: () => holdsLinearCheck(group, secrets, decoded, decodedLast),
        },
        {
          name: `${count} elements, ${name}: verify a proof`,
          run: () => oprf.verifyProof(keys.publicKey, sent, answers, proof),
        },
      );
    }
  };
  add('noble', noble, createNobleGroup(keys.publicKey));
  add('libsodium', sodium, createSodiumGroup(ristretto, keys.publicKey));
  for (const count of COUNTS) {
    const sent = elements.slice(0, count);
    const evaluate = (more: number) => () =>
      sodium.blindEvaluate(keys.secretKey, [...sent, ...elements.slice(0, more)]);
    tasks.push(
      { name: `${count} elements, server: evaluate`, run: evaluate(0) },
      { name: `${count} elements, server: evaluate with the linear check`, run: evaluate(1) },
      { name: `${count} elements, server: prove`, run: () => sodium.prove(keys, sent) },
    );
  }
  return measureMicro(tasks);
}
