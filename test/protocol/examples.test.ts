// The code computes PROTOCOL.md's worked examples, and opens the bucket in them.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { BucketId, EntryTag, LayerId, MetadataPad } from '../../protocol/brands.ts';
import { findEntry, openBucket } from '../../protocol/bucket.ts';
import { createHmacSuite } from '../../protocol/hmac-suite.ts';
import { parseHmacKeyText } from '../../protocol/keys.ts';
import { EntryKind } from '../../protocol/private-input.ts';
import { createMacAuth } from '../../protocol/seal.ts';
import { computeExamples, readExamples } from '../support/examples/protocol-examples.ts';
import { root } from '../support/paths.ts';

const examples = readExamples(fs.readFileSync(path.join(root, 'PROTOCOL.md'), 'utf8'));
const example = (name: string): string => {
  const value = examples.get(name);
  if (value === undefined) throw new Error(`PROTOCOL.md has no example ${name}`);
  return value;
};

test('the code computes every example of PROTOCOL.md, and no other', () => {
  expect(Object.fromEntries(examples)).toEqual(Object.fromEntries(computeExamples(examples)));
});

test('a changed byte in any computed example is detected', () => {
  for (const [name, value] of examples) {
    // A digit that keeps the value well formed.
    const changed = value.replace(/[0-9](?=[^0-9]*$)/, (digit) => `${(Number(digit) + 1) % 10}`);
    const others = new Map(examples).set(name, changed);
    expect(changed, name).not.toBe(value);
    let computed: unknown;
    try {
      computed = Object.fromEntries(computeExamples(others));
    } catch {
      continue;
    }
    expect(computed, name).not.toEqual(Object.fromEntries(others));
  }
});

test.each(['layer', 'added'])('the id of %s is a digest of the very text of its parameters', (name) => {
  const number = Buffer.alloc(2);
  number.writeUInt16BE(Number(example(`${name}.number`)));
  const hash = createHash('sha256')
    .update('credveil layer 2')
    .update(example(`${name}.parameters`));
  const digest = hash
    .update(number)
    .update(example(`${name}.run`), 'hex')
    .digest('hex');
  expect(digest.slice(0, 32)).toBe(example(`${name}.id`));
});

test('a client finds the example credential in the example bucket, padded or not', () => {
  const suite = createHmacSuite(parseHmacKeyText(example('keyText')));
  const place = {
    layer: example('bucket.layer') as LayerId,
    index: 'account',
    prefixBits: Number(example('prefixBits')),
    id: Number(example('bucketId')) as BucketId,
  } as const;
  for (const body of ['bucket.body', 'bucket.padded']) {
    const bucket = openBucket(Buffer.from(example(body), 'hex'), place, createMacAuth(suite.sealKey));
    const tag = Number.parseInt(example('pairTag'), 16) as EntryTag;
    const pad = Uint8Array.from(Buffer.from(example('pairPad'), 'hex')) as MetadataPad;
    expect(findEntry(bucket, tag, pad, EntryKind.pair)).toEqual({ kind: EntryKind.pair, timesSeen: 768, source: 0 });
    expect(findEntry(bucket, tag, pad, EntryKind.similar)).toBeUndefined();
  }
});
