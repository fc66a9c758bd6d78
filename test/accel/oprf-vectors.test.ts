// The RFC 9497 test vectors for ristretto255-SHA512, modes OPRF and VOPRF, in both implementations:
// each vector as a whole, then byte by byte.

import { describe, expect, test } from 'vitest';
import type { EvaluatedElement, Proof } from '../../protocol/brands.ts';
import type { Oprf, OprfMode } from '../../protocol/oprf.ts';
import { createEngines, type Engines, fromHex, outcome, readVectors, toHex } from '../support/oprf-engines.ts';

/** As the RFC's allVectors.json has them: hex, a batch separated by commas. */
interface Vector {
  readonly Batch: number;
  readonly Blind: string;
  readonly BlindedElement: string;
  readonly EvaluationElement: string;
  readonly Input: string;
  readonly Output: string;
  readonly Proof?: { readonly proof: string; readonly r: string };
}

interface VectorSet {
  readonly mode: number;
  readonly seed: string;
  readonly keyInfo: string;
  readonly skSm: string;
  readonly pkSm?: string;
  readonly vectors: readonly Vector[];
}

const sets = readVectors('rfc9497-ristretto255-sha512.json') as readonly VectorSet[];
const modeOf = ({ mode }: VectorSet): OprfMode => (mode === 0 ? 'oprf' : 'voprf');
const batch = <T extends Uint8Array>(hex: string): T[] => hex.split(',').map((item) => fromHex<T>(item));

const created = new Map<OprfMode, Engines>();
for (const set of sets) created.set(modeOf(set), await createEngines(modeOf(set)));
const engine = (mode: OprfMode, name: keyof Engines): Oprf => (created.get(mode) as Engines)[name];

test('the file of vectors contains both modes and batches', () => {
  expect(sets.map((set) => [modeOf(set), set.vectors.map(({ Batch }) => Batch)])).toEqual([
    ['oprf', [1, 1]],
    ['voprf', [1, 1, 2]],
  ]);
});

describe.each(['noble', 'libsodium'] as const)('RFC 9497, %s', (name) => {
  describe.each(sets.map((set) => [modeOf(set), set] as const))('mode %s', (mode, set) => {
    test('the engine derives the key pair of the vectors', () => {
      const keys = engine(mode, name).deriveKeyPair(fromHex(set.seed), fromHex(set.keyInfo));
      expect(toHex(keys.secretKey)).toBe(set.skSm);
      if (set.pkSm) expect(toHex(keys.publicKey)).toBe(set.pkSm);
      expect(engine(mode, name).publicKey(keys.secretKey)).toEqual(keys.publicKey);
    });

    test.each(set.vectors.map((vector, i) => [i + 1, vector] as const))(
      'the engine computes vector %i',
      (_, vector) => {
        const oprf = engine(mode, name);
        const inputs = batch<Parameters<Oprf['blind']>[0]>(vector.Input);
        const blinds = batch<Parameters<Oprf['finalize']>[1]>(vector.Blind);
        const blinded = inputs.map((input, i) => oprf.blind(input, blinds[i]));
        expect(blinded.map(({ blind }) => blind)).toEqual(blinds);
        const blindedElements = blinded.map(({ blindedElement }) => blindedElement);
        expect(blindedElements.map(toHex).join()).toBe(vector.BlindedElement);

        const evaluated = oprf.blindEvaluate(fromHex(set.skSm), blindedElements);
        expect(evaluated.map(toHex).join()).toBe(vector.EvaluationElement);

        const finalized = evaluated.map((element, i) =>
          oprf.finalize(inputs[i] as (typeof inputs)[0], blinds[i] as (typeof blinds)[0], element),
        );
        expect(finalized.map(toHex).join()).toBe(vector.Output);
        expect(inputs.map((input) => toHex(oprf.evaluate(fromHex(set.skSm), input))).join()).toBe(vector.Output);

        if (!vector.Proof || !set.pkSm) return;
        const keys = { secretKey: fromHex(set.skSm), publicKey: fromHex(set.pkSm) } as ReturnType<
          Oprf['deriveKeyPair']
        >;
        const proof = oprf.prove(keys, blindedElements, fromHex(vector.Proof.r));
        expect(toHex(proof)).toBe(vector.Proof.proof);
        expect(oprf.verifyProof(keys.publicKey, blindedElements, evaluated, proof)).toBeUndefined();
      },
    );
  });
});

