// `ingest --replace`: a source is swapped in one publish, and a mirror costs what changed of it.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { openDataset } from '../../store/dataset.ts';
import { openRuns } from '../../store/run/run.ts';
import { openSnapshot, rangeText } from '../../store/snapshot/snapshot.ts';
import { credveil, credveilJson, startCredveil, type WorkPlace } from '../support/credveil.ts';
import { type RangeFiles, seededRanges, writeRanges } from '../support/range-dataset.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const FIRST = seededRanges('sha1', ['00000', '00001', '0000F', 'ABCDE', 'FFFFF'], 30);
const OTHER = seededRanges('sha1', ['00001', '0000F', '12345'], 30, 7);

interface Summary {
  readonly changed: boolean;
  readonly refreshed?: { readonly unchanged: number; readonly read: number };
  readonly mirror?: { readonly gaps: number };
}

async function createDataset(place: WorkPlace, name = 'dataset'): Promise<string> {
  await credveilJson(['init', place.at(name), '--suite', 'hmac', '--index', 'sha1']);
  return place.at(name);
}

const take = async (folder: string, corpus: string, ...options: string[]): Promise<Summary> =>
  (await credveilJson(['ingest', folder, corpus, ...options])) as Summary;

const shaOf = (folder: string): string | undefined => openRuns(openDataset(folder))[0]?.sha256;

/** The answers of a dataset: rows, or undefined for a gap. */
async function answersOf(folder: string, prefixes: Iterable<string>): Promise<(string | undefined)[]> {
  const snapshot = await openSnapshot(openDataset(folder));
  try {
    return [...prefixes].map((prefix) => {
      const range = Number.parseInt(prefix, 16);
      return snapshot.isGap('sha1', range) ? undefined : rangeText(snapshot, 'sha1', range)?.toString('latin1');
    });
  } finally {
    snapshot.close();
  }
}

describe('a source', () => {
  test('a source is swapped for another corpus, with its name, date and number', async ({ place }) => {
    const folder = await createDataset(place);
    await take(folder, writeRanges(place.at('one'), FIRST), '--source', 'hibp', '--date', '2024-01');
    expect((await credveil(['ingest', folder, place.at('one'), '--replace', 'none'])).stderr).toContain(
      'SOURCE_MISSING',
    );
    const swapped = await take(folder, writeRanges(place.at('two'), OTHER), '--replace', 'hibp', '--no-publish');
    expect(swapped.changed).toBe(true);
    // The old answers until the publish.
    expect(await answersOf(folder, FIRST.keys())).toEqual([...FIRST.values()]);
    await credveilJson(['publish', folder]);
    expect(await answersOf(folder, OTHER.keys())).toEqual([...OTHER.values()]);
    expect(await answersOf(folder, ['ABCDE'])).toEqual(['']);
    const sources = (await credveilJson(['sources', folder])) as { name: string; date: string }[];
    expect(sources).toMatchObject([{ name: 'hibp', date: '2024-01' }]);
    expect(await take(folder, place.at('two'), '--replace', 'hibp')).toMatchObject({ changed: false });
  });

  test('--replace stands for --source, and a copy of another source is still refused', async ({ place }) => {
    const folder = await createDataset(place);
    await take(folder, writeRanges(place.at('one'), FIRST), '--source', 'a', '--no-publish');
    await take(folder, writeRanges(place.at('two'), OTHER), '--source', 'b', '--no-publish');
    const both = await credveil(['ingest', folder, place.at('one'), '--replace', 'a', '--source', 'a']);
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('--replace') });
    const copy = await credveil(['ingest', folder, place.at('two'), '--replace', 'a']);
    expect(copy).toMatchObject({ code: 1, stderr: expect.stringContaining('SOURCE_DUPLICATE') });
  });

  test('a replacement that is killed leaves the old source or the new one', async ({ place }) => {
    const folder = await createDataset(place);
    const [one, two] = [writeRanges(place.at('one'), FIRST), writeRanges(place.at('two'), OTHER)];
    await take(folder, one, '--source', 'hibp');
    const before = shaOf(folder);
    for (const ms of [250, 400, 550, 700, 900]) {
      const { child, ended } = startCredveil(['ingest', folder, two, '--replace', 'hibp']);
      await Promise.race([delay(ms), ended]);
      child.kill('SIGKILL');
      await ended;
      const answers = await answersOf(folder, ['00000', '12345']);
      expect([
        [FIRST.get('00000'), ''],
        ['', OTHER.get('12345')],
      ]).toContainEqual(answers);
      expect(shaOf(folder)).toBeTruthy();
    }
    await take(folder, two, '--replace', 'hibp');
    expect(shaOf(folder)).not.toBe(before);
    expect(await answersOf(folder, OTHER.keys())).toEqual([...OTHER.values()]);
    expect(await credveilJson(['verify', folder])).toMatchObject({ matched: true });
  });
});

