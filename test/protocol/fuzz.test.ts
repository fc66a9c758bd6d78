// Fuzzes the protocol decoders with a million inputs: each returns a value or a CredveilError, and
// never another set of tags. The store has its own fuzz test.

import { describe, expect, test } from 'vitest';
import type { BucketId, LayerId, SealKey } from '../../protocol/brands.ts';
import {
  type Bucket,
  decodeBody,
  encodeBucket,
  type FormTags,
  openBucket,
  shortenTags,
} from '../../protocol/bucket.ts';
import { formatPrefix, parsePrefix } from '../../protocol/bucket-id.ts';
import { TAG_LIMIT } from '../../protocol/entry.ts';
import { decodeTags, encodeTags, maxEncodedTagsBytes } from '../../protocol/golomb-rice.ts';
import { formatHmacKey, parseHmacKey, parseHmacKeyText } from '../../protocol/keys.ts';
import { createMacAuth } from '../../protocol/seal.ts';
import { encodeStatement, parseStatement } from '../../protocol/signed/statement.ts';
import { mutateBytes, mutateJson, mutateText, valueOrRefusal } from '../support/mutate.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';
import { SIGNED_STATEMENT, STATEMENT, utf8 } from '../support/signed/samples.ts';

const sealKey = createRandom(1).bytes(32) as SealKey;
const auth = createMacAuth(sealKey);
const place = {
  layer: '000102030405060708090a0b0c0d0e0f' as LayerId,
  index: 'account',
  prefixBits: 8,
  id: 5 as BucketId,
} as const;

function randomTags(random: Random, count: number): Float64Array {
  const limit = random.pick([TAG_LIMIT, TAG_LIMIT, 64]);
  return Float64Array.from(new Set(Array.from({ length: count }, () => random.below(limit)))).sort();
}

interface ValidBody {
  readonly body: Uint8Array;
  readonly tags: Float64Array;
  readonly metadata: Uint8Array;
  readonly forms: FormTags | undefined;
}

function validBody(random: Random): ValidBody {
  const tags = randomTags(random, random.below(random.pick([1, 3, 12, 40])));
  const metadataBytes = random.pick([0, 1, 3] as const);
  const metadata = random.bytes(tags.length * metadataBytes);
  const forms = random.below(2) === 0 ? undefined : shortenTags(randomTags(random, random.below(40)));
  const unpadded = encodeBucket({ tags, metadata, metadataBytes, forms }, place, sealKey);
  const body = new Uint8Array(unpadded.length + random.below(20));
  body.set(unpadded);
  return { body, tags, metadata, forms };
}

/** Noise that gets past the first checks. */
function noise(random: Random): Uint8Array {
  const body = random.bytes(random.below(120));
  if (random.below(8) > 0)
    body.set([random.pick([1, 2]), random.pick([0, 1, 3]), 0, 0, 0, random.below(30)].slice(0, body.length));
  if (random.below(2) > 0) body.fill(0, Math.min(body.length, 24 + random.below(60)));
  return body;
}

const sameBytes = (a: ArrayBufferView, b: ArrayBufferView): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

const sameEntries = (a: Bucket, b: ValidBody): boolean =>
  sameBytes(a.tags, b.tags) &&
  sameBytes(a.metadata, b.metadata) &&
  a.forms?.bits === b.forms?.bits &&
  sameBytes(a.forms?.tags ?? a.tags, b.forms?.tags ?? b.tags);

