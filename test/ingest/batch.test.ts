// Compares the fast paths of ingest with the plain ones: the batch kernel, the ASCII parsers,
// sorting and segments.

import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { HmacKernel, MAX_KERNEL_MESSAGE_BYTES } from '../../accel/hmac-kernel.ts';
import { KERNEL_WASM } from '../../accel/kernel-wasm.ts';
import { CredentialPacker, deriveCredentials } from '../../ingest/derive/credential-batch.ts';
import { createHmacDeriver } from '../../ingest/derive/hmac-deriver.ts';
import { deriveLines } from '../../ingest/derive/line-batch.ts';
import type { AsciiFields } from '../../ingest/formats/format.ts';
import { comboFormat, countedPasswordsFormat, passwordsFormat } from '../../ingest/formats/lines/line-format.ts';
import { MIN_SEGMENT_BYTES, Segmenter } from '../../ingest/input/segmenter.ts';
import { RejectCounter } from '../../ingest/rejects.ts';
import { Sorters } from '../../ingest/sort/sorters.ts';
import { INDEX_NAMES } from '../../protocol/bucket-id.ts';
import { createHmacSuite } from '../../protocol/hmac-suite.ts';
import { parseHmacKey } from '../../protocol/keys.ts';
import { compileKernel } from '../../scripts/build-kernel.ts';
import { credentialRecords } from '../../store/run/credential-records.ts';
import { mergedRecords } from '../support/merged-records.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const key = parseHmacKey(createRandom(5).bytes(32));

describe('the HMAC kernel', () => {
  test('the embedded kernel equals the compiled source', async () => {
    expect(Buffer.from(KERNEL_WASM, 'base64').equals(await compileKernel())).toBe(true);
  });

  test('the kernel equals node:crypto for every length and batch size', () => {
    const random = createRandom(testSeed('HMAC kernel'));
    for (const keyBytes of [1, 32, 64]) {
      const secret = random.bytes(keyBytes);
      const kernel = new HmacKernel(secret, 512);
      for (let batch = 1; batch <= 130; batch++) {
        const messages = Array.from({ length: batch }, () => random.bytes(random.below(MAX_KERNEL_MESSAGE_BYTES + 1)));
        for (const message of messages) {
          kernel.bytes.set(message, kernel.messageAt);
          kernel.commitMessage(message.length);
        }
        kernel.run();
        for (const [i, message] of messages.entries()) {
          const digest = Buffer.from(kernel.bytes.subarray(kernel.digestAt(i), kernel.digestAt(i) + 32));
          expect(digest.equals(createHmac('sha256', secret).update(message).digest())).toBe(true);
        }
      }
    }
    const kernel = new HmacKernel(key, 4);
    for (let length = 0; length <= MAX_KERNEL_MESSAGE_BYTES; length++) {
      kernel.bytes.fill(length, kernel.messageAt, kernel.messageAt + length);
      kernel.commitMessage(length);
      kernel.run();
      const digest = Buffer.from(kernel.bytes.subarray(kernel.digestAt(0), kernel.digestAt(0) + 32));
      expect(digest.equals(createHmac('sha256', key).update(Buffer.alloc(length, length)).digest())).toBe(true);
    }
  });
});

/** Lines typical of corpora, and some invalid ones. */
function randomLine(random: Random): string {
  const fields = [
    'ana',
    'Ana.B@Example.COM',
    ' padded\t',
    'ünï',
    '',
    'x'.repeat(60 + random.below(80)),
    '123',
    '0',
    '\v',
  ];
  const passwords = [
    'pw',
    'p:w',
    '$HEX[706173]',
    '$HEX[zz]',
    'pässwort',
    '',
    ' sp ace ',
    'ﬁ',
    '1234567890'.repeat(random.below(15)),
  ];
  const separators = [':', ':', ':', ' ', '\t', ''];
  return `${random.pick(fields)}${random.pick(separators)}${random.pick(passwords)}${random.pick(['', '', '\r'])}`;
}

describe('lines of plain ASCII', () => {
  test('lines of plain ASCII parse the same as bytes and as strings', () => {
    const random = createRandom(testSeed('ASCII lines'));
    for (let i = 0; i < 100_000; i++) {
      const line = randomLine(random).replace(/\r$/, '');
      if (!/^\p{ASCII}+$/u.test(line) || line.includes('$')) continue;
      const bytes = Buffer.from(`##${line}##`);
      for (const { lines } of [comboFormat, passwordsFormat, countedPasswordsFormat]) {
        const fields: AsciiFields = { usernameFrom: -1, usernameTo: -1, passwordFrom: 0, passwordTo: 0, times: 0 };
        const reason = lines?.parseAscii?.(bytes, 2, bytes.length - 2, fields);
        const parsed = lines?.parseLine(line);
        if (typeof parsed === 'string' || parsed === undefined) {
          expect(reason).toBe(parsed);
          continue;
        }
        expect(reason).toBeUndefined();
        const username =
          fields.usernameFrom < 0 ? undefined : bytes.toString('utf8', fields.usernameFrom, fields.usernameTo);
        expect(username).toBe(parsed.username?.trim());
        expect(bytes.toString('utf8', fields.passwordFrom, fields.passwordTo)).toBe(parsed.password);
        expect(fields.times).toBe(parsed.times);
      }
    }
  });
});

