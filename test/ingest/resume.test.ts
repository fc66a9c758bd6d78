// An interrupted ingest resumes: it does not derive finished segments again, and writes the same
// run.

import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect } from 'vitest';
import type { CorpusFormat } from '../../ingest/formats/format.ts';
import { comboFormat } from '../../ingest/formats/lines/line-format.ts';
import { csvFormat } from '../../ingest/formats/tables/csv.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openInput } from '../../ingest/input/inputs.ts';
import { streamInput } from '../../ingest/input/stream-input.ts';
import type { IngestOptions, IngestProgress } from '../../ingest/options.ts';
import { createDataset, type Dataset, runsFolder, workFolder } from '../../store/dataset.ts';
import { createDatasetKey, type DatasetKey } from '../../store/dataset-key.ts';
import { runPath } from '../../store/run/run.ts';
import { filesBelow, type WorkPlace } from '../support/credveil.ts';
import { comboText, seededPairs } from '../support/dataset.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

interface Job {
  readonly place: WorkPlace;
  readonly key: DatasetKey;
  readonly dataset: Dataset;
}

const test = placeTest.extend<{ readonly job: Job }>({
  job: ({ place }, use) => {
    const key = createDatasetKey();
    const dataset = createDataset(place.at('dataset'), key, { indexes: ['account', 'password'] });
    return use({ place, key, dataset });
  },
});

const SEGMENTS = 8;
const pairs = seededPairs(40_000, 3);
const combo = comboText(pairs);
const csv = `username,password\n${pairs.map(({ username, password }) => `${username},${password}\n`).join('')}`;
const csvRows = csvFormat({ columns: { username: 'username', password: 'password' } });

const workFiles = ({ dataset }: Job): string[] =>
  filesBelow(path.join(workFolder(dataset), 'ingest')).map(({ name }) => name);
const manifestFile = ({ dataset }: Job): string => path.join(workFolder(dataset), 'ingest', 'manifest');
const runBytes = ({ dataset }: Job): Buffer => fs.readFileSync(runPath(dataset, 'first'));

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
async function stopMidway(job: Job, file: string, more: Partial<IngestOptions> = {}): Promise<number> {
  const controller = new AbortController();
  const onProgress = (progress: IngestProgress): void => {
    if (progress.stage === 'merge' || progress.lines > 20_000) controller.abort();
  };
  const stopped = ingest(job.dataset, job.key, options(file, { ...more, signal: controller.signal, onProgress }));
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  expect(fs.readdirSync(runsFolder(job.dataset))).toEqual([]);
  return fs.readFileSync(manifestFile(job), 'utf8').split('\n').length - 2;
}

/** Ingests the same corpus without interruption, in a dataset with the same parameters. */
async function undisturbed(job: Job, file: string, more: Partial<IngestOptions> = {}): Promise<Buffer> {
  const other: Dataset = { ...job.dataset, folder: job.place.at('other') };
  for (const folder of ['runs', 'snapshots']) fs.mkdirSync(path.join(other.folder, folder), { recursive: true });
  await ingest(other, job.key, options(file, more));
  const bytes = fs.readFileSync(runPath(other, 'first'));
  fs.rmSync(other.folder, { recursive: true });
  return bytes;
}

