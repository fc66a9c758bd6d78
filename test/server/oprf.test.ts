// Lookups, evaluations and proofs over real HTTP, checked with both engines. PROTOCOL.md §15, §16.

import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import type { BucketId } from '../../protocol/brands.ts';
import { findEntry, openBucket } from '../../protocol/bucket.ts';
import { bucketId, formatPrefix } from '../../protocol/bucket-id.ts';
import { entryTag, metadataPad, passwordBucketHash } from '../../protocol/entry.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { createNobleOprf, type Oprf } from '../../protocol/oprf.ts';
import {
  decodeEvaluateResponse,
  decodeLookupResponse,
  decodeProveResponse,
  encodeElementsRequest,
  encodeLookupRequest,
  MAX_ELEMENTS,
} from '../../protocol/oprf-messages.ts';
import { EntryKind, pairInput, passwordInput } from '../../protocol/private-input.ts';
import { createBucketAuth } from '../../protocol/signed/merkle.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { createDatasetKey } from '../../store/dataset-key.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import {
  blindedElements,
  codeOf,
  EVALUATION_ROUTES,
  messageFor,
  postMessage,
  readMessage,
} from '../support/post-message.ts';
import { fetchPublished, type PublishedNow } from '../support/signed/published.ts';

const PAIRS = seededPairs(200);
const PASSWORDS = seededPasswords(50);

