// Range indexes from HIBP's files, which round-trip byte for byte, from hash lists and from
// plaintext.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { detectFormat } from '../../ingest/format-registry.ts';
import type { CorpusFormat } from '../../ingest/formats/format.ts';
import { ntlmListFormat, sha1ListFormat } from '../../ingest/formats/hashes/hash-list.ts';
import { passwordsFormat } from '../../ingest/formats/lines/line-format.ts';
import { createSample } from '../../ingest/formats/sample.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openInputs } from '../../ingest/input/inputs.ts';
import { parseRangePrefix, type RangeName } from '../../protocol/bucket-id.ts';
import { createDataset, type Dataset, openDataset } from '../../store/dataset.ts';
import { Merge } from '../../store/run/merge.ts';
import { openRuns } from '../../store/run/run.ts';
import type { RunFacts } from '../../store/run/run-facts.ts';
import { prepareRunStreams } from '../../store/run/run-streams.ts';
import { SECTION_LAYOUTS } from '../../store/run/sections.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { openSnapshot, rangeFiles, rangeText } from '../../store/snapshot/snapshot.ts';
import { verifyDataset } from '../../store/verify.ts';
import { credveil, credveilJson } from '../support/credveil.ts';
import { seededKey } from '../support/dataset.ts';
import { root } from '../support/paths.ts';
import { createRandom, testSeed } from '../support/random.ts';
import { seededRanges, sha1Of, writeRanges } from '../support/range-dataset.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

const HIBP = path.join(root, '../shared/corpora/hibp-sha1');

const key = seededKey('hmac', 1);

const test = placeTest.extend<{ readonly dataset: Dataset }>({
  dataset: ({ place }, use) =>
    use(
      createDataset(place.at('dataset'), key, {
        indexes: ['account', 'password'],
        ranges: ['sha1', 'ntlm'],
        hashPlaintext: true,
      }),
    ),
});

async function take(dataset: Dataset, source: string, format: CorpusFormat, ...files: string[]): Promise<RunFacts> {
  const options = { source, format, inputs: openInputs(files), threads: 2, accept: ['many-rejects'] } as const;
  return (await ingest(dataset, key, options)).facts;
}

/** Publishes the dataset. @returns the text of each range, by its name */
async function published(dataset: Dataset, name: RangeName): Promise<Map<string, string>> {
  await publish(dataset, key.createSuite());
  const snapshot = await openSnapshot(dataset);
  try {
    const files = new Map<string, string>();
    for (const { name: range, content } of rangeFiles(snapshot, name)) {
      files.set(range, content.toString('latin1'));
      expect(rangeText(snapshot, name, parseRangePrefix(range.toLowerCase()))?.equals(content)).toBe(true);
    }
    return files;
  } finally {
    snapshot.close();
  }
}

/** The rows of ranges with whole hashes. */
const hashesOf = (files: ReadonlyMap<string, string>): string[] =>
  [...files].flatMap(([prefix, text]) => text.split('\r\n').map((row) => `${prefix}${row}`));

