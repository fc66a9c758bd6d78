// PROTOCOL.vectors.json: the code makes it, and the SDK and the Python client accept and refuse
// what it says.

import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { createService } from '../../client-sdk/api.ts';
import { createLeakChecker, type SnapshotEvent } from '../../client-sdk/index.ts';
import { parseOptions } from '../../client-sdk/parse-options.ts';
import { createMacAuthority } from '../../client-sdk/publication/authority.ts';
import type { Snapshot } from '../../client-sdk/publication/snapshot.ts';
import type { LayerBucket } from '../../client-sdk/transport/bucket-cache.ts';
import type { BlindedElement, BucketHash, EvaluatedElement, Proof, PublicKey } from '../../protocol/brands.ts';
import { assertElement, createNobleOprf, parseScalar } from '../../protocol/oprf.ts';
import { decodeFilter } from '../../protocol/password-filter.ts';
import { HEAD_KIND } from '../../protocol/signed/envelope.ts';
import { createBucketAuth } from '../../protocol/signed/merkle.ts';
import { parseHmacPinText, parseTrustText } from '../../protocol/signed/trust.ts';
import { askPythonClient, hasPython } from '../support/client/python-client.ts';
import { fromHex } from '../support/examples/oprf-examples.ts';
import { root } from '../support/paths.ts';
import { errorCode } from '../support/signed/samples.ts';
import type { buckets } from '../support/vectors/buckets.ts';
import type { pins, snapshots } from '../support/vectors/documents.ts';
import { formatVectors, VECTORS_FILE } from '../support/vectors/index.ts';
import type { oprfVectors } from '../support/vectors/oprf.ts';
import type { filters } from '../support/vectors/sets.ts';

interface Vectors {
  readonly buckets: ReturnType<typeof buckets>;
  readonly pins: ReturnType<typeof pins>;
  readonly snapshots: ReturnType<typeof snapshots>;
  readonly oprf: ReturnType<typeof oprfVectors>;
  readonly filters: ReturnType<typeof filters>;
}

const text = fs.readFileSync(path.join(root, VECTORS_FILE), 'utf8');
const vectors = JSON.parse(text) as Vectors;

test('the script writes the same file again', () => {
  expect(text === formatVectors(), 'run: npm run vectors').toBe(true);
});

describe.skipIf(!hasPython)('the Python client', () => {
  const ask = (given: unknown) =>
    askPythonClient({ vectors: given }) as Promise<{ compared: number; different: string[] }>;

  test('agrees on every vector', async () => {
    const { compared, different } = await ask(vectors);
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(250);
  });

  test('differs where a vector is altered', async () => {
    const [first, ...others] = vectors.snapshots;
    const altered = { ...vectors, snapshots: [{ ...first, now: '2027-01-01T00:00:00Z' }, ...others] };
    expect((await ask(altered)).different).toEqual(['snapshots: under a MAC']);
  });
});

