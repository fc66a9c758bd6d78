// What unpacking may cost: limits that hold for a whole corpus, and memory that does not grow with
// a container.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import tar from 'tar-stream';
import { describe, expect } from 'vitest';
import { watchPeaks } from '../../bench/harness/process-peaks.ts';
import { decoderBytes } from '../../ingest/containers/decoder-memory.ts';
import { createFormat } from '../../ingest/format-registry.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openInputs } from '../../ingest/input/inputs.ts';
import { readInput } from '../../ingest/input/read-input.ts';
import { streamInput } from '../../ingest/input/stream-input.ts';
import { createDataset } from '../../store/dataset.ts';
import { credveil, startCredveil } from '../support/credveil.ts';
import { seededKey } from '../support/dataset.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const MIB = 2 ** 20;
/** Just below what a stream may always unpack to. */
const FREE = 63 * MIB;

async function tarOf(entries: readonly (readonly [name: string, content: Buffer])[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, content] of entries) pack.entry({ name }, content);
  pack.finalize();
  const blocks: Buffer[] = [];
  for await (const block of pack) blocks.push(block as Buffer);
  return Buffer.concat(blocks);
}

/** A compressed text of a megabyte per kilobyte: a line that is too long. */
const bomb = (bytes: number): Buffer => zlib.gzipSync(Buffer.alloc(bytes, 'x'), { level: 9 });

describe('limits of archives', () => {
  const refused = { code: 'CONTAINER_RATIO', hint: expect.stringContaining('--trust-archives') };

  test('members that are harmless one by one are refused together, also without any text', async () => {
    // A tar header and zeros, as an archive without files has them.
    const hollow = zlib.gzipSync(Buffer.alloc(FREE), { level: 9 });
    const empty = zlib.gzipSync(Buffer.concat([await tarOf([['x', Buffer.from('x')]]), Buffer.alloc(FREE)]));
    for (const members of [
      [hollow, hollow],
      [empty, empty],
      [bomb(FREE), bomb(FREE)],
    ]) {
      const archive = await tarOf(members.map((content, i) => [`${i}.gz`, content]));
      expect(archive.length).toBeLessThan(MIB / 4);
      await expect(readInput(streamInput(Readable.from([archive])), () => {})).rejects.toMatchObject(refused);
    }
  });

  test('files that are harmless one by one are refused together', async ({ place }) => {
    fs.mkdirSync(place.at('corpus'));
    for (const name of ['a', 'b', 'c']) place.write(`corpus/${name}.gz`, bomb(FREE));
    const key = seededKey('hmac', 1);
    const dataset = createDataset(place.at('dataset'), key, { indexes: ['password'] });
    const format = createFormat('combo');
    const inputs = openInputs([place.at('corpus')]);
    await expect(ingest(dataset, key, { source: 'bombs', format, inputs, threads: 1 })).rejects.toMatchObject(refused);
  });
});

/** Lines that are too long, which cost nothing but their bytes, and one that is not. */
async function* longLines(bytes: number): AsyncGenerator<string> {
  for (let written = 0; written < bytes; written += MIB) {
    const line = randomBytes(MIB / 8)
      .toString('base64')
      .slice(0, MIB / 8 - 1);
    yield `${line}\n`.repeat(8);
  }
  yield 'ana@example.com:the last line\n';
}

// The kernel's own figure of the peak is there on Linux.
describe.runIf(fs.existsSync('/proc/self/status'))('memory', () => {
  /** Incompressible to zstd, whose blocks of 128 KiB repeat within a window of 8 MiB otherwise. */
  async function writeFrame(file: string, bytes: number): Promise<void> {
    const compressor = zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_windowLog]: 17 } });
    const done = pipeline(compressor, fs.createWriteStream(file));
    for await (const text of longLines(bytes)) if (!compressor.write(text)) await once(compressor, 'drain');
    compressor.end();
    await done;
  }

  test('what decoders hold is read from the first bytes of a container', () => {
    const zstd = (windowLog: number, size?: number): number => {
      const text = Buffer.alloc(size ?? 300_000, 'ana:pw\n');
      const params = { [zlib.constants.ZSTD_c_windowLog]: windowLog, [zlib.constants.ZSTD_c_contentSizeFlag]: 1 };
      return decoderBytes(zlib.zstdCompressSync(text, { params }));
    };
    expect(decoderBytes(Buffer.alloc(512, 'ana:pw\n'))).toBe(0);
    // A header of a stream, whose length is not known: --long=27, and beyond what is read.
    const frame = (descriptor: number): number =>
      decoderBytes(Buffer.from(`28b52ffd00${descriptor.toString(16)}`.padEnd(80, '0'), 'hex'));
    expect(frame(17 << 3) - frame(13 << 3)).toBe(120 * MIB);
    expect(frame(21 << 3)).toBe(frame(17 << 3));
    expect(zstd(20)).toBeLessThan(12 * MIB);
    expect(decoderBytes(zlib.gzipSync('x'.repeat(1000)))).toBeLessThan(16 * MIB);
  });

  test.each([
    ['xz -0', '02002101' + '0c000000', 0.25],
    ['xz -6', '02002101' + '16000000', 8],
    ['xz -9', '02002101' + '1c000000', 64],
    ['xz -9 -T2, which states the sizes of its blocks', '04c08fda38c08db70121011c', 64],
    ['xz --x86 --lzma2=preset=6', '020104002101160000', 8],
    ['a dictionary of 4 GiB, beyond what is read', '0200210128000000', 128],
    ['a block header that is cut', '02', 64],
    ['no block', '00', 0],
  ])('the dictionary of %s', (_name, block, mebibytes) => {
    const of = (hex: string): number => decoderBytes(Buffer.from(`fd377a585a000004e6d6b446${hex}`, 'hex'));
    expect((of(block) - of('00')) / MIB).toBe(mebibytes);
  });

  test('one zstd frame of any length is read within the limit', async ({ place }) => {
    const corpus = place.at('corpus.zst');
    await writeFrame(corpus, 256 * MIB);
    expect(fs.statSync(corpus).size).toBeGreaterThan(150 * MIB);
    const folder = place.at('dataset');
    await credveil(['init', folder, '--suite', 'hmac', '--index', 'account,password']);
    const limit = [
      '--memory',
      '256MiB',
      '--threads',
      '1',
      '--format',
      'combo',
      '--accept',
      'many-rejects',
      '--no-publish',
      '--json',
    ];
    const { child, ended } = startCredveil(['ingest', folder, corpus, '--source', 'z', ...limit]);
    const peaks = watchPeaks(child.pid as number, folder);
    const { code, stdout, stderr } = await ended;
    const { rss } = peaks.stop();
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ credentials: 1 });
    expect(rss / MIB).toBeLessThan(1.2 * 256);
  });
});
