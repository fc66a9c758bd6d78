// A whole ingest: the facts of a run, equal bytes for equal corpora, and failures that leave
// nothing.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect } from 'vitest';
import { comboFormat, countedPasswordsFormat, passwordsFormat } from '../../ingest/formats/lines/line-format.ts';
import { csvFormat } from '../../ingest/formats/tables/csv.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openInput } from '../../ingest/input/inputs.ts';
import { streamInput } from '../../ingest/input/stream-input.ts';
import { planMemory } from '../../ingest/memory-plan.ts';
import type { IngestOptions, IngestProgress } from '../../ingest/options.ts';
import { createDataset, type Dataset, runsFolder, workFolder } from '../../store/dataset.ts';
import { createDatasetKey, type DatasetKey } from '../../store/dataset-key.ts';
import { openRuns, runPath } from '../../store/run/run.ts';
import { digestFolder, filesBelow } from '../support/credveil.ts';
import { seededPairs } from '../support/dataset.ts';
import { placeTest, resource } from '../support/vitest/fixtures.ts';

interface Fixtures {
  readonly key: DatasetKey;
  readonly dataset: Dataset;
}

const test = placeTest.extend<Fixtures>({
  key: resource(createDatasetKey),
  dataset: ({ place, key }, use) => use(createDataset(place.at('dataset'), key, { indexes: ['account', 'password'] })),
});

/** Many pairs, some of them several times over. */
const comboText = (pairs: number, seed = 1): string => {
  const lines = seededPairs(pairs, seed).map(({ username, password }) => `${username}:${password}`);
  return `${[...lines, ...lines.slice(0, pairs / 3), ...lines.slice(0, pairs / 5)].join('\n')}\n`;
};

const options = (source: string, files: readonly string[], more: Partial<IngestOptions> = {}): IngestOptions => ({
  source,
  format: comboFormat,
  inputs: files.map((file) => openInput(file)),
  ...more,
});

const runBytes = (dataset: Dataset, source: string): Buffer => fs.readFileSync(runPath(dataset, source));

describe('a run', () => {
  test('a run records its origin, the lines that were read and the reasons of rejects', async ({
    place,
    key,
    dataset,
  }) => {
    const file = place.write('combo.txt', `ana:pw\nben:pw\nana:pw\n\nnothing\n:pw\ncleo:\nx:${'y'.repeat(65_536)}\n`);
    const { facts, changed } = await ingest(
      dataset,
      key,
      options('first', [file], { date: '2024-02', accept: ['many-rejects'] }),
    );
    expect(changed).toBe(true);
    expect(facts).toEqual({
      suite: 'hmac',
      keyId: key.keyId,
      normalization: dataset.parameters.normalization,
      source: 'first',
      date: '2024-02',
      options: { format: 'combo' },
      report: {
        texts: [expect.objectContaining({ name: 'combo.txt', format: 'combo', credentials: 3 })],
        otherTexts: 0,
        leftOut: [],
      },
      format: 'combo',
      files: [
        {
          name: 'combo.txt',
          bytes: fs.statSync(file).size,
          sha256: createHash('sha256').update(fs.readFileSync(file)).digest('hex'),
        },
      ],
      lines: 8,
      credentials: 3,
      rejects: { blank: 1, 'empty-password': 1, 'empty-username': 1, 'no-separator': 1, 'too-long': 1 },
      indexes: ['account', 'password'],
      // Two pairs and two usernames; one password.
      sections: [
        { index: 'account', records: 4, usernames: 2 },
        { index: 'password', records: 1 },
      ],
    });
    expect(openRuns(dataset).map((run) => run.facts)).toEqual([facts]);
  });

  test('a run has the same bytes for the same corpus, sorted in memory or on disk', async ({ place, key, dataset }) => {
    const corpus = comboText(60_000);
    const file = place.write('combo.txt', corpus);
    await ingest(dataset, key, options('same', [file], { threads: 1 }));
    const once = runBytes(dataset, 'same');
    let chunks = 0;
    const watch = (progress: IngestProgress): void => {
      if (progress.stage === 'merge' && progress.records === 0) chunks = filesBelow(workFolder(dataset)).length;
    };
    for (const memoryBytes of [256 * 2 ** 20, 1]) {
      fs.rmSync(runPath(dataset, 'same'));
      await ingest(dataset, key, options('same', [file], { memoryBytes, onProgress: watch }));
      expect(runBytes(dataset, 'same').equals(once)).toBe(true);
    }
    // The last plan makes more chunks per index than one merge takes.
    expect(chunks).toBeGreaterThan(2 * planMemory('hmac', 1).fanIn);
    expect(filesBelow(workFolder(dataset))).toEqual([]);
  });

  test('a run of several files contains all lines, and joins none across files', async ({ place, key, dataset }) => {
    const files = [
      place.write('a.txt', '\ufeffana:one'),
      place.write('b.txt', '\ufeffben:two\n'),
      place.write('c.txt', ''),
    ];
    const { facts } = await ingest(dataset, key, options('many', files));
    expect(facts).toMatchObject({ lines: 2, credentials: 2, rejects: {} });
    expect(facts.files.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['a.txt', 10],
      ['b.txt', 11],
      ['c.txt', 0],
    ]);
  });

  test('a run of a stream equals that of a file, except for the name', async ({ key, dataset }) => {
    const corpus = comboText(100);
    const input = streamInput(Readable.from([Buffer.from(corpus.slice(0, 77)), Buffer.from(corpus.slice(77))]));
    const { facts } = await ingest(dataset, key, options('stream', [], { inputs: [input] }));
    const sha256 = createHash('sha256').update(corpus).digest('hex');
    expect(facts.files).toEqual([{ name: '-', bytes: Buffer.byteLength(corpus), sha256 }]);
    expect(facts.credentials).toBe(153);
  });

  test('a run of a counted list adds counts up to the maximum of a record', async ({ place, key, dataset }) => {
    const file = place.write('counts.txt', '3 pw\n4 pw\n999999999999 many\n999999999999 many\n');
    const { facts } = await ingest(dataset, key, options('counts', [file], { format: countedPasswordsFormat }));
    expect(facts).toMatchObject({ credentials: 4, sections: [{ index: 'password', records: 2 }] });
    const times = [0, 1].map((record) => runBytes(dataset, 'counts').readUInt32BE(8 + record * 23 + 19));
    expect(times.sort((a, b) => a - b)).toEqual([7, 0xffff_ffff]);
  });

  test('a run of a CSV feeds the indexes that its columns allow', async ({ place, key, dataset }) => {
    const csv = csvFormat({ columns: { password: 'password' } });
    const { facts } = await ingest(
      dataset,
      key,
      options('csv', [place.write('a.csv', 'password\npw\n')], { format: csv }),
    );
    expect(facts.sections).toEqual([{ index: 'password', records: 1 }]);
  });
});