describe('deriving', () => {
  /** All records of the chunks, merged, as hex. */
  async function recordsOf(sorters: Sorters, chunkFolder: string): Promise<{ [index: string]: string[] }> {
    const chunks = sorters.finish();
    const found: { [index: string]: string[] } = {};
    for (const index of INDEX_NAMES) {
      found[index] = await mergedRecords(chunkFolder, index, chunks[index] ?? []);
    }
    return found;
  }

  test('a batch gives the same records as single credentials, with and without spilling', async ({ place }) => {
    const random = createRandom(testSeed('derived lines'));
    for (const [round, memoryBytes] of [1, 1 << 22].entries()) {
      const lines = Array.from({ length: 20_000 }, () => randomLine(random));
      const [fastFolder, plainFolder, packedFolder] = ['fast', 'plain', 'packed'].map((name) =>
        fs.mkdtempSync(place.at(`${name}${round}-`)),
      ) as [string, string, string];
      const fast = new Sorters(INDEX_NAMES, fastFolder, memoryBytes);
      const deriver = createHmacDeriver(key, fast);
      const rejects = new RejectCounter();
      fast.begin(0);
      const found = deriveLines(Buffer.from(`${lines.join('\n')}\n`), comboFormat.lines as never, deriver, rejects);
      deriver.flush();

      const plain = new Sorters(INDEX_NAMES, plainFolder, 1 << 24);
      const records = credentialRecords(createHmacSuite(key), INDEX_NAMES);
      const packed = new Sorters(INDEX_NAMES, packedFolder, 1 << 24);
      const packer = new CredentialPacker(() => new Uint8Array(1000));
      plain.begin(0);
      packed.begin(0);
      const expected = new RejectCounter();
      let credentials = 0;
      const parser = comboFormat.createParser({
        credential(credential) {
          credentials++;
          records.derive(credential, plain.emit);
          packer.add(credential);
        },
        reject: (reason) => expected.add(reason),
      });
      parser.push(Buffer.from(`${lines.join('\n')}\n`));
      parser.end();
      const unpacking = createHmacDeriver(key, packed);
      const batches = packer.takeAll();
      const unpacked = batches.map((batch) => deriveCredentials(batch, unpacking, rejects));
      expect(batches.length).toBeGreaterThan(100);
      expect(unpacked.reduce((sum, count) => sum + count, 0)).toBe(credentials);
      unpacking.flush();

      expect(found).toBe(credentials);
      expect(rejects.byReason()).toEqual(expected.byReason());
      const right = await recordsOf(plain, plainFolder);
      expect(right.account?.length).toBeGreaterThan(100);
      expect(await recordsOf(fast, fastFolder)).toEqual(right);
      expect(await recordsOf(packed, packedFolder)).toEqual(right);
    }
  });

  test('a username with very many passwords is sorted', async ({ place }) => {
    const sorters = new Sorters(INDEX_NAMES, place.home, 1 << 24);
    const deriver = createHmacDeriver(key, sorters);
    sorters.begin(0);
    const lines = Array.from({ length: 5000 }, (_, i) => `admin:pw${i}`);
    deriveLines(Buffer.from(`${lines.join('\n')}\n`), comboFormat.lines as never, deriver, new RejectCounter());
    deriver.flush();
    expect((await recordsOf(sorters, place.home)).account?.length).toBe(5001);
  });
});

describe('segments', () => {
  test('segments contain the lines of a stream, whatever its blocks', async () => {
    const random = createRandom(testSeed('segments'));
    for (let round = 0; round < 20; round++) {
      const lines = Array.from({ length: 300 }, () => 'x'.repeat(random.below(3000)));
      const ended = random.below(2) === 0;
      const bytes = Buffer.from(`\ufeff${lines.join('\n')}${ended ? '\n' : ''}`);
      const seen: string[] = [];
      let tooLong = 0;
      const segmenter = new Segmenter(
        {
          buffer: () => new Uint8Array(MIN_SEGMENT_BYTES),
          segment: (segment) => {
            expect(segment.at(-1)).toBe(0x0a);
            seen.push(...Buffer.from(segment).toString().split('\n').slice(0, -1));
          },
          tooLong: () => {
            tooLong++;
          },
        },
        MIN_SEGMENT_BYTES,
      );
      for (let at = 0; at < bytes.length; ) {
        const length = 3 + random.below(80_000);
        await segmenter.push(bytes.subarray(at, at + length));
        at += length;
      }
      await segmenter.end();
      while (!ended && lines.at(-1) === '') lines.pop();
      expect(seen).toEqual(lines);
      expect(tooLong).toBe(0);
    }
  });

  test('the segmenter drops a line longer than any credential, and counts it once', async () => {
    const seen: string[] = [];
    let tooLong = 0;
    const segmenter = new Segmenter(
      {
        buffer: () => new Uint8Array(MIN_SEGMENT_BYTES),
        segment: (segment) => {
          seen.push(...Buffer.from(segment).toString().split('\n').slice(0, -1));
        },
        tooLong: () => {
          tooLong++;
        },
      },
      MIN_SEGMENT_BYTES,
    );
    await segmenter.push(Buffer.from('before\n'));
    for (let i = 0; i < 100; i++) await segmenter.push(Buffer.alloc(65_536, 'y'));
    await segmenter.push(Buffer.from('\nafter'));
    await segmenter.end();
    expect(seen.filter((line) => line !== '')).toEqual(['before', 'after']);
    expect(tooLong).toBe(1);
  });
});