describe('decoders under fuzzing', () => {
  test('openBucket returns the original entries of 200,000 mutated bodies or throws', () => {
    const random = createRandom(testSeed('openBucket'));
    let opened = 0;
    let valid = validBody(random);
    for (let i = 0; i < 200_000; i++) {
      if (i % 10 === 0) {
        valid = validBody(random);
        expect(openBucket(valid.body, place, auth)).toMatchObject({ tags: valid.tags, forms: valid.forms });
      }
      const bucket = valueOrRefusal(() => openBucket(mutateBytes(random, valid.body), place, auth));
      if (!bucket) continue;
      opened++;
      if (!sameEntries(bucket, valid)) expect.fail('a mutated body gave other entries');
    }
    // Padding may be longer or shorter: not all mutations are damage.
    expect(opened).toBeGreaterThan(100);
    expect(opened).toBeLessThan(100_000);
  });

  test('decodeBody decodes 300,000 bodies of noise or damage or throws its own error', () => {
    const random = createRandom(testSeed('decodeBody'));
    let decoded = 0;
    let valid = validBody(random).body;
    for (let i = 0; i < 300_000; i++) {
      if (i % 10 === 0) valid = validBody(random).body;
      const body = i % 3 === 0 ? mutateBytes(random, valid) : noise(random);
      const parts = valueOrRefusal(() => decodeBody(body));
      if (!parts) continue;
      decoded++;
      // Canonical: the same parts make the same bytes up to the seal.
      const again = encodeBucket(parts, place, sealKey);
      if (!sameBytes(again.subarray(0, parts.contentBytes), body.subarray(0, parts.contentBytes)))
        expect.fail('two bodies for one set of entries');
    }
    expect(decoded).toBeGreaterThan(1000);
  });

  test('decodeTags decodes 140,000 byte strings under any count or throws its own error', () => {
    const random = createRandom(testSeed('decodeTags'));
    let decoded = 0;
    for (let i = 0; i < 140_000; i++) {
      const bytes = random.bytes(random.below(80) + 8);
      if (random.below(3) === 0) bytes.fill(random.pick([0, 0xff]), random.below(bytes.length));
      const limit = bytes.length - 8;
      const at = random.below(limit + 1);
      const count = random.pick([0, 1, 2, random.below(16), random.next() & 0xff_ffff]);
      const parts = valueOrRefusal(() => decodeTags(bytes, at, limit, count));
      if (!parts) continue;
      decoded++;
      const again = new Uint8Array(maxEncodedTagsBytes(count));
      const length = encodeTags(parts.tags, again, 0);
      if (parts.end > limit || !sameBytes(again.subarray(0, length), bytes.subarray(at, parts.end)))
        expect.fail('two encodings for one set of tags');
    }
    expect(decoded).toBeGreaterThan(1000);
  });

  test('parsePrefix parses 150,000 texts or throws its own error', () => {
    const random = createRandom(testSeed('parsePrefix'));
    const alphabet = [...'0123456789abcdefABCDEF /.%+-x\n\0gé٣\ud800'];
    let parsed = 0;
    for (let i = 0; i < 150_000; i++) {
      const prefixBits = random.below(31);
      const valid = formatPrefix(random.below(2 ** prefixBits) as BucketId, prefixBits);
      const text = [...valid]
        .map((digit) => (random.below(8) === 0 ? random.pick(alphabet) : digit))
        .join('')
        .slice(random.below(8) === 0 ? 1 : 0)
        .concat(random.below(8) === 0 ? random.pick(alphabet) : '');
      const id = valueOrRefusal(() => parsePrefix(text, prefixBits));
      if (id === undefined) {
        if (text === valid) expect.fail('a valid prefix was refused');
        continue;
      }
      parsed++;
      if (!Number.isInteger(id) || id < 0 || id >= 2 ** prefixBits || formatPrefix(id, prefixBits) !== text)
        expect.fail('two spellings for one prefix');
    }
    expect(parsed).toBeGreaterThan(1000);
  });

  test('parseStatement parses 50,000 documents or throws its own error', () => {
    const random = createRandom(testSeed('parseStatement'));
    const bytesOf = (document: unknown): Uint8Array => utf8(JSON.stringify(document) ?? '');
    const valid = [STATEMENT, SIGNED_STATEMENT];
    for (const statement of valid) expect(parseStatement(bytesOf(statement))).toEqual(statement);
    let parsed = 0;
    for (let i = 0; i < 50_000; i++) {
      let document: unknown = random.pick(valid);
      for (let left = random.below(3); left >= 0; left--) document = mutateJson(random, document);
      const statement = valueOrRefusal(() => parseStatement(bytesOf(document)));
      if (!statement) continue;
      parsed++;
      if (JSON.stringify(parseStatement(encodeStatement(statement))) !== JSON.stringify(statement))
        expect.fail('a parsed statement does not parse to itself');
    }
    expect(parsed).toBeGreaterThan(1000);
  });

  test('parseHmacKeyText parses 50,000 texts or throws its own error', () => {
    const random = createRandom(testSeed('parseHmacKeyText'));
    const valid = formatHmacKey(parseHmacKey(random.bytes(32)));
    for (let i = 0; i < 50_000; i++) {
      const text =
        i % 2 === 0
          ? mutateText(random, valid)
          : valid.replace(/.$/, random.pick([...'ABCDwxyz019-_'])).concat(random.pick(['', '\n', ' ', 'A']));
      const key = valueOrRefusal(() => parseHmacKeyText(text));
      if (key && (formatHmacKey(key) !== text.trim() || text.trim() !== valid)) expect.fail('another text gave a key');
    }
    expect(formatHmacKey(parseHmacKeyText(`${valid}\n`))).toBe(valid);
  });
});
