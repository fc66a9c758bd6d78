// Containers made by the real tools: unpacking, damage, limits, and the encodings of members.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { PassThrough, Readable } from 'node:stream';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type ContainerLimits, DEFAULT_LIMITS, TRUSTED_LIMITS } from '../../ingest/containers/budget.ts';
import { detectContainer } from '../../ingest/containers/magic.ts';
import { type CorpusInput, openInput, openInputs } from '../../ingest/input/inputs.ts';
import { readInput, sampleInput } from '../../ingest/input/read-input.ts';
import { streamInput } from '../../ingest/input/stream-input.ts';
import { createWorkPlace } from '../support/credveil.ts';
import { fixture as fixtureFile } from '../support/paths.ts';

const folder = fixtureFile('corpora');
const fixture = (name: string): string => fixtureFile('corpora', name);
const combo = fs.readFileSync(fixture('combo.txt'), 'utf8');
const many = fs.readFileSync(fixture('many.txt'), 'utf8');

interface ReadBack {
  /** The text of each member. */
  readonly members: string[];
  readonly bytesRead: number;
}

/** Reads an input and checks the facts about its bytes. */
async function readBack(input: CorpusInput, bytes: Buffer): Promise<ReadBack> {
  const members: string[] = [];
  let bytesRead = 0;
  const facts = await readInput(
    input,
    (block, read) => {
      members[members.length - 1] += block.toString('utf8');
      expect(read).toBeGreaterThanOrEqual(bytesRead);
      bytesRead = read;
    },
    undefined,
    { begin: () => members.push(''), end: () => undefined },
  );
  expect(facts).toEqual({
    name: input.name,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  return { members, bytesRead };
}

/** As a file, and as a stream in blocks of odd sizes. */
async function readBoth(bytes: Buffer, limits: ContainerLimits = DEFAULT_LIMITS): Promise<string[]> {
  const place = createWorkPlace();
  try {
    const [file] = openInputs([place.write('corpus', bytes)], limits);
    const fromFile = await readBack(file as CorpusInput, bytes);
    expect(fromFile.bytesRead).toBeLessThanOrEqual(bytes.length);
    const blocks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 177) blocks.push(bytes.subarray(at, at + 177));
    const fromStream = await readBack(streamInput(Readable.from(blocks), limits), bytes);
    expect(fromStream.members).toEqual(fromFile.members);
    return fromFile.members;
  } finally {
    place.dispose();
  }
}

const read = (name: string, limits?: ContainerLimits): Promise<string[]> =>
  readBoth(fs.readFileSync(fixture(name)), limits);

describe('a container', () => {
  test('a container with several members in one stream gives one text', async () => {
    for (const name of ['two-members.gz', 'two-frames.zst', 'two-streams.xz', 'two-streams.bz2'])
      expect(await read(name), name).toEqual([combo + many]);
  });

  test('a container with several files gives their texts in order', async () => {
    for (const name of ['two-files.zip', 'two-files.tar']) expect(await read(name), name).toEqual([combo, many]);
  });

  test('a container nested in others is unpacked', async () => {
    const all = [combo, many, combo + many, combo, many];
    const found = await read('nested.tar.gz');
    expect(found.toSorted()).toEqual(all.toSorted());
  });

  test('a container is detected by its bytes, not its name', () => {
    const kinds = fs
      .readdirSync(folder)
      .filter((name) => !/txt|md|truncated|flipped|lines/.test(name))
      .map((name) => [name, detectContainer(fs.readFileSync(fixture(name)))]);
    expect(Object.fromEntries(kinds)).toEqual({
      'bomb.bz2': 'bzip2',
      'bomb.gz': 'gzip',
      'deep.gz': 'gzip',
      'encrypted.zip': 'zip',
      'nested.tar.gz': 'gzip',
      'two-files.tar': 'tar',
      'two-files.zip': 'zip',
      'two-frames.zst': 'zstd',
      'two-members.gz': 'gzip',
      'two-streams.bz2': 'bzip2',
      'two-streams.xz': 'xz',
    });
    for (const text of [combo, many, 'BZh91user:pw\n', 'PK:pw\n', ''])
      expect(detectContainer(Buffer.from(text))).toBe(undefined);
  });

  test('a container that needs a temporary file leaves none behind', async () => {
    const left = (): string[] => fs.readdirSync(os.tmpdir()).filter((name) => /^credveil-[A-Za-z0-9]{6}$/.test(name));
    const before = left();
    await readBack(
      streamInput(fs.createReadStream(fixture('two-files.zip'))),
      fs.readFileSync(fixture('two-files.zip')),
    );
    expect(left().filter((name) => !before.includes(name))).toEqual([]);
  });
});

describe('an unreadable container', () => {
  const damaged = fs.readdirSync(folder).filter((name) => /^(truncated|flipped)-/.test(name));

  test('a truncated or damaged container is CONTAINER_CORRUPT', async () => {
    expect(damaged).toHaveLength(14);
    for (const name of damaged) await expect(read(name), name).rejects.toMatchObject({ code: 'CONTAINER_CORRUPT' });
  });

  test('a container is never read as complete, wherever it is truncated', async () => {
    for (const name of ['two-members.gz', 'two-frames.zst', 'two-streams.xz', 'two-streams.bz2', 'two-files.zip']) {
      const bytes = fs.readFileSync(fixture(name));
      // Two members with nothing in between end well after the first.
      const ends = new Set<number>();
      for (let length = 24; length < bytes.length; length += 7) {
        const input = streamInput(Readable.from([bytes.subarray(0, length)]));
        await readInput(input, () => {}).then(
          () => ends.add(length),
          (error) => expect(error, `${name} cut at ${length}`).toMatchObject({ code: 'CONTAINER_CORRUPT' }),
        );
      }
      expect(ends.size, name).toBeLessThanOrEqual(1);
    }
  });

  test('an encrypted or unsupported container is refused', async () => {
    await expect(read('encrypted.zip')).rejects.toMatchObject({ code: 'CONTAINER_ENCRYPTED' });
    const seven = Buffer.concat([Buffer.from('377abcaf271c', 'hex'), Buffer.alloc(600)]);
    await expect(readBoth(seven)).rejects.toMatchObject({ code: 'CONTAINER_UNSUPPORTED' });
  });

  test('an error of the source is passed on unchanged', async () => {
    const broken = new PassThrough();
    broken.write(fs.readFileSync(fixture('two-frames.zst')).subarray(0, 60));
    const reading = readInput(streamInput(broken), () => {});
    setImmediate(() => broken.destroy(new RangeError('of the source')));
    await expect(reading).rejects.toThrow('of the source');
  });
});

describe('a bomb', () => {
  test('a bomb is refused by its ratio, unless archives are trusted', async () => {
    await expect(read('bomb.gz')).rejects.toMatchObject({
      code: 'CONTAINER_RATIO',
      hint: expect.stringContaining('--trust-archives'),
    });
    let bytes = 0;
    const [input] = openInputs([fixture('bomb.gz')], TRUSTED_LIMITS);
    await readInput(input as CorpusInput, (block) => {
      bytes += block.length;
    });
    expect(bytes).toBe(80 * 2 ** 20);
  });

  test('a bomb in bzip2, whose decoder returns everything at once, is refused before it fills memory', async () => {
    let bytes = 0;
    const [input] = openInputs([fixture('bomb.bz2')]);
    const reading = readInput(input as CorpusInput, (block) => {
      bytes += block.length;
    });
    await expect(reading).rejects.toMatchObject({ code: 'CONTAINER_RATIO' });
    expect(bytes).toBeLessThan(2 * 64 * 2 ** 20);
  });

  test('a bomb is refused by its depth, unless archives are trusted', async () => {
    await expect(read('deep.gz')).rejects.toMatchObject({
      code: 'CONTAINER_DEPTH',
      hint: expect.stringContaining('--trust-archives'),
    });
    expect(await read('deep.gz', { ...DEFAULT_LIMITS, maxDepth: 6 })).toHaveLength(5);
    expect(await read('deep.gz', TRUSTED_LIMITS)).toHaveLength(5);
    let nested: Buffer = Buffer.from('ana:pw\n');
    for (let depth = 1; depth <= TRUSTED_LIMITS.maxDepth; depth++) nested = zlib.gzipSync(nested);
    expect(await readBoth(nested, TRUSTED_LIMITS)).toEqual(['ana:pw\n']);
    await expect(readBoth(zlib.gzipSync(nested), TRUSTED_LIMITS)).rejects.toMatchObject({ code: 'CONTAINER_DEPTH' });
  });

  test('a bomb is refused by its entries, unless archives are trusted', async () => {
    await expect(read('nested.tar.gz', { ...DEFAULT_LIMITS, maxEntries: 6 })).rejects.toMatchObject({
      code: 'CONTAINER_ENTRIES',
      hint: expect.stringContaining('--trust-archives'),
    });
    expect(await read('nested.tar.gz', { ...DEFAULT_LIMITS, maxEntries: 7 })).toHaveLength(5);
    expect(await read('nested.tar.gz', TRUSTED_LIMITS)).toHaveLength(5);
  });
});

describe('the text of a member', () => {
  const text = 'ana:pässwört€\r\nben:日本\n';

  test('the text of a member is transcoded from UTF-16, with or without a byte order mark', async () => {
    const little = Buffer.from(text, 'utf16le');
    const big = Buffer.from(little).swap16();
    const latin = 'ana@example.com:password\nben@example.com:password\n';
    expect(await readBoth(Buffer.concat([Buffer.from([0xff, 0xfe]), little]))).toEqual([text]);
    expect(await readBoth(Buffer.concat([Buffer.from([0xfe, 0xff]), big]))).toEqual([text]);
    expect(await readBoth(Buffer.from(latin, 'utf16le'))).toEqual([latin]);
    expect(await readBoth(Buffer.from(latin, 'utf16le').swap16())).toEqual([latin]);
    expect(await readBoth(zlib.gzipSync(Buffer.from(latin, 'utf16le')))).toEqual([latin]);
  });

  test('the text of a member loses a UTF-8 byte order mark and nothing else', async () => {
    expect(await readBoth(Buffer.from(`\ufeff${text}`))).toEqual([text]);
    const zeros = 'ana:p\0w\n\0\0\0\nben:pw\n';
    expect(await readBoth(Buffer.from(zeros))).toEqual([zeros]);
  });
});

describe('inputs', () => {
  test('the inputs of a folder are all files below it, in the order of their paths', () => {
    const place = createWorkPlace();
    fs.mkdirSync(place.at('b'));
    for (const name of ['c.txt', 'b/z.txt', 'a.txt', 'b/y.txt']) place.write(name, 'x:y\n');
    expect(openInputs([place.home]).map(({ name }) => name)).toEqual(['a.txt', 'y.txt', 'z.txt', 'c.txt']);
    fs.mkdirSync(place.at('empty'));
    expect(() => openInputs([place.at('empty')])).toThrow(expect.objectContaining({ code: 'INPUT_MISSING' }));
    place.dispose();
  });

  test('an input can be read in full after sampling', async () => {
    for (const name of ['two-members.gz', 'two-streams.xz', 'two-files.zip', 'nested.tar.gz', 'combo.txt']) {
      const bytes = fs.readFileSync(fixture(name));
      for (const input of [
        openInput(fixture(name)),
        streamInput(Readable.from([bytes.subarray(0, 50), bytes.subarray(50)])),
      ]) {
        const sample = await sampleInput(input, 1 << 20);
        expect(sample.whole).toBe(true);
        expect(Buffer.concat(sample.texts.map(({ text }) => text)).toString()).toContain(
          'ana@example.com:summer2019\n',
        );
        await readBack(input, bytes);
      }
    }
    const { texts, whole } = await sampleInput(openInput(fixture('many.txt')), 10);
    expect([whole, texts[0]?.whole, (texts[0]?.text.length ?? 0) > 0]).toEqual([false, false, true]);
  });
});