describe('the SDK', () => {
  afterEach(() => void vi.useRealTimers());

  test.each(vectors.snapshots)('takes or refuses head and statement: $name', async (vector) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(vector.now) });
    const events: SnapshotEvent[] = [];
    const fetch = async (url: string | URL): Promise<Response> => {
      const { pathname } = new URL(String(url));
      const body =
        pathname === '/v1/head' ? vector.head : pathname.startsWith('/v1/statement/') ? vector.statement : '';
      return new Response(body, { status: body === '' ? 404 : 200 });
    };
    const pin = 'key' in vector ? { key: vector.key } : { trust: vector.trust as string };
    const checker = createLeakChecker({
      url: 'https://leaks.example/',
      fetch: fetch as typeof globalThis.fetch,
      onSnapshot: (event) => events.push(event),
      ...pin,
    });
    await checker.ready().catch(() => {});
    // The SDK stops reading before it decodes.
    const isLong = vector.head.length > HEAD_KIND.maxBytes;
    const unsupported = vector.code?.endsWith('_UNSUPPORTED') ? 'PROTOCOL_UNSUPPORTED' : vector.code;
    const code = isLong ? 'BODY_TOO_LARGE' : unsupported;
    const [event] = events;
    expect([event?.reason ?? null, event?.snapshot ?? null]).toEqual([code, vector.snapshot]);
  });

  const given = vectors.buckets;
  const { settings } = parseOptions({ url: 'https://leaks.example/', key: vectors.pins[0]?.line ?? '' });
  const sealKey = fromHex<never>(given.sealKey);
  const { openBody } = createService(settings, createMacAuthority('0123456789abcdef' as never, sealKey), () => {});

  function open(
    answer: string,
    index: {
      prefixBits: number;
      metadataBytes: number;
      bodyBytes: readonly number[];
      root?: string;
      similar?: boolean;
    },
  ) {
    const { similar, ...parameters } = index;
    const { layer } = given;
    const account = [{ ...parameters, layer, entries: 5, auth: createBucketAuth(parameters, sealKey) }];
    const snapshot = { indexes: { account }, ...(similar && { askedForms: () => [] }) };
    const hash = (given.bucketId * 2 ** (32 - index.prefixBits)) as BucketHash;
    const [bucket] = openBody(fromHex(answer), snapshot as unknown as Snapshot, 'account', hash);
    return bucket as LayerBucket;
  }

  const { prefixBits } = given;

  test.each(given.accepted)('opens a bucket: $name', ({ answer, tags, ...vector }) => {
    const bucket = open(answer, { prefixBits, ...vector });
    expect([...bucket.tags].map((tag) => tag.toString(16).padStart(12, '0'))).toEqual(tags);
    expect(bucket.forms && [...bucket.forms.tags]).toEqual('formTags' in vector ? vector.formTags : undefined);
  });

  test.each(given.refused)('refuses a bucket: $name', ({ answer, code, ...vector }) => {
    expect(errorCode(() => open(answer, { prefixBits, ...vector }))).toBe(code);
  });

  describe('a bucket in layers', () => {
    const { layers, answer, tags, refused } = given.layered;
    const account = layers.map((layer) => ({
      ...{ ...layer, prefixBits },
      auth: createBucketAuth({ ...layer, prefixBits }, sealKey),
    }));
    const hash = (given.bucketId * 2 ** (32 - prefixBits)) as BucketHash;
    const openAll = (text: string) =>
      openBody(fromHex(text), { indexes: { account } } as unknown as Snapshot, 'account', hash);

    test('is opened in each of them', () => {
      const opened = openAll(answer);
      expect(opened.map((bucket) => [...bucket.tags].map((tag) => tag.toString(16).padStart(12, '0')))).toEqual(tags);
      expect(opened.map(({ layer }) => layer)).toEqual(layers.map(({ layer }) => layer));
    });

    test.each(refused)('is refused: $name', ({ answer: wrong, code }) => {
      expect(errorCode(() => openAll(wrong))).toBe(code);
    });
  });

  test('follows the path of a signed bucket to its root', () => {
    const { answer, wrongSibling, withoutSibling, ...signed } = given.signed;
    expect(open(answer, signed).tags.length).toBe(signed.tags.length);
    expect(errorCode(() => open(wrongSibling, signed))).toBe('BODY_FORGED');
    expect(errorCode(() => open(withoutSibling, signed))).toBe('BODY_MALFORMED');
  });

  test.each(vectors.pins)('takes or refuses a line, valid: $valid', ({ kind, line, valid }) => {
    const parse = kind === 'hmac' ? parseHmacPinText : parseTrustText;
    expect(errorCode(() => parse(line))).toBe(valid ? 'nothing' : 'KEY_MALFORMED');
  });

  test.each(vectors.filters.refused)('refuses a filter: $name', ({ file }) => {
    expect(errorCode(() => decodeFilter(fromHex(file)))).toBe('FILTER_MALFORMED');
  });
});

describe('the engines of oprf', () => {
  const { proofs, refused, publicKey } = vectors.oprf;

  test.each(proofs)('verify a proof: $name', async ({ blindedElements, evaluatedElements, proof, valid }) => {
    for (const oprf of [createNobleOprf(), await createSodiumOprf()]) {
      const verify = () =>
        oprf.verifyProof(
          fromHex<PublicKey>(publicKey),
          blindedElements.map((element) => fromHex<BlindedElement>(element)),
          evaluatedElements.map((element) => fromHex<EvaluatedElement>(element as string)),
          fromHex<Proof>(proof),
        );
      expect(errorCode(verify)).toBe(valid ? 'nothing' : 'PROOF_INVALID');
    }
  });

  test('refuse elements and scalars that do not decode', () => {
    expect(refused.elements.length).toBeGreaterThan(20);
    for (const element of refused.elements)
      expect(errorCode(() => assertElement(fromHex(element)))).toMatch(/^ELEMENT_/);
    for (const scalar of refused.scalars)
      expect(errorCode(() => parseScalar(fromHex(scalar)))).toBe('SCALAR_MALFORMED');
  });
});
