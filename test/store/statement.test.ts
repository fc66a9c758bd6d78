// What publishing states: statements, heads and layers of real datasets, as a client checks them.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import type { BucketId, HeadKey, PublisherKey } from '../../protocol/brands.ts';
import { openBucket } from '../../protocol/bucket.ts';
import { INDEX_NAMES } from '../../protocol/bucket-id.ts';
import { createEd25519Verifier } from '../../protocol/signed/ed25519.ts';
import { createMac, HEAD_KIND, openEnvelope, STATEMENT_KIND, type Verifier } from '../../protocol/signed/envelope.ts';
import { type Head, headSnapshotId, parseHead } from '../../protocol/signed/head.ts';
import { createBucketAuth, createMerkleAuth } from '../../protocol/signed/merkle.ts';
import { parseStatement, payloadDigest, type Statement } from '../../protocol/signed/statement.ts';
import { openDataset } from '../../store/dataset.ts';
import { deleteRun } from '../../store/run/run.ts';
import { createSigningKey } from '../../store/signing-key.ts';
import { type SnapshotFacts, snapshotName } from '../../store/snapshot/layout/snapshot-facts.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { headPath, readHead, readStatement, statementPath, writeHead } from '../../store/snapshot/statement-files.ts';
import { verifyDataset } from '../../store/verify.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../support/dataset.ts';
import { storeError } from '../support/errors.ts';

const PAIRS = seededPairs(60);

const test = base.extend<{ readonly sealed: MadeDataset; readonly signed: MadeDataset }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  sealed: async ({}, use) => {
    const made = await makeDataset({ pairs: PAIRS });
    await use(made);
    made.dispose();
  },
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  signed: async ({}, use) => {
    const made = await makeDataset({ pairs: PAIRS, signed: true });
    await use(made);
    made.dispose();
  },
});

const verifierOf = ({ publisher, suite }: MadeDataset): Verifier =>
  publisher ? createEd25519Verifier('publisher', publisher.publicKey as PublisherKey) : createMac(suite.sealKey);

/** Statement and head of the current snapshot, verified as a client does. */
async function read(made: MadeDataset): Promise<{ facts: SnapshotFacts; statement: Statement; head: Head }> {
  const snapshot = await openSnapshot(made.dataset);
  snapshot.close();
  const { facts } = snapshot;
  const name = snapshotName(facts.snapshot);
  const verifiers = [verifierOf(made)];
  const payload = openEnvelope(STATEMENT_KIND, fs.readFileSync(statementPath(made.dataset, name)), verifiers);
  const head = parseHead(openEnvelope(HEAD_KIND, fs.readFileSync(headPath(made.dataset, name)), verifiers));
  expect(head.statement).toBe(payloadDigest(payload));
  return { facts, statement: parseStatement(payload), head };
}

describe.each(['sealed', 'signed'] as const)('a %s dataset', (kind) => {
  test('states its snapshot, and its head names the statement', async ({ sealed, signed }) => {
    const made = { sealed, signed }[kind];
    const { facts, statement, head } = await read(made);
    expect(headSnapshotId(head)).toBe(facts.snapshot);
    expect(statement).toMatchObject({
      dataset: made.dataset.id,
      sequence: 1,
      minSequence: 1,
      auth: kind === 'signed' ? 'signature' : 'mac',
      keyId: made.key.keyId,
    });
    const [layer] = statement.layers;
    // Pairs and usernames, each with the canary's.
    expect(layer.indexes.account).toMatchObject({ entries: 2 * (PAIRS.length + 1), usernames: PAIRS.length + 1 });
    expect(layer.filter?.sha256).toBe(facts.filter?.sha256);
    expect(Date.parse(head.validUntil) - Date.parse(head.issuedAt)).toBe(25 * 3_600_000);
    expect((await verifyDataset(made.dataset, made.suite)).head).toEqual(head);
  });

  test('published again has the same layer and a renewed head only', async ({ sealed, signed }) => {
    const made = { sealed, signed }[kind];
    const before = await read(made);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await made.publish();
    const after = await read(made);
    expect(after.facts).toEqual(before.facts);
    expect(Date.parse(after.head.issuedAt)).toBeGreaterThan(Date.parse(before.head.issuedAt));
  });
});

