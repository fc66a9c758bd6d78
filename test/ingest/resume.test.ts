// An interrupted ingest resumes: it does not derive finished segments again, and writes the same
// run.

import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { csvFormat } from '../../ingest/formats/csv.ts';
import type { CorpusFormat } from '../../ingest/formats/format.ts';
import { comboFormat } from '../../ingest/formats/line-format.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openInput, streamInput } from '../../ingest/input/inputs.ts';
import type { IngestOptions, IngestProgress } from '../../ingest/options.ts';
import { createDataset, type Dataset, runsFolder, workFolder } from '../../store/dataset.ts';
import { createDatasetKey, type DatasetKey } from '../../store/dataset-key.ts';
import { runPath } from '../../store/run/run.ts';
import { createWorkPlace, filesBelow, type WorkPlace } from '../support/credveil.ts';
import { seededPairs } from '../support/dataset.ts';

let place: WorkPlace;
let key: DatasetKey;
let dataset: Dataset;

beforeEach(() => {
  place = createWorkPlace();
  key = createDatasetKey();
  dataset = createDataset(place.at('dataset'), key, { indexes: ['account', 'password'] });
});

afterEach(() => place.dispose());

const SEGMENTS = 8;
const pairs = seededPairs(40_000, 3);
const combo = pairs.map(({ username, password }) => `${username}:${password}\n`).join('');
const csv = `username,password\n${pairs.map(({ username, password }) => `${username},${password}\n`).join('')}`;
const csvRows = csvFormat({ columns: { username: 'username', password: 'password' } });

const workFiles = (): string[] => filesBelow(path.join(workFolder(dataset), 'ingest')).map(({ name }) => name);
const manifestFile = (): string => path.join(workFolder(dataset), 'ingest', 'manifest');
const runBytes = (source: string): Buffer => fs.readFileSync(runPath(dataset, source));

const options = (file: string, more: Partial<IngestOptions> = {}): IngestOptions => ({
  source: 'first',
  format: comboFormat,
  inputs: [openInput(file)],
  memoryBytes: 1,
  threads: 2,
  ...more,
});

/**
 * Ingests until some segments are finished, and stops.
 * @returns the number of finished segments in the manifest
 */
async function stopMidway(file: string, more: Partial<IngestOptions> = {}): Promise<number> {
  const controller = new AbortController();
  const onProgress = (progress: IngestProgress): void => {
    if (progress.stage === 'merge' || progress.lines > 20_000) controller.abort();
  };
  const stopped = ingest(dataset, key, options(file, { ...more, signal: controller.signal, onProgress }));
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  expect(fs.readdirSync(runsFolder(dataset))).toEqual([]);
  return fs.readFileSync(manifestFile(), 'utf8').split('\n').length - 2;
}

/** Ingests the same corpus without interruption, in a dataset with the same parameters. */
async function undisturbed(file: string, more: Partial<IngestOptions> = {}): Promise<Buffer> {
  const other: Dataset = { ...dataset, folder: place.at('other') };
  for (const folder of ['runs', 'snapshots']) fs.mkdirSync(path.join(other.folder, folder), { recursive: true });
  await ingest(other, key, options(file, more));
  const bytes = fs.readFileSync(runPath(other, 'first'));
  fs.rmSync(other.folder, { recursive: true });
  return bytes;
}

