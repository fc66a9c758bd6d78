// Compares the two implementations of RFC 9497: 10,000 random operations and every known-bad input.

import { describe, expect, test } from 'vitest';
import { isNonZeroScalar, isScalar } from '../../accel/scalar.ts';
import type {
  BlindedElement,
  BlindScalar,
  EvaluatedElement,
  OprfSecretKey,
  PrivateInput,
  Proof,
} from '../../protocol/brands.ts';
import { type Oprf, type OprfKeyPair, parseScalar } from '../../protocol/oprf.ts';
import { createEngines, fromHex, outcome, readVectors } from '../support/oprf-engines.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

const engines = await createEngines('voprf');

/** Calls both, compares, and returns what both gave. */
function both(call: (oprf: Oprf) => unknown): string {
  const seen = outcome(() => call(engines.libsodium));
  if (outcome(() => call(engines.noble)) !== seen) expect.fail(`noble does not answer as libsodium does: ${seen}`);
  return seen;
}

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const PRIME = 2n ** 255n - 19n;
const littleEndian = <T extends Uint8Array>(value: bigint, length = 32): T =>
  fromHex<T>(
    Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex')
      .reverse()
      .toString('hex'),
  );

function randomScalar(random: Random): BlindScalar {
  for (;;) {
    const bytes = random.bytes(32);
    bytes[31] = (bytes[31] as number) & 0x1f;
    if (isNonZeroScalar(bytes)) return bytes as BlindScalar;
  }
}
const randomInput = (random: Random): PrivateInput =>
  random.bytes(random.below(random.pick([1, 8, 60, 60, 60, 300]) + 1)) as PrivateInput;

describe('equal outputs', () => {
  test('both engines blind, evaluate and finalize alike in 4,000 operations', () => {
    const random = createRandom(testSeed('oprf outputs'));
    for (let i = 0; i < 1000; i++) {
      const input = randomInput(random);
      const blind = randomScalar(random);
      const secretKey = randomScalar(random) as Uint8Array as OprfSecretKey;
      both((oprf) => oprf.blind(input, blind));
      const { blindedElement } = engines.libsodium.blind(input, blind);
      both((oprf) => oprf.blindEvaluate(secretKey, [blindedElement]));
      const [evaluated] = engines.libsodium.blindEvaluate(secretKey, [blindedElement]) as [EvaluatedElement];
      const output = both((oprf) => oprf.finalize(input, blind, evaluated));
      expect(both((oprf) => oprf.evaluate(secretKey, input))).toBe(output);
    }
  });

  test('both engines derive keys alike in 600 operations', () => {
    const random = createRandom(testSeed('oprf keys'));
    for (let i = 0; i < 300; i++) {
      const seed = random.bytes(32);
      const info = random.bytes(random.below(200));
      both((oprf) => oprf.deriveKeyPair(seed, info));
      both((oprf) => oprf.publicKey(randomScalar(createRandom(i)) as Uint8Array as OprfSecretKey));
    }
  });

  test('both engines prove and verify alike in 400 operations, a third of the proofs damaged', () => {
    const random = createRandom(testSeed('oprf proofs'));
    const seen = new Map<string, number>();
    for (let i = 0; i < 200; i++) {
      const keys = engines.libsodium.deriveKeyPair(random.bytes(32), random.bytes(3));
      const blinded = Array.from(
        { length: random.pick([1, 1, 2, 5]) },
        () => engines.libsodium.blind(randomInput(random), randomScalar(random)).blindedElement,
      );
      const evaluated = engines.libsodium.blindEvaluate(keys.secretKey, blinded);
      const scalar = randomScalar(random);
      const proof = fromHex<Proof>(JSON.parse(both((oprf) => oprf.prove(keys, blinded, scalar))) as string);
      const damage = random.below(3) === 0;
      if (damage) {
        const victim: Uint8Array = random.pick([proof, ...evaluated, ...blinded]);
        victim[random.below(victim.length)] = random.below(256);
      }
      const verdict = both((oprf) => oprf.verifyProof(keys.publicKey, blinded, evaluated, proof));
      if (!damage) expect(verdict).toBe('done');
      seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
    }
    for (const verdict of ['done', 'PROOF_INVALID', 'ELEMENT_NOT_CANONICAL'])
      expect(seen.get(verdict) ?? 0, verdict).toBeGreaterThan(10);
  });
});