describe('minSequence', () => {
  test('stays when a source is added, and is the new number when one is gone', async ({ sealed }) => {
    sealed.addSource('second', { pairs: seededPairs(5, 2) });
    await sealed.publish();
    expect((await read(sealed)).statement).toMatchObject({ sequence: 2, minSequence: 1 });
    deleteRun(sealed.dataset, 'second');
    await sealed.publish();
    expect((await read(sealed)).statement).toMatchObject({ sequence: 3, minSequence: 3 });
    sealed.addSource('third', { pairs: seededPairs(5, 3) });
    await sealed.publish();
    expect((await read(sealed)).statement).toMatchObject({ sequence: 4, minSequence: 3 });
  });

  test('the layer is that of an earlier snapshot with the same runs', async ({ sealed }) => {
    const first = await read(sealed);
    sealed.addSource('second', { pairs: seededPairs(5, 2) });
    await sealed.publish();
    const second = await read(sealed);
    deleteRun(sealed.dataset, 'second');
    await sealed.publish();
    const third = await read(sealed);
    expect(second.facts.layer).not.toBe(first.facts.layer);
    expect(third.facts.layer).toBe(first.facts.layer);
    expect(third.statement.layers).toEqual(first.statement.layers);
    expect(third.facts.snapshot).not.toBe(first.facts.snapshot);
  });
});

describe('a signed dataset', () => {
  test('is not published without the key of its publisher', async ({ signed }) => {
    signed.addSource('second', { pairs: seededPairs(5, 2) });
    const { dataset, suite } = signed;
    await expect(publish(dataset, suite)).rejects.toThrow(storeError('PUBLISHER_KEY_REQUIRED'));
    const other = createSigningKey('publisher');
    await expect(publish(dataset, suite, { publisher: other })).rejects.toThrow(storeError('PUBLISHER_KEY_MISMATCH'));
    const head = createSigningKey('head');
    await expect(publish(dataset, suite, { publisher: head })).rejects.toThrow(storeError('PUBLISHER_KEY_MISMATCH'));
    expect((await read(signed)).statement.sequence).toBe(1);
  });

  test('opens every bucket by its path, and no holder of the key can make another', async () => {
    const made = await makeDataset({
      passwords: seededPasswords(9000),
      indexes: ['password'],
      bucketFloor: 2,
      signed: true,
    });
    const snapshot = await openSnapshot(made.dataset);
    try {
      const { layer, indexes } = snapshot.facts;
      const facts = indexes.password;
      if (!facts?.root) throw new Error('the index has no root');
      const { prefixBits, bodyBytes } = facts;
      expect(prefixBits).toBe(12);
      const auth = createBucketAuth(facts, made.suite.sealKey);
      let entries = 0;
      for (const id of [0, 1, 1023, 1024, 2047, 2048, 4095] as BucketId[]) {
        const answer = snapshot.paddedBody('password', id) as Buffer;
        expect(bodyBytes).toContain(answer.length - 64);
        const place = { layer, index: 'password', prefixBits, id } as const;
        entries += openBucket(answer, place, auth).tags.length;
        for (const wrong of [
          { ...place, id: (id ^ 1) as BucketId },
          { ...place, id: (id ^ 1024) as BucketId },
          { ...place, index: 'account' as const },
          { ...place, prefixBits: 11 },
        ])
          expect(() => openBucket(answer, wrong, auth)).toThrow(expect.objectContaining({ code: 'BUCKET_FORGED' }));
        for (const at of [answer.length - 1, answer.length - 64]) {
          const altered = Buffer.from(answer);
          altered[at] = (altered[at] as number) ^ 1;
          expect(() => openBucket(altered, place, auth)).toThrow(expect.objectContaining({ code: 'BUCKET_FORGED' }));
        }
      }
      expect(entries).toBeGreaterThan(0);
      const other = createMerkleAuth(Buffer.alloc(32), prefixBits);
      const place = { layer, index: 'password', prefixBits, id: 0 as BucketId } as const;
      expect(() => openBucket(snapshot.paddedBody('password', 0 as BucketId) as Buffer, place, other)).toThrow();
      expect((await verifyDataset(made.dataset, made.suite)).buckets).toBe(4096);
    } finally {
      snapshot.close();
      made.dispose();
    }
  });

  test('has head keys that renew, for as long as the statement allows', async ({ signed }) => {
    const { dataset, suite, publisher } = signed;
    if (!publisher) throw new Error('no publisher');
    const key = createSigningKey('head');
    const name = () => snapshotName(openedFacts().snapshot);
    let facts = (await read(signed)).facts;
    const openedFacts = () => facts;
    const renew = (now?: number) => writeHead(dataset, name(), readStatement(dataset, name()), key, undefined, now);
    expect(() => renew()).toThrow(storeError('HEAD_KEY_REFUSED'));

    ({ facts } = await publish(dataset, suite, { publisher, delegate: [key.publicKey as HeadKey] }));
    expect(facts.snapshot).toMatch(/^000002-/);
    const { head } = { head: renew() };
    expect(readHead(dataset, name(), readStatement(dataset, name())).head).toEqual(head);

    // Later snapshots keep the delegation.
    signed.addSource('second', { pairs: seededPairs(5, 2) });
    ({ facts } = await publish(dataset, suite, { publisher }));
    renew();

    const [delegated] = readStatement(dataset, name()).statement.headKeys ?? [];
    const notAfter = Date.parse(delegated?.notAfter ?? '');
    expect(renew(notAfter - 3_600_000).validUntil).toBe(delegated?.notAfter);
    expect(() => renew(notAfter + 1000)).toThrow();
  });
});