describe('an interrupted ingest', () => {
  test.each<[string, CorpusFormat, string]>([
    ['lines', comboFormat, combo],
    ['rows', csvRows, csv],
  ])('resumes after its finished segments and writes the same run: %s', async (_, format, text) => {
    const file = place.write('corpus.txt', text);
    const expected = await undisturbed(file, { format });
    const finished = await stopMidway(file, { format });
    expect(finished).toBeGreaterThan(0);
    // Partial files are deleted; those of finished segments remain.
    const kept = new Map(
      workFiles().map((name) => [
        name,
        fs.statSync(path.join(path.dirname(manifestFile()), path.basename(name))).mtimeMs,
      ]),
    );
    expect(kept.size).toBeGreaterThanOrEqual(1 + finished);

    let untouched = 0;
    const onProgress = (progress: IngestProgress): void => {
      // After the whole corpus has been read, before the first merge.
      if (progress.stage !== 'merge' || progress.records > 0) return;
      for (const [name, mtimeMs] of kept)
        if (
          !name.endsWith('manifest') &&
          fs.statSync(path.join(path.dirname(manifestFile()), path.basename(name))).mtimeMs === mtimeMs
        )
          untouched++;
    };
    const { changed } = await ingest(dataset, key, options(file, { format, onProgress }));
    expect(changed).toBe(true);
    expect(untouched).toBe(kept.size - 1);
    expect(runBytes('first').equals(expected)).toBe(true);
    expect(filesBelow(workFolder(dataset))).toEqual([]);
  });

  test('starts over if the work folder is of another job or damaged', async () => {
    const file = place.write('combo.txt', combo);
    const expected = await undisturbed(file);
    await stopMidway(file, { source: 'second' });
    await ingest(dataset, key, options(file));
    expect(runBytes('first').equals(expected)).toBe(true);

    for (const spoil of [
      (): void => fs.truncateSync(path.join(path.dirname(manifestFile()), '000000-0.account'), 18),
      (): void => fs.truncateSync(manifestFile(), fs.statSync(manifestFile()).size - 3),
      (): void => fs.appendFileSync(manifestFile(), '{"segment":99}\tnothing\n{'),
      (): void => fs.writeFileSync(manifestFile(), ''),
      (): void => fs.rmSync(manifestFile()),
    ]) {
      fs.rmSync(runPath(dataset, 'first'));
      await stopMidway(file);
      spoil();
      await ingest(dataset, key, options(file));
      expect(runBytes('first').equals(expected)).toBe(true);
      expect(filesBelow(workFolder(dataset))).toEqual([]);
    }
  });

  test('is refused once if a chunk is corrupt, and then starts over', async () => {
    const file = place.write('combo.txt', combo);
    const expected = await undisturbed(file);
    await stopMidway(file);
    const chunk = path.join(path.dirname(manifestFile()), '000000-0.account');
    const bytes = fs.readFileSync(chunk);
    bytes[17] = (bytes[17] as number) ^ 1;
    fs.writeFileSync(chunk, bytes);
    await expect(ingest(dataset, key, options(file))).rejects.toMatchObject({ code: 'CHUNK_CORRUPT' });
    expect(fs.readdirSync(runsFolder(dataset))).toEqual([]);
    await ingest(dataset, key, options(file));
    expect(runBytes('first').equals(expected)).toBe(true);
  });

  test('reuses nothing of a file that changed, even at equal length', async () => {
    const file = place.write('combo.txt', combo);
    await stopMidway(file);
    const [first = ''] = combo.split('\n', 1);
    fs.writeFileSync(file, combo.replace(first, [...first].reverse().join('').replace(':', '.').replace(/^./, ':')));
    const expected = await undisturbed(file);
    await ingest(dataset, key, options(file));
    expect(runBytes('first').equals(expected)).toBe(true);
  });

  test('does not resume from a stream', async () => {
    const file = place.write('combo.txt', combo);
    await stopMidway(file);
    const input = streamInput(Readable.from([Buffer.from(combo)]));
    await ingest(dataset, key, options(file, { inputs: [input] }));
    expect(filesBelow(workFolder(dataset))).toEqual([]);
  });

  test('reveals nothing of its corpus in the work folder', async () => {
    const finished = await stopMidway(place.write('combo.txt', combo));
    expect(finished).toBeLessThanOrEqual(SEGMENTS);
    const all = filesBelow(workFolder(dataset))
      .map(({ bytes }) => bytes.toString('latin1'))
      .join('');
    for (const { username, password } of pairs.slice(0, 100)) {
      expect(all).not.toContain(username);
      expect(all).not.toContain(password);
    }
  });
});