describe('equal rejections', () => {
  const random = createRandom(testSeed('oprf rejections'));
  const keys = engines.libsodium.deriveKeyPair(random.bytes(32), random.bytes(8));
  const input = randomInput(random);
  const { blind, blindedElement } = engines.libsodium.blind(input, randomScalar(random));
  const [evaluated] = engines.libsodium.blindEvaluate(keys.secretKey, [blindedElement]) as [EvaluatedElement];
  const proof = engines.libsodium.prove(keys, [blindedElement], randomScalar(random));
  const good = { blinded: blindedElement, blind, evaluated, proof };

  /** Outcomes of every operation that takes an element, which both engines share. */
  const everywhere = (element: Uint8Array): string[] => [
    both((oprf) => oprf.blindEvaluate(keys.secretKey, [good.blinded, element as BlindedElement])),
    both((oprf) => oprf.finalize(input, good.blind, element as EvaluatedElement)),
    both((oprf) => oprf.prove(keys, [element as BlindedElement], good.blind)),
    both((oprf) => oprf.verifyProof(element as OprfKeyPair['publicKey'], [good.blinded], [good.evaluated], good.proof)),
    both((oprf) => oprf.verifyProof(keys.publicKey, [element as BlindedElement], [good.evaluated], good.proof)),
    both((oprf) => oprf.verifyProof(keys.publicKey, [good.blinded], [element as EvaluatedElement], good.proof)),
  ];

  const { source: _, ...invalid } = readVectors('rfc9496-invalid-encodings.json') as Record<string, string[]>;
  test.each(Object.entries(invalid))(
    'both engines reject the encodings of RFC 9496, Appendix A.2: %s',
    (_name, encodings) => {
      expect(encodings.length).toBeGreaterThan(0);
      for (const encoding of encodings)
        expect(new Set(everywhere(fromHex(encoding))), encoding).toEqual(new Set(['ELEMENT_NOT_CANONICAL']));
    },
  );

  test('both engines reject the identity', () => {
    expect(new Set(everywhere(new Uint8Array(32)))).toEqual(new Set(['ELEMENT_IDENTITY']));
  });

  test.each([0, 1, 31, 33, 64])('both engines reject elements of %i bytes', (length) => {
    const whole = Uint8Array.from([...good.blinded, ...good.blinded]);
    expect(new Set(everywhere(whole.subarray(0, length)))).toEqual(new Set(['ELEMENT_LENGTH']));
    expect(new Set(everywhere(new Uint8Array(length)))).toEqual(new Set(['ELEMENT_LENGTH']));
  });

  test('both engines reject valid elements with the high bit set, with the prime added, and negated', () => {
    const spellings = [
      ...[good.blinded, good.evaluated, keys.publicKey].map((element) => {
        const high = Uint8Array.from(element);
        high[31] = (high[31] as number) | 0x80;
        return high;
      }),
      ...[good.blinded, keys.publicKey].map((element) =>
        littleEndian(PRIME - BigInt(`0x${Buffer.from(element).reverse().toString('hex')}`)),
      ),
      ...Array.from({ length: 19 }, (_, i) => littleEndian(PRIME + BigInt(i))),
      ...Array.from({ length: 19 }, (_, i) => littleEndian(2n ** 255n + BigInt(i))),
    ];
    for (const spelling of spellings) expect(new Set(everywhere(spelling))).toEqual(new Set(['ELEMENT_NOT_CANONICAL']));
  });

  test('both engines accept or reject 10,000 random or slightly altered strings as elements', () => {
    const random = createRandom(testSeed('oprf decoding'));
    let valid = 0;
    for (let i = 0; i < 10_000; i++) {
      let element = random.bytes(32);
      if (i % 4 === 0) {
        element = Uint8Array.from(good.blinded);
        element[random.below(32)] = random.below(256);
      }
      // A key that does not fit: an element is refused as such before the proof is.
      const seen = both((oprf) =>
        oprf.verifyProof(element as OprfKeyPair['publicKey'], [], [], new Uint8Array(1) as Proof),
      );
      if (seen === 'PROOF_INVALID') valid++;
      else expect(seen).toBe('ELEMENT_NOT_CANONICAL');
    }
    expect(valid).toBeGreaterThan(500);
    expect(valid).toBeLessThan(3000);
  });

  test('both engines reject proofs of the wrong length, and with scalars that are too large', () => {
    const c = BigInt(`0x${Buffer.from(good.proof.subarray(0, 32)).reverse().toString('hex')}`);
    const proofs = [
      good.proof.subarray(1),
      Uint8Array.from([...good.proof, 0]),
      new Uint8Array(0),
      new Uint8Array(64),
      new Uint8Array(64).fill(0xff),
      // The same number modulo the order: only its canonical form may pass.
      Uint8Array.from([...littleEndian(c + ORDER), ...good.proof.subarray(32)]),
      Uint8Array.from([...good.proof.subarray(0, 32), ...littleEndian(ORDER)]),
      Uint8Array.from([...new Uint8Array(32), ...good.proof.subarray(32)]),
      Uint8Array.from([...good.proof.subarray(0, 32), ...new Uint8Array(32)]),
    ];
    const verify = (proof: Uint8Array): string =>
      both((oprf) => oprf.verifyProof(keys.publicKey, [good.blinded], [good.evaluated], proof as Proof));
    expect(verify(good.proof)).toBe('done');
    for (const proof of proofs) expect(verify(proof)).toBe('PROOF_INVALID');
  });

  test('both engines reject scalars that are zero, too large, short or long', () => {
    const bad = [
      new Uint8Array(32),
      littleEndian(ORDER),
      littleEndian(ORDER + 1n),
      littleEndian(2n ** 253n),
      littleEndian(2n ** 255n - 1n),
      new Uint8Array(32).fill(0xff),
      new Uint8Array(0),
      littleEndian(1n, 31),
      littleEndian(1n, 33),
    ];
    for (const scalar of bad) {
      expect(outcome(() => parseScalar(scalar))).toBe('SCALAR_MALFORMED');
      const secretKey = scalar as OprfSecretKey;
      const blind = scalar as BlindScalar;
      const oprf = engines.libsodium;
      const seen = [
        outcome(() => oprf.publicKey(secretKey)),
        outcome(() => oprf.blind(input, blind)),
        outcome(() => oprf.blindEvaluate(secretKey, [good.blinded])),
        outcome(() => oprf.finalize(input, blind, good.evaluated)),
        outcome(() => oprf.evaluate(secretKey, input)),
        outcome(() => oprf.prove({ ...keys, secretKey }, [good.blinded])),
        outcome(() => oprf.prove(keys, [good.blinded], blind)),
      ];
      expect(new Set(seen)).toEqual(new Set(['SCALAR_MALFORMED']));
    }
    for (const scalar of [1n, 2n, ORDER - 1n, 2n ** 252n].map((value) => littleEndian<OprfSecretKey>(value))) {
      expect(parseScalar(scalar)).toEqual(scalar);
      both((oprf) => oprf.blindEvaluate(scalar, [good.blinded]));
      both((oprf) => oprf.publicKey(scalar));
    }
  });

  test('both engines accept or reject 100,000 scalars near the order', () => {
    const random = createRandom(testSeed('scalars'));
    let inRange = 0;
    const order = littleEndian(ORDER);
    for (let i = 0; i < 100_000; i++) {
      const scalar = Uint8Array.from(order);
      for (let left = random.below(3); left > 0; left--) scalar[random.below(32)] = random.below(256);
      const parsed = outcome(() => parseScalar(scalar)) !== 'SCALAR_MALFORMED';
      if (isNonZeroScalar(scalar) !== parsed) expect.fail('the ranges differ');
      if (parsed) inRange++;
    }
    expect(inRange).toBeGreaterThan(10_000);
    expect(inRange).toBeLessThan(90_000);
    expect([isScalar(new Uint8Array(32)), isNonZeroScalar(new Uint8Array(32))]).toEqual([true, false]);
  });
});