describe('files that do not belong', () => {
  test('a statement or head of another dataset, or an altered one, is refused', async ({ signed }) => {
    const other = await makeDataset({ pairs: PAIRS, signed: true, keySeed: 2 });
    try {
      const files = [
        ['statement', statementPath, 'STATEMENT_CORRUPT'],
        ['head', headPath, 'HEAD_CORRUPT'],
      ] as const;
      for (const [what, pathOf, code] of files) {
        const file = pathOf(signed.dataset, '000001');
        const before = fs.readFileSync(file);
        const stated = readStatement(signed.dataset, '000001');
        const attempt = () =>
          what === 'head' ? readHead(signed.dataset, '000001', stated) : readStatement(signed.dataset, '000001');
        for (const bytes of [
          fs.readFileSync(pathOf(other.dataset, '000001')),
          before.subarray(0, -2),
          Buffer.from('{}'),
        ]) {
          fs.writeFileSync(file, bytes);
          expect(attempt, what).toThrow(storeError(code));
        }
        fs.rmSync(file);
        expect(attempt, what).toThrow(storeError(code));
        fs.writeFileSync(file, before);
        attempt();
      }
    } finally {
      other.dispose();
    }
  });

  test('verify finds a head and a statement by another key under a MAC', async ({ sealed }) => {
    const other = createMac(new Uint8Array(32).fill(9) as never);
    const stated = readStatement(sealed.dataset, '000001');
    writeHead(sealed.dataset, '000001', stated, other);
    await expect(verifyDataset(sealed.dataset, sealed.suite)).rejects.toThrow(storeError('HEAD_CORRUPT'));
  });

  test('a dataset of format 1 is refused, and the error says what to do', async ({ sealed }) => {
    const file = path.join(sealed.folder, 'dataset.json');
    const json = JSON.parse(fs.readFileSync(file, 'utf8')) as object;
    fs.writeFileSync(file, JSON.stringify({ ...json, format: 1 }));
    expect(() => openDataset(sealed.folder)).toThrow(
      expect.objectContaining({ code: 'DATASET_VERSION', hint: expect.stringContaining('ingest the corpora again') }),
    );
  });

  test('oprf needs a publisher, and a publisher needs signatures', async ({ sealed }) => {
    const file = path.join(sealed.folder, 'dataset.json');
    const json = JSON.parse(fs.readFileSync(file, 'utf8')) as object;
    for (const change of [{ suite: 'oprf' }, { auth: 'signature' }, { auth: 'none' }, { publisher: 'ab'.repeat(32) }]) {
      fs.writeFileSync(file, JSON.stringify({ ...json, ...change }));
      expect(() => openDataset(sealed.folder), JSON.stringify(change)).toThrow(storeError('DATASET_MALFORMED'));
    }
    expect(INDEX_NAMES).toHaveLength(2);
  });
});