describe("Have I Been Pwned's files", () => {
  test.runIf(fs.existsSync(HIBP))("the files of HIBP's service round-trip byte for byte", async ({ dataset }) => {
    const facts = await take(dataset, 'hibp', sha1ListFormat, HIBP);
    expect(facts).toMatchObject({ rejects: {}, sections: [{ index: 'sha1', records: facts.credentials }] });
    const answers = await published(dataset, 'sha1');
    const names = fs.readdirSync(HIBP).sort();
    expect([...answers.keys()]).toEqual(names);
    for (const name of names) expect(answers.get(name), name).toBe(fs.readFileSync(path.join(HIBP, name), 'latin1'));
  });

  test.for(['sha1', 'ntlm'] as const)(
    'files of seeded %s ranges round-trip byte for byte',
    async (name, { place, dataset }) => {
      const files = seededRanges(name, ['00000', '0000A', '7FFFF', 'ABCDE', 'FFFFF'], 400);
      await take(
        dataset,
        'ranges',
        name === 'sha1' ? sha1ListFormat : ntlmListFormat,
        writeRanges(place.at('ranges'), files, '.txt'),
      );
      expect(await published(dataset, name)).toEqual(files);
      expect((await published(dataset, name === 'sha1' ? 'ntlm' : 'sha1')).size).toBe(0);
    },
  );

  test('one list in any order, case and line ends makes the same run sections', async ({ place, dataset }) => {
    const files = seededRanges('sha1', ['00000', '80000', 'FFFFF'], 300);
    const random = createRandom(testSeed('order'));
    const rows = hashesOf(files)
      .map((row) => [random.next(), row] as const)
      .sort(([a], [b]) => a - b)
      .map(([, row]) => row)
      .map((row, i) => (i % 2 === 0 ? row : row.toLowerCase()));
    const list = place.write('list.txt', rows.map((row, i) => `${row}${i % 3 === 0 ? '\n' : '\r\n'}`).join(''));
    await take(dataset, 'list', sha1ListFormat, list);
    expect(await published(dataset, 'sha1')).toEqual(files);
  });

  test('hash lists are distinguished from other lists by their contents', () => {
    const hash = 'a'.repeat(40);
    expect(detectFormat(createSample(Buffer.from(`${hash}:3\r\n${hash}\n`), true)).format.name).toBe('sha1');
    const rows = Array.from({ length: 9 }, (_, i) => `${i}${hash.slice(9)}:3\n`).join('');
    expect(detectFormat(createSample(Buffer.from(rows), true)).format.name).toBe('ntlm');
    const { format } = detectFormat(createSample(Buffer.from(`${hash.slice(1)}:3\n`), true));
    expect(['sha1', 'ntlm']).not.toContain(format.name);
  });

  test('single range files are read with the prefix of their names', async ({ place, dataset }) => {
    const files = seededRanges('sha1', ['12345', '54321'], 20);
    const folder = writeRanges(place.at('ranges'), files);
    await take(dataset, 'first', sha1ListFormat, path.join(folder, '54321'), path.join(folder, '12345'));
    expect(await published(dataset, 'sha1')).toEqual(files);
  });
});

describe('a list of hashes', () => {
  test('a hash list counts rejects by reason and adds up equal hashes, with a default count of 1', async ({
    place,
    dataset,
  }) => {
    const [a, b] = [sha1Of('a'), sha1Of('b')];
    const lines = [a, `${a}:4`, `${a.toLowerCase()}:37000000`, `${b}:4294967295`, `${b}:9`, '', `${a}:0`, `${a}:`]
      .concat([`${a.slice(1)}:3`, `${a}5:3`, `${a.replace(/./, 'x')}:3`, `${a}:1x`, 'é', `${a} :3`, `  `])
      .concat([`${a}:1234567890123456`]);
    const facts = await take(dataset, 'list', sha1ListFormat, place.write('list.txt', `\ufeff${lines.join('\n')}`));
    expect(facts).toMatchObject({
      lines: lines.length,
      credentials: 6,
      rejects: { blank: 2, 'bad-count': 3, padding: 1, 'bad-hash': 4 },
    });
    const answers = await published(dataset, 'sha1');
    expect(answers.get(a.slice(0, 5))).toBe(`${a.slice(5)}:37000008`);
    // Saturated, as in the other indexes.
    expect(answers.get(b.slice(0, 5))).toBe(`${b.slice(5)}:4294967295`);
  });

  test('a hash list gives the same run when it spills to disk', async ({ place }) => {
    const random = createRandom(testSeed('spill'));
    const hashes = Array.from({ length: 3000 }, (_, i) => sha1Of(String(i)));
    const rows = Array.from({ length: 60_000 }, () => `${random.pick(hashes)}:${1 + random.below(9)}`);
    const list = place.write('list.txt', `${rows.join('\n')}\n`);
    const expected = new Map<string, number>();
    for (const row of rows) {
      const [hash = '', count] = row.split(':');
      expected.set(hash, (expected.get(hash) ?? 0) + Number(count));
    }
    for (const [source, threads] of [
      ['one', 1],
      ['two', 3],
    ] as const) {
      const made = createDataset(place.at(source), key, { indexes: [], ranges: ['sha1'] });
      const options = { source, format: sha1ListFormat, inputs: openInputs([list]), threads, memoryBytes: 1 << 20 };
      const { facts } = await ingest(made, key, options);
      expect(facts.sections).toEqual([{ index: 'sha1', records: expected.size }]);
      await publish(made, key.createSuite());
      const snapshot = await openSnapshot(made);
      const answered = new Map<string, number>();
      for (const { name, content } of rangeFiles(snapshot, 'sha1'))
        for (const row of content.toString().split('\r\n')) {
          const [suffix, count] = row.split(':');
          answered.set(`${name}${suffix}`, Number(count));
        }
      snapshot.close();
      expect(answered).toEqual(new Map([...expected].sort()));
    }
  });

  test('a hash list is refused if the dataset lacks its index', async ({ place }) => {
    const without = createDataset(place.at('without'), key, { indexes: ['account'] });
    const inputs = openInputs([place.write('list.txt', sha1Of('a'))]);
    await expect(ingest(without, key, { source: 'list', format: sha1ListFormat, inputs })).rejects.toMatchObject({
      code: 'FORMAT_USELESS',
    });
  });
});