describe('the same corpus again', () => {
  test('the same corpus under the same name changes nothing and reports it', async ({ place, key, dataset }) => {
    const file = place.write('combo.txt', comboText(50));
    const { facts } = await ingest(dataset, key, options('first', [file]));
    const before = digestFolder(dataset.folder);
    const copy = place.write('copy.txt', comboText(50));
    for (const again of [file, copy])
      expect(await ingest(dataset, key, options('first', [again]))).toEqual({ facts, changed: false });
    const stream = streamInput(Readable.from([Buffer.from(comboText(50))]));
    expect(await ingest(dataset, key, options('first', [], { inputs: [stream] }))).toEqual({ facts, changed: false });
    expect(digestFolder(dataset.folder)).toBe(before);
  });

  test('the same corpus under another name is refused', async ({ place, key, dataset }) => {
    await ingest(dataset, key, options('first', [place.write('combo.txt', comboText(50))]));
    const before = digestFolder(dataset.folder);
    const refused = { code: 'SOURCE_DUPLICATE', message: expect.stringContaining('first') };
    await expect(ingest(dataset, key, options('second', [place.at('combo.txt')]))).rejects.toMatchObject(refused);
    const stream = streamInput(Readable.from([Buffer.from(comboText(50))]));
    await expect(ingest(dataset, key, options('second', [], { inputs: [stream] }))).rejects.toMatchObject(refused);
    expect(digestFolder(dataset.folder)).toBe(before);
  });

  test('another corpus under the same name is refused, of equal and greater length', async ({
    place,
    key,
    dataset,
  }) => {
    await ingest(dataset, key, options('first', [place.write('combo.txt', 'ana:pw\n')]));
    const before = digestFolder(dataset.folder);
    for (const corpus of ['ben:pw\n', 'ana:pw\nben:pw\n']) {
      const other = place.write('other.txt', corpus);
      await expect(ingest(dataset, key, options('first', [other]))).rejects.toMatchObject({ code: 'SOURCE_EXISTS' });
      const stream = streamInput(Readable.from([Buffer.from(corpus)]));
      const streamed = options('first', [], { inputs: [stream] });
      await expect(ingest(dataset, key, streamed)).rejects.toMatchObject({ code: 'SOURCE_EXISTS' });
    }
    expect(digestFolder(dataset.folder)).toBe(before);
  });
});