test('both engines evaluate an input of 65,535 bytes alike, without bytes left from another input', () => {
  const random = createRandom(testSeed('oprf long input'));
  const keys = engines.libsodium.deriveKeyPair(random.bytes(32), random.bytes(1));
  const long = random.bytes(65_535) as PrivateInput;
  const short = random.bytes(3) as PrivateInput;
  const first = both((oprf) => oprf.evaluate(keys.secretKey, short));
  both((oprf) => oprf.evaluate(keys.secretKey, long));
  expect(both((oprf) => oprf.evaluate(keys.secretKey, short))).toBe(first);
  expect(outcome(() => engines.libsodium.evaluate(keys.secretKey, random.bytes(65_536) as PrivateInput))).toBe(
    'FIELD_TOO_LONG',
  );
});

test('fresh blinds differ, and cancel out across the engines', () => {
  const random = createRandom(testSeed('oprf blinds'));
  const keys = engines.noble.deriveKeyPair(random.bytes(32), random.bytes(1));
  const input = randomInput(random);
  const seen = new Set<string>();
  for (let i = 0; i < 50; i++) {
    const [client, server] = i % 2 === 0 ? [engines.noble, engines.libsodium] : [engines.libsodium, engines.noble];
    const { blind, blindedElement } = client.blind(input);
    const [evaluated] = server.blindEvaluate(keys.secretKey, [blindedElement]) as [EvaluatedElement];
    expect(client.finalize(input, blind, evaluated)).toEqual(server.evaluate(keys.secretKey, input));
    client.verifyProof(keys.publicKey, [blindedElement], [evaluated], server.prove(keys, [blindedElement]));
    seen.add(Buffer.from(blindedElement).toString('hex'));
  }
  expect(seen.size).toBe(50);
});