describe('a mirror that its downloader updated', () => {
  /** Stamps of files that were just written are not trusted. */
  const settle = (): Promise<void> => delay(2100);

  const rewrite = (folder: string, files: RangeFiles): void => {
    for (const [prefix, rows] of files) fs.writeFileSync(path.join(folder, prefix), rows);
  };

  test('only files that changed are read, and the run is that of a whole ingest', async ({ place }) => {
    const folder = await createDataset(place);
    const mirror = writeRanges(place.at('mirror'), FIRST);
    place.write('mirror/0000B', '');
    await settle();
    await take(folder, mirror, '--source', 'hibp', '--mirror');
    rewrite(mirror, OTHER);
    fs.rmSync(place.at('mirror/ABCDE'));
    const summary = await take(folder, mirror, '--replace', 'hibp');
    expect(summary).toMatchObject({
      changed: true,
      refreshed: { unchanged: 3, read: 3 },
      mirror: { gaps: 2 ** 20 - 5 },
    });
    const expected = new Map([...FIRST, ...OTHER]);
    expect(await answersOf(folder, expected.keys())).toEqual(
      [...expected].map(([prefix, rows]) => (prefix === 'ABCDE' ? undefined : rows)),
    );
    const whole = await createDataset(place, 'whole');
    fs.cpSync(`${folder}.key`, `${whole}.key`);
    fs.cpSync(path.join(folder, 'dataset.json'), path.join(whole, 'dataset.json'));
    await take(whole, mirror, '--source', 'hibp', '--mirror', '--no-publish');
    expect(shaOf(whole)).toBe(shaOf(folder));
  });

  test('an unchanged mirror changes nothing, and a damaged memory of it costs a whole read', async ({ place }) => {
    const folder = await createDataset(place);
    const mirror = writeRanges(place.at('mirror'), FIRST);
    await settle();
    await take(folder, mirror, '--source', 'hibp', '--mirror');
    const before = shaOf(folder);
    expect(await take(folder, mirror, '--replace', 'hibp')).toMatchObject({ changed: false });
    const [name = ''] = fs.readdirSync(path.join(folder, 'mirrors'));
    const file = path.join(folder, 'mirrors', name);
    const bytes = fs.readFileSync(file);
    for (const damaged of [bytes.fill(7, 60, 70), bytes.subarray(0, 100), Buffer.alloc(0), undefined]) {
      if (damaged) fs.writeFileSync(file, damaged);
      else fs.rmSync(file);
      fs.appendFileSync(path.join(mirror, 'FFFFF'), `\r\n${'F'.repeat(35)}:1`);
      expect(await take(folder, mirror, '--replace', 'hibp')).not.toHaveProperty('refreshed');
      rewrite(mirror, FIRST);
      await take(folder, mirror, '--replace', 'hibp');
      expect(shaOf(folder)).toBe(before);
    }
    await credveilJson(['remove', folder, 'hibp']);
    expect(fs.readdirSync(path.join(folder, 'mirrors'))).toEqual([]);
  });
});