interface World {
  readonly sodium: Oprf;
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  readonly published: PublishedNow;
  /** Of the account index. */
  readonly prefixBits: number;
  post(path: string, message: Uint8Array): Promise<Response>;
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  const sodium = await createSodiumOprf();
  const content = { pairs: PAIRS, passwords: PASSWORDS, bucketFloor: 16 };
  const made = await makeDataset({ suite: 'oprf', oprf: sodium, ...content });
  const server = await startServer(made.folder, { port: 0, key: made.key, allowedOrigins: ['*'] });
  const published = await fetchPublished(server.url);
  return {
    sodium,
    made,
    server,
    published,
    prefixBits: published.layer.indexes.account?.prefixBits as number,
    post: (path, message) => postMessage(`${server.url}${path}`, message),
    async close() {
      await server.close({ deadlineMs: 100 });
      made.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

describe('lookups', () => {
  test.for(['noble', 'libsodium'] as const)(
    'a lookup finds a leaked pair without revealing it, with %s',
    async (engine, { world: { sodium, made, published, prefixBits, post } }) => {
      const oprf = engine === 'noble' ? createNobleOprf() : sodium;
      for (const pair of PAIRS.slice(0, 8)) {
        const username = normalizeUsername(pair.username);
        const input = pairInput(username, normalizePassword(pair.password));
        const id = bucketId(made.suite.accountBucketHash(username), prefixBits);
        const { blind, blindedElement } = oprf.blind(input);
        const request = encodeLookupRequest({ bucketId: id, blindedElements: [blindedElement] });
        const answer = await post(`/v1/lookup?snapshot=${published.snapshot}`, request);
        expect(answer.headers.get('credveil-snapshot')).toBe(published.snapshot);
        const { evaluatedElements, body } = decodeLookupResponse(await readMessage(answer));
        const [evaluated] = evaluatedElements;
        if (!evaluated) throw new Error('nothing was evaluated');
        const output = oprf.finalize(input, blind, evaluated);
        expect(output).toEqual(made.suite.evaluate(input));
        const place = { layer: published.layer.id, index: 'account', prefixBits, id } as const;
        const auth = createBucketAuth({ prefixBits, ...published.layer.indexes.account }, made.suite.sealKey);
        const bucket = openBucket(body, place, auth);
        expect(
          findEntry(bucket, entryTag(output), metadataPad(published.layer.id, output), EntryKind.pair)?.timesSeen,
        ).toBe(1);
      }
    },
  );

  test('the size of a lookup response depends only on element count and announced body size', async ({
    world: { sodium, published, prefixBits, post },
  }) => {
    const sizes = published.layer.indexes.account?.bodyBytes ?? [];
    const elements = blindedElements(sodium, MAX_ELEMENTS);
    for (let id = 0; id < 2 ** prefixBits; id++)
      for (const count of [1, 7, MAX_ELEMENTS]) {
        const request = encodeLookupRequest({ bucketId: id as BucketId, blindedElements: elements.slice(0, count) });
        const answer = await readMessage(await post('/v1/lookup', request));
        expect(sizes).toContain(answer.length - 2 - 32 * count);
        expect(decodeLookupResponse(answer).evaluatedElements).toHaveLength(count);
      }
    expect(2 ** prefixBits).toBeGreaterThan(4);
  });

  test('a lookup response is never stored and open to every origin', async ({ world: { sodium, post } }) => {
    const answer = await post('/v1/lookup', messageFor('/v1/lookup', blindedElements(sodium, 1)));
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a lookup of an unserved snapshot or with another query is refused', async ({ world: { sodium, post } }) => {
    const message = messageFor('/v1/lookup', blindedElements(sodium, 1));
    expect(await codeOf(await post('/v1/lookup?snapshot=000099-0123456789abcdef', message))).toEqual([
      410,
      'SNAPSHOT_GONE',
    ]);
    expect(await codeOf(await post('/v1/lookup?x', message))).toEqual([400, 'QUERY_MALFORMED']);
  });

  test('a lookup in a dataset without an account index is refused', async ({ world: { sodium } }) => {
    const passwords = await makeDataset({
      suite: 'oprf',
      oprf: sodium,
      passwords: PASSWORDS.slice(0, 5),
      indexes: ['password'],
    });
    const other = await startServer(passwords.folder, { port: 0, key: passwords.key });
    try {
      const message = messageFor('/v1/lookup', blindedElements(sodium, 1));
      expect(await codeOf(await postMessage(`${other.url}/v1/lookup`, message))).toEqual([404, 'INDEX_MISSING']);
    } finally {
      await other.close({ deadlineMs: 100 });
      passwords.dispose();
    }
  });
});

describe('evaluations', () => {
  test('the evaluation of a password selects its bucket, which a GET returns', async ({
    world: { sodium, made, server, published, post },
  }) => {
    const bits = published.layer.indexes.password?.prefixBits as number;
    for (const password of PASSWORDS.slice(0, 5)) {
      const input = passwordInput(normalizePassword(password));
      const { blind, blindedElement } = sodium.blind(input);
      const answer = await readMessage(await post('/v1/evaluate', encodeElementsRequest([blindedElement])));
      const [evaluated] = decodeEvaluateResponse(answer);
      if (!evaluated) throw new Error('nothing was evaluated');
      const output = sodium.finalize(input, blind, evaluated);
      const id = bucketId(passwordBucketHash(output), bits);
      const body = await readMessage(await fetch(`${server.url}/v1/password/${formatPrefix(id, bits)}`));
      const place = { layer: published.layer.id, index: 'password', prefixBits: bits, id } as const;
      const auth = createBucketAuth({ prefixBits: bits, ...published.layer.indexes.password }, made.suite.sealKey);
      const bucket = openBucket(body, place, auth);
      expect(
        findEntry(bucket, entryTag(output), metadataPad(published.layer.id, output), EntryKind.password),
      ).toBeDefined();
    }
  });

  test('both engines accept the proof of an evaluation only for its elements', async ({
    world: { sodium, made, post },
  }) => {
    const noble = createNobleOprf();
    const blinded = blindedElements(sodium, MAX_ELEMENTS);
    const evaluated = [
      ...decodeEvaluateResponse(
        await readMessage(await post('/v1/evaluate', encodeElementsRequest(blinded.slice(0, 20)))),
      ),
      ...decodeLookupResponse(await readMessage(await post('/v1/lookup', messageFor('/v1/lookup', blinded.slice(20)))))
        .evaluatedElements,
    ];
    const answer = await post('/v1/prove', encodeElementsRequest(blinded));
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const proof = decodeProveResponse(await readMessage(answer));
    const publicKey = made.key.publicKey;
    if (!publicKey) throw new Error('no public key');
    for (const oprf of [noble, sodium]) {
      oprf.verifyProof(publicKey, blinded, evaluated, proof);
      const swapped = [evaluated[1], evaluated[0], ...evaluated.slice(2)] as typeof evaluated;
      expect(() => oprf.verifyProof(publicKey, blinded, swapped, proof)).toThrow(
        expect.objectContaining({ code: 'PROOF_INVALID' }),
      );
    }
  });

  test.for(['/v1/evaluate', '/v1/prove'])(
    '%s refuses a query',
    async (route, { world: { sodium, published, post } }) => {
      const message = encodeElementsRequest(blindedElements(sodium, 1));
      const answer = await post(`${route}?snapshot=${published.snapshot}`, message);
      expect(await codeOf(answer)).toEqual([400, 'QUERY_MALFORMED']);
    },
  );
});

describe('starting a server', () => {
  test('a server of the oprf suite rejects the key of another dataset', async ({ world: { made } }) => {
    const key = createDatasetKey('oprf');
    await expect(startServer(made.folder, { port: 0, key })).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  });

  test('a server of the oprf suite without a key serves buckets, and evaluates nothing', async ({ world }) => {
    const { sodium, made, server, prefixBits } = world;
    const keyless = await startServer(made.folder, { port: 0 });
    try {
      for (const route of EVALUATION_ROUTES) {
        const message = messageFor(route, blindedElements(sodium, 1));
        expect(await codeOf(await postMessage(`${keyless.url}${route}`, message))).toEqual([404, 'EVALUATOR_MISSING']);
      }
      const path = `/v1/account/${formatPrefix(0 as BucketId, prefixBits)}`;
      const [bucket, same] = await Promise.all([keyless.url, server.url].map((url) => fetch(url + path)));
      expect(bucket?.status).toBe(200);
      expect(await bucket?.bytes()).toEqual(await same?.bytes());
    } finally {
      await keyless.close({ deadlineMs: 100 });
    }
  });

  test('a server of the hmac suite rejects a key at start, and evaluations', async ({ world: { sodium } }) => {
    const keyed = await makeDataset({ pairs: PAIRS.slice(0, 5) });
    await expect(startServer(keyed.folder, { port: 0, key: keyed.key })).rejects.toMatchObject({
      code: 'KEY_NOT_WANTED',
    });
    const other = await startServer(keyed.folder, { port: 0 });
    try {
      for (const route of EVALUATION_ROUTES) {
        const message = messageFor(route, blindedElements(sodium, 1));
        expect(await codeOf(await postMessage(`${other.url}${route}`, message))).toEqual([404, 'SUITE_MISMATCH']);
      }
    } finally {
      await other.close({ deadlineMs: 100 });
      keyed.dispose();
    }
  });
});
