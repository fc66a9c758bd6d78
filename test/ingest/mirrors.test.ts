// Mirrors of Have I Been Pwned in the layouts of its downloaders, and what is wrong with some.

import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import tar from 'tar-stream';
import { describe, expect } from 'vitest';
import { openCorpus } from '../../cli/corpus.ts';
import { ingest } from '../../ingest/ingest.ts';
import { streamInput } from '../../ingest/input/stream-input.ts';
import { createDataset, type Dataset } from '../../store/dataset.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { openSnapshot, rangeFiles } from '../../store/snapshot/snapshot.ts';
import type { WorkPlace } from '../support/credveil.ts';
import { seededKey } from '../support/dataset.ts';
import { seededRanges } from '../support/range-dataset.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const key = seededKey('hmac', 1);
const PREFIXES = ['00000', '0000A', '7FFFF', 'ABCDE', 'FFFFF'];
const RANGES = seededRanges('sha1', PREFIXES, 40);

/** The names and contents of a layout, of which only the ranges matter. */
type Files = { readonly [name: string]: string | Buffer };

const each = (nameOf: (prefix: string) => string, bytesOf: (rows: string, prefix: string) => string | Buffer): Files =>
  Object.fromEntries([...RANGES].map(([prefix, rows]) => [nameOf(prefix), bytesOf(rows, prefix)]));

const LAYOUTS: { readonly [layout: string]: Files } = {
  'without extension': each(
    (prefix) => prefix,
    (rows) => rows,
  ),
  'beside an index and a .DS_Store': {
    'sha1.index': PREFIXES.map((prefix) => `${prefix}:"0x8DD"\n`).join(''),
    '.DS_Store': Buffer.from('\0\0\0\u0001Bud1', 'latin1'),
    ...each(
      (prefix) => `${prefix}.txt`,
      (rows) => rows,
    ),
  },
  'in lower case, with LF and a final one': each(
    (prefix) => `${prefix.toLowerCase()}.txt`,
    (rows) => `${rows.toLowerCase().replaceAll('\r\n', '\n')}\n`,
  ),
  'with byte order marks': each(
    (prefix) => `${prefix}.txt`,
    (rows) => `\ufeff${rows}`,
  ),
  'in a tree, compressed, with descriptions': {
    ...each(
      (prefix) => `sha1/${treeOf(prefix.toLowerCase())}.gz`,
      (rows) => zlib.gzipSync(rows),
    ),
    ...each(
      (prefix) => `sha1/${treeOf(prefix.toLowerCase())}.meta`,
      (_, prefix) => `{"prefix": "${prefix}"}`,
    ),
  },
  'compressed by brotli': each(
    (prefix) => `${prefix}.br`,
    (rows) => zlib.brotliCompressSync(rows),
  ),
  'compressed by zstd': each(
    (prefix) => `${prefix}.txt.zst`,
    (rows) => zlib.zstdCompressSync(rows),
  ),
  'with whole hashes': each(
    (prefix) => `${prefix}.txt`,
    (rows, prefix) =>
      rows
        .split('\r\n')
        .map((row) => `${prefix}${row}\n`)
        .join(''),
  ),
  'with rows of padding': each(
    (prefix) => prefix,
    (rows) => `${rows}\r\n${'0'.repeat(35)}:0`,
  ),
};

function treeOf(prefix: string): string {
  return `${prefix.slice(0, 2)}/${prefix.slice(2, 4)}/${prefix}`;
}

function write(folder: string, files: Files): string {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
  return folder;
}

async function tarOf(files: Files): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, content] of Object.entries(files)) pack.entry({ name: `./mirror/${name}` }, content);
  pack.finalize();
  return Buffer.concat((await Readable.from(pack).toArray()) as Buffer[]);
}

function createRangeDataset(place: WorkPlace, name = 'dataset'): Dataset {
  return createDataset(place.at(name), key, { indexes: ['account', 'password'], ranges: ['sha1', 'ntlm'] });
}

/** Ingests a corpus as the command does, and publishes. @returns the ranges that are answered */
async function answers(dataset: Dataset, corpus: string, options = {}): Promise<Map<string, string>> {
  const { inputs, reading } = await openCorpus([corpus], { format: 'auto' });
  await ingest(dataset, key, { source: 'hibp', ...reading, inputs, threads: 1, ...options });
  await publish(dataset, key.createSuite());
  const snapshot = await openSnapshot(dataset);
  try {
    return new Map([...rangeFiles(snapshot, 'sha1')].map(({ name, content }) => [name, content.toString('latin1')]));
  } finally {
    snapshot.close();
  }
}