describe('an interrupted ingest', () => {
  test.for<readonly [name: string, format: CorpusFormat, text: string]>([
    ['lines', comboFormat, combo],
    ['rows', csvRows, csv],
  ])(
    'an interrupted ingest of %s resumes after its finished segments and writes the same run',
    async ([, format, text], { job }) => {
      const file = job.place.write('corpus.txt', text);
      const expected = await undisturbed(job, file, { format });
      const finished = await stopMidway(job, file, { format });
      expect(finished).toBeGreaterThan(0);
      // Partial files are deleted; those of finished segments remain.
      const kept = new Map(
        workFiles(job).map((name) => [
          name,
          fs.statSync(path.join(path.dirname(manifestFile(job)), path.basename(name))).mtimeMs,
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
            fs.statSync(path.join(path.dirname(manifestFile(job)), path.basename(name))).mtimeMs === mtimeMs
          )
            untouched++;
      };
      const { changed } = await ingest(job.dataset, job.key, options(file, { format, onProgress }));
      expect(changed).toBe(true);
      expect(untouched).toBe(kept.size - 1);
      expect(runBytes(job).equals(expected)).toBe(true);
      expect(filesBelow(workFolder(job.dataset))).toEqual([]);
    },
  );

  test('an ingest starts over if the work folder is of another job or damaged', async ({ job }) => {
    const file = job.place.write('combo.txt', combo);
    const expected = await undisturbed(job, file);
    await stopMidway(job, file, { source: 'second' });
    await ingest(job.dataset, job.key, options(file));
    expect(runBytes(job).equals(expected)).toBe(true);

    for (const spoil of [
      (): void => fs.truncateSync(path.join(path.dirname(manifestFile(job)), '000000-0.account'), 18),
      (): void => fs.truncateSync(manifestFile(job), fs.statSync(manifestFile(job)).size - 3),
      (): void => fs.appendFileSync(manifestFile(job), '{"segment":99}\tnothing\n{'),
      (): void => fs.writeFileSync(manifestFile(job), ''),
      (): void => fs.rmSync(manifestFile(job)),
    ]) {
      fs.rmSync(runPath(job.dataset, 'first'));
      await stopMidway(job, file);
      spoil();
      await ingest(job.dataset, job.key, options(file));
      expect(runBytes(job).equals(expected)).toBe(true);
      expect(filesBelow(workFolder(job.dataset))).toEqual([]);
    }
  });

  test('an ingest with a corrupt chunk is refused once, and then starts over', async ({ job }) => {
    const file = job.place.write('combo.txt', combo);
    const expected = await undisturbed(job, file);
    await stopMidway(job, file);
    const chunk = path.join(path.dirname(manifestFile(job)), '000000-0.account');
    const bytes = fs.readFileSync(chunk);
    bytes[17] = (bytes[17] as number) ^ 1;
    fs.writeFileSync(chunk, bytes);
    await expect(ingest(job.dataset, job.key, options(file))).rejects.toMatchObject({ code: 'CHUNK_CORRUPT' });
    expect(fs.readdirSync(runsFolder(job.dataset))).toEqual([]);
    await ingest(job.dataset, job.key, options(file));
    expect(runBytes(job).equals(expected)).toBe(true);
  });

  test('an ingest reuses nothing of a file that changed, even at equal length', async ({ job }) => {
    const file = job.place.write('combo.txt', combo);
    await stopMidway(job, file);
    const [first = ''] = combo.split('\n', 1);
    fs.writeFileSync(file, combo.replace(first, [...first].reverse().join('').replace(':', '.').replace(/^./, ':')));
    const expected = await undisturbed(job, file);
    await ingest(job.dataset, job.key, options(file));
    expect(runBytes(job).equals(expected)).toBe(true);
  });

  test('an ingest of a stream does not resume', async ({ job }) => {
    const file = job.place.write('combo.txt', combo);
    await stopMidway(job, file);
    const input = streamInput(Readable.from([Buffer.from(combo)]));
    await ingest(job.dataset, job.key, options(file, { inputs: [input] }));
    expect(filesBelow(workFolder(job.dataset))).toEqual([]);
  });

  test('the work folder reveals nothing of the corpus', async ({ job }) => {
    const finished = await stopMidway(job, job.place.write('combo.txt', combo));
    expect(finished).toBeLessThanOrEqual(SEGMENTS);
    const all = filesBelow(workFolder(job.dataset))
      .map(({ bytes }) => bytes.toString('latin1'))
      .join('');
    for (const { username, password } of pairs.slice(0, 100)) {
      expect(all).not.toContain(username);
      expect(all).not.toContain(password);
    }
  });
});