describe('passwords in plaintext', () => {
  test('passwords in plaintext feed the range indexes of a dataset with hashPlaintext', async ({ place, dataset }) => {
    const lines = ['123456', '123456', 'Pässwörd', 'P\u0061\u0308sswo\u0308rd', '日本語🔑', '$HEX[c3a9]'];
    const facts = await take(dataset, 'list', passwordsFormat, place.write('list.txt', `${lines.join('\n')}\n`));
    expect(facts.sections.map(({ index, records }) => [index, records])).toEqual([
      ['password', 4],
      ['sha1', 4],
      ['ntlm', 4],
    ]);
    const sha1 = await published(dataset, 'sha1');
    const counts = { 123456: 2, Pässwörd: 2, '日本語🔑': 1, é: 1 };
    const rows = Object.entries(counts).map(([password, count]) => `${sha1Of(password)}:${count}`);
    expect(hashesOf(sha1).sort()).toEqual(rows.sort());
    // Published everywhere as the NTLM hash of 123456.
    const ntlm = '32ED87BDB5FDC5E9CBA88547376818D4';
    expect((await published(dataset, 'ntlm')).get(ntlm.slice(0, 5))).toBe(`${ntlm.slice(5)}:2`);
  });

  test('passwords in plaintext feed no range index without the option', async ({ place }) => {
    const plain = createDataset(place.at('plain'), key, { indexes: ['password'], ranges: ['sha1'] });
    const inputs = openInputs([place.write('list.txt', '123456\n')]);
    const { facts } = await ingest(plain, key, { source: 'list', format: passwordsFormat, inputs });
    expect(facts.sections.map(({ index }) => index)).toEqual(['password']);
  });
});