describe('a layout of a mirror', () => {
  for (const [layout, files] of Object.entries(LAYOUTS)) {
    test(`range files ${layout} are read`, async ({ place }) => {
      const dataset = createRangeDataset(place);
      expect(await answers(dataset, write(place.at('mirror'), files))).toEqual(RANGES);
    });
  }

  test('range files in an archive are read, with any layout', async ({ place }) => {
    let number = 0;
    for (const [layout, files] of Object.entries(LAYOUTS)) {
      const archive = await tarOf(files);
      const file = place.write(`${++number}.tgz`, number % 2 === 0 ? zlib.gzipSync(archive) : archive);
      expect(await answers(createRangeDataset(place, `d${number}`), file), layout).toEqual(RANGES);
    }
  });

  test('a folder that is larger than the sample of it is read, also as a mirror', async ({ place }) => {
    const prefixes = Array.from({ length: 300 }, (_, i) => i.toString(16).toUpperCase().padStart(5, '0'));
    const many = seededRanges('sha1', prefixes, 60);
    const folder = write(place.at('mirror'), Object.fromEntries(many));
    for (const mirror of [false, true]) {
      const dataset = createRangeDataset(place, `dataset ${mirror}`);
      expect(await answers(dataset, folder, { mirror })).toEqual(many);
    }
  });

  test('one list of all hashes is read', async ({ place }) => {
    const rows = [...RANGES].flatMap(([prefix, text]) => text.split('\r\n').map((row) => `${prefix}${row}\r\n`));
    expect(await answers(createRangeDataset(place), place.write('pwned.txt', rows.join('')))).toEqual(RANGES);
  });
});

describe('padding of the API', () => {
  // As many rows with a count of 0 as of others.
  const padded = new Map(
    [...RANGES].map(([prefix, rows]) => [
      prefix,
      `${rows}\r\n${Array.from({ length: 40 }, (_, i) => `${`${i}`.padStart(35, '0')}:0`).join('\r\n')}`,
    ]),
  );

  test('rows with a count of 0 are left out and counted as padding, in files and in a list', async ({ place }) => {
    const whole = [...padded].flatMap(([prefix, rows]) => rows.split('\r\n').map((row) => `${prefix}${row}\n`));
    const corpora = [write(place.at('mirror'), Object.fromEntries(padded)), place.write('list.txt', whole.join(''))];
    for (const [number, corpus] of corpora.entries())
      for (const mirror of [false, true]) {
        const dataset = createRangeDataset(place, `dataset ${number} ${mirror}`);
        const { inputs, reading } = await openCorpus([corpus], { format: 'auto' });
        const { facts } = await ingest(dataset, key, { source: 'hibp', ...reading, inputs, threads: 1, mirror });
        expect(facts.rejects).toEqual({ padding: 40 * RANGES.size });
      }
  });
});

describe('what is no mirror', () => {
  test('rows of a range whose name is gone are refused, and are no combo list', async ({ place }) => {
    const dataset = createRangeDataset(place);
    const [rows = ''] = [...RANGES.values()];
    const nameless = [place.write('range.txt', rows), place.write('lower', rows.toLowerCase().replaceAll('\r', ''))];
    fs.mkdirSync(place.at('folder'));
    for (const file of [...nameless, place.write('folder/one', rows)])
      await expect(answers(dataset, file), file).rejects.toMatchObject({ code: 'RANGE_NAMELESS' });
    const inputs = [streamInput(Readable.from([Buffer.from(rows)]))];
    await expect(ingest(dataset, key, { source: 'x', inputs })).rejects.toMatchObject({ code: 'RANGE_NAMELESS' });
  });

  test('files of digits that hold something else are read as what they hold', async ({ place }) => {
    const dataset = createRangeDataset(place);
    write(place.at('lists'), { '10000.txt': 'ana@example.com:pw1\n', 'facad.txt': 'ben@example.com:pw2\n' });
    expect((await answers(dataset, place.at('lists'))).size).toBe(0);
    expect(JSON.stringify(fs.readdirSync(path.join(dataset.folder, 'runs')))).toContain('hibp.run');
  });
});

describe('an unclear mirror', () => {
  test('the same range twice is refused, with both names', async ({ place }) => {
    const [prefix, rows] = [...RANGES][0] as [string, string];
    write(place.at('twice'), { [`${prefix}.txt`]: rows, [`below/${prefix}.gz`]: zlib.gzipSync(rows) });
    await expect(answers(createRangeDataset(place), place.at('twice'))).rejects.toMatchObject({
      code: 'RANGE_TWICE',
      message: expect.stringMatching(/00000\.txt.*00000\.gz|00000\.gz.*00000\.txt/),
    });
  });

  test('ranges of SHA-1 and NTLM in one folder are refused', async ({ place }) => {
    write(place.at('both'), Object.fromEntries(RANGES));
    write(place.at('both/ntlm'), Object.fromEntries(seededRanges('ntlm', ['11111'], 40)));
    await expect(answers(createRangeDataset(place), place.at('both'))).rejects.toMatchObject({ code: 'RANGE_MIXED' });
  });
});