describe('a failed ingest', () => {
  const failing = async (dataset: Dataset, refused: object, ...args: Parameters<typeof ingest>): Promise<void> => {
    const before = digestFolder(dataset.folder);
    await expect(ingest(...args)).rejects.toMatchObject(refused);
    expect(digestFolder(dataset.folder)).toBe(before);
    expect(fs.readdirSync(runsFolder(dataset))).toEqual([]);
  };

  test('an ingest with another key leaves nothing', async ({ place, dataset }) => {
    const file = place.write('combo.txt', 'ana:pw\n');
    await failing(dataset, { code: 'KEY_MISMATCH' }, dataset, createDatasetKey(), options('first', [file]));
  });

  test('an ingest without credentials leaves nothing, and the error counts the rejects', async ({
    place,
    key,
    dataset,
  }) => {
    const counted = { code: 'NOTHING_FOUND', message: expect.stringContaining('2 no-separator') };
    await failing(dataset, counted, dataset, key, options('first', [place.write('a.txt', 'x\ny\n')]));
    const empty = { code: 'NOTHING_FOUND', message: expect.stringContaining('empty') };
    await failing(dataset, empty, dataset, key, options('first', [place.write('b.txt', '')]));
  });

  test('an ingest of a table with a missing column leaves nothing', async ({ place, key, dataset }) => {
    const format = csvFormat({ columns: { username: 'login', password: 'password' } });
    const file = place.write('a.csv', 'username,password\nana,pw\n');
    await failing(dataset, { code: 'COLUMN_MISSING' }, dataset, key, options('first', [file], { format }));
  });

  test('an ingest whose format feeds no index leaves nothing', async ({ place, key, dataset }) => {
    const accounts = createDataset(place.at('accounts'), key, { indexes: ['account'] });
    const file = place.write('a.txt', 'pw\n');
    await failing(
      dataset,
      { code: 'FORMAT_USELESS', hint: expect.stringMatching(/init DIR --index account,password$/) },
      accounts,
      key,
      options('first', [file], { format: passwordsFormat }),
    );
  });

  test('an ingest with an invalid name or month leaves nothing', async ({ place, key, dataset }) => {
    const file = place.write('combo.txt', 'ana:pw\n');
    for (const source of ['', '../x', 'A', 'a/b', '.hidden', 'x'.repeat(65)])
      await failing(dataset, { code: 'SOURCE_NAME' }, dataset, key, options(source, [file]));
    for (const date of ['2024', '2024-13', '2024-00', '24-01', '2024-01-01', ''])
      await failing(dataset, { code: 'SOURCE_DATE' }, dataset, key, options('first', [file], { date }));
  });

  test('an input that cannot be opened is refused', ({ place }) => {
    expect(() => openInput(place.at('none.txt'))).toThrow(expect.objectContaining({ code: 'INPUT_MISSING' }));
    expect(() => openInput(place.home)).toThrow(expect.objectContaining({ code: 'INPUT_UNREADABLE' }));
  });

  test('progress never exceeds the size of a file that grew', async ({ place, key, dataset }) => {
    const job = options('first', [place.write('combo.txt', 'ana:pw\n')]);
    fs.appendFileSync(place.at('combo.txt'), 'ben:pw\n');
    const reads: [bytes: number, total: number | undefined][] = [];
    const onProgress = (progress: IngestProgress): void => {
      if (progress.stage === 'read') reads.push([progress.bytes, progress.totalBytes]);
    };
    await ingest(dataset, key, { ...job, onProgress });
    expect(reads.at(0)).toEqual([0, 7]);
    expect(reads.at(-1)).toEqual([14, 14]);
  });

  test('an interrupted stream leaves nothing, and the next ingest starts over', async ({ place, key, dataset }) => {
    const controller = new AbortController();
    // More than the first segment, so that its chunks are written before the stream ends.
    const corpus = comboText(60_000);
    const endless = new PassThrough();
    endless.write(corpus);
    let chunks = 0;
    const interrupted = options('first', [], {
      inputs: [streamInput(endless)],
      memoryBytes: 1,
      signal: controller.signal,
      onProgress: () => {
        chunks = filesBelow(workFolder(dataset)).length;
        if (chunks > 1) controller.abort();
      },
    });
    await failing(dataset, { name: 'AbortError' }, dataset, key, interrupted);
    expect(chunks).toBeGreaterThan(1);

    // The files of a killed process do no harm.
    fs.mkdirSync(path.join(workFolder(dataset), 'ingest', 'account'), { recursive: true });
    fs.writeFileSync(path.join(workFolder(dataset), 'ingest', 'account', 'chunk-000000'), 'left');
    fs.writeFileSync(path.join(workFolder(dataset), 'ingest', 'manifest'), 'not a manifest');
    fs.writeFileSync(path.join(workFolder(dataset), 'other.run.part'), 'left');
    await ingest(dataset, key, options('first', [place.write('combo.txt', corpus)]));
    expect(filesBelow(workFolder(dataset))).toEqual([]);
    expect(openRuns(dataset)).toHaveLength(1);
  });
});