describe('more runs than open files allow', () => {
  test('groups of runs merge to the same records as all runs at once', async ({ place, dataset }) => {
    const random = createRandom(testSeed('many runs of hashes'));
    for (let source = 0; source < 9; source++) {
      // They overlap.
      const rows = Array.from({ length: 40 }, () => `${sha1Of(String(random.below(100)))}:${1 + random.below(9)}`);
      await take(dataset, `list-${source}`, sha1ListFormat, place.write(`${source}.txt`, `${rows.join('\n')}\n`));
    }
    const runs = openRuns(dataset);
    const recordsWith = async (maxOpen: number): Promise<string[]> => {
      const folder = place.at(`groups-${maxOpen}`);
      const turn = async (): Promise<void> => {};
      const streams = (await prepareRunStreams(runs, { folder, sections: ['sha1', 'ntlm'], turn, maxOpen }))();
      const found: string[] = [];
      for (const name of ['sha1', 'ntlm'] as const) {
        const merge = new Merge(streams.begin(name), SECTION_LAYOUTS[name]);
        while (merge.next())
          found.push(`${name} ${Buffer.from(merge.bytes).toString('hex', merge.at, merge.at + 20)} ${merge.times}`);
      }
      streams.finish();
      streams.close();
      return found;
    };
    const all = await recordsWith(100);
    expect(all.length).toBeGreaterThan(50);
    for (const maxOpen of [1, 2, 4, 9]) expect(await recordsWith(maxOpen)).toEqual(all);
  });
});

describe('the command', () => {
  test('the commands detect, ingest, verify and export a folder of range files', async ({ place }) => {
    const files = seededRanges('sha1', ['00001', 'FFFFE'], 100);
    const folder = writeRanges(place.at('ranges'), files);
    const made = place.at('by-command');
    const out = place.at('out');
    await credveilJson(['init', made, '--suite', 'hmac', '--index', 'account,sha1']);
    expect(openDataset(made).parameters).toMatchObject({ indexes: ['account'], ranges: ['sha1'] });
    await credveilJson(['ingest', made, folder, '--source', 'hibp']);
    expect(await credveilJson(['verify', made])).toMatchObject({ ranges: 2, hashes: 200 });
    expect(await credveilJson(['export', made, '--index', 'sha1', '--to', out])).toMatchObject({
      ranges: 2,
      entries: 200,
    });
    expect(new Map(fs.readdirSync(out).map((name) => [name, fs.readFileSync(path.join(out, name), 'latin1')]))).toEqual(
      files,
    );
    const list = place.at('list.txt');
    expect(await credveilJson(['export', made, '--index', 'sha1', '--to', list, '--list'])).toMatchObject({
      file: list,
      entries: 200,
    });
    expect(fs.readFileSync(list, 'latin1')).toBe(`${hashesOf(files).join('\r\n')}\r\n`);
    for (const target of [out, list]) expect(fs.existsSync(`${target}.part`)).toBe(false);
    for (const args of [
      ['--index', 'sha1', '--to', out],
      ['--index', 'sha1', '--to', list, '--list'],
      ['--source', 'hibp', '--list'],
      ['--index', 'ntlm', '--to', place.at('other')],
      ['--index', 'account', '--to', place.at('other')],
      ['--index', 'sha1'],
      ['--source', 'hibp', '--to', place.at('other')],
    ])
      expect(await credveil(['export', made, ...args])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('error USAGE'),
      });
    expect(await credveil(['init', place.at('x'), '--suite', 'hmac', '--hash-plaintext'])).toMatchObject({ code: 2 });
    expect(fs.existsSync(place.at('other'))).toBe(false);
  });

  test('verify refuses a snapshot with altered ranges', async ({ place, dataset }) => {
    await take(dataset, 'list', sha1ListFormat, place.write('list.txt', `${sha1Of('a')}\n`));
    await publish(dataset, key.createSuite());
    expect(await verifyDataset(dataset, key.createSuite())).toMatchObject({ ranges: 1, hashes: 1 });
    const file = path.join(dataset.folder, 'snapshots', '000001.sha1');
    const bytes = fs.readFileSync(file);
    const at = bytes.indexOf(Buffer.from(sha1Of('a'), 'hex').subarray(2));
    expect(at).toBeGreaterThanOrEqual(0);
    bytes[at] = (bytes[at] as number) ^ 1;
    fs.writeFileSync(file, bytes);
    await expect(verifyDataset(dataset, key.createSuite())).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' });
  });
});