describe('altered proofs and elements', () => {
  const proved = sets.flatMap(({ pkSm, vectors }) =>
    vectors.flatMap((vector) => (pkSm && vector.Proof ? [{ ...vector, pkSm, proof: vector.Proof.proof }] : [])),
  );
  const flip = (hex: string, at: number): string => {
    const bytes = Buffer.from(hex, 'hex');
    bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
    return bytes.toString('hex');
  };

  test.each(proved.map((vector, i) => [i + 1, vector] as const))(
    'both engines reject an altered byte anywhere in proof, elements or public key of vector %i',
    (_, vector) => {
      const verify = (oprf: Oprf, message: string): string => {
        const [proof = '', evaluated = '', blinded = '', publicKey = ''] = message.split(' ');
        const list = <T extends Uint8Array>(hex: string): T[] =>
          (hex.match(/.{64}/g) ?? []).map((one) => fromHex<T>(one));
        return outcome(() =>
          oprf.verifyProof(fromHex(publicKey), list(blinded), list<EvaluatedElement>(evaluated), fromHex<Proof>(proof)),
        );
      };
      const parts = [vector.proof, vector.EvaluationElement, vector.BlindedElement, vector.pkSm].map((part) =>
        part.replaceAll(',', ''),
      );
      const noble = engine('voprf', 'noble');
      const libsodium = engine('voprf', 'libsodium');
      expect([verify(noble, parts.join(' ')), verify(libsodium, parts.join(' '))]).toEqual(['done', 'done']);
      const codes = new Set<string>();
      for (const [i, part] of parts.entries())
        for (let at = 0; at < part.length / 2; at++) {
          const message = parts.with(i, flip(part, at)).join(' ');
          const code = verify(libsodium, message);
          expect(['PROOF_INVALID', 'ELEMENT_NOT_CANONICAL'], `part ${i} byte ${at}`).toContain(code);
          expect(verify(noble, message), `part ${i} byte ${at}`).toBe(code);
          codes.add(code);
        }
      expect([...codes].sort()).toEqual(['ELEMENT_NOT_CANONICAL', 'PROOF_INVALID']);
    },
  );

  test.each(['noble', 'libsodium'] as const)(
    'an altered evaluated element is refused or gives another output, with %s',
    (name) => {
      for (const set of sets)
        for (const vector of set.vectors.filter(({ Batch }) => Batch === 1))
          for (let at = 0; at < 32; at++) {
            const element = fromHex<EvaluatedElement>(flip(vector.EvaluationElement, at));
            const oprf = engine(modeOf(set), name);
            const seen = outcome(() => oprf.finalize(fromHex(vector.Input), fromHex(vector.Blind), element));
            if (seen !== 'ELEMENT_NOT_CANONICAL') expect(seen).toMatch(/^"[0-9a-f]{128}"$/);
            expect(seen).not.toBe(`"${vector.Output}"`);
          }
    },
  );

  test('both engines reject more or fewer elements than proved', () => {
    const vector = proved.find(({ Batch }) => Batch === 2) as (typeof proved)[0];
    for (const name of ['noble', 'libsodium'] as const) {
      const verify = (blinded: string[], evaluated: string[], proof = vector.proof): string =>
        outcome(() =>
          engine('voprf', name).verifyProof(
            fromHex(vector.pkSm),
            blinded.map((hex) => fromHex(hex)),
            evaluated.map((hex) => fromHex(hex)),
            fromHex(proof),
          ),
        );
      const blinded = vector.BlindedElement.split(',');
      const evaluated = vector.EvaluationElement.split(',');
      expect(verify(blinded, evaluated)).toBe('done');
      expect(
        [
          verify(blinded.slice(1), evaluated.slice(1)),
          verify(blinded, evaluated.slice(1)),
          verify(blinded.slice(1), evaluated),
          verify(blinded.toReversed(), evaluated.toReversed()),
          verify(blinded, evaluated, vector.proof.slice(2)),
          verify(blinded, evaluated, `${vector.proof}00`),
          verify(blinded, evaluated, ''),
        ].every((code) => code === 'PROOF_INVALID'),
        name,
      ).toBe(true);
    }
  });
});
