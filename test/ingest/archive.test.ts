// Archives: what was ingested can be ingested again under another key, and nothing that is cut,
// altered or half written is taken for whole.

import fs from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect } from 'vitest';
import { openArchive, openIdentityFile } from '../../ingest/archive/archive-reader.ts';
import { parseRecipient } from '../../ingest/archive/archive-writer.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openInput } from '../../ingest/input/inputs.ts';
import { createDataset, type Dataset, openDataset } from '../../store/dataset.ts';
import { createDatasetKey } from '../../store/dataset-key.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { openRuns } from '../../store/run/run.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { createWorkPlace, credveil, filesBelow, startCredveil, type WorkPlace } from '../support/credveil.ts';
import { seededPairs } from '../support/dataset.ts';
import { entryReader } from '../support/entries.ts';
import { perFile } from '../support/per-file.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

const PAIRS = seededPairs(400);
const COMBO = `${PAIRS.map(({ username, password }) => `${username}:${password}`).join('\n')}\nno separator\n\nÄnn@example.test:päss\u0301wort\n`;
const CSV = `email,password,count\n${PAIRS.map(({ username, password }, i) => `${username},"${password}",${(i % 5) + 1}`).join('\n')}\nonly-one\n`;

/** Its archive has more than two chunks of 64 KiB. */
const LONG = seededPairs(9000, 3)
  .map(({ username, password }) => `${username}:${password}`)
  .join('\n');

interface Keeper {
  readonly recipient: string;
  readonly identityFile: string;
}

async function createKeeper(place: WorkPlace, name = 'identity.txt'): Promise<Keeper> {
  const identity = await generateX25519Identity();
  const identityFile = place.at(name);
  fs.writeFileSync(identityFile, `# created by hand\n${identity}\n`, { mode: 0o600 });
  return { recipient: await identityToRecipient(identity), identityFile };
}

interface Kept {
  readonly keeper: Keeper;
  /**
   * The archive of LONG: three chunks of age's, so that most damage shows after entries were made.
   */
  readonly archive: Buffer;
}

async function keepLong(): Promise<Kept & { readonly place: WorkPlace }> {
  const place = createWorkPlace();
  const keeper = await createKeeper(place);
  const archive = await archived(place, keeper, place.write('long.txt', LONG), '--no-publish');
  return { place, keeper, archive: fs.readFileSync(archive) };
}

const test = placeTest.extend<{ readonly kept: Kept }>({ kept: perFile(keepLong, ({ place }) => place.dispose()) });

/** Ingests an archive into a new dataset. */
async function ingestArchive(place: WorkPlace, file: string, identityFile: string): Promise<Dataset> {
  const key = createDatasetKey();
  const dataset = createDataset(place.at('new'), key, { indexes: ['account', 'password'] });
  const archive = await openArchive(file, openIdentityFile(identityFile));
  await ingest(dataset, key, { source: 'a', inputs: [openInput(file)], archive });
  return dataset;
}

async function run(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await credveil(args);
  expect(stderr).not.toContain('error ');
  expect(code).toBe(0);
}

/** Ingests a corpus with an archive into a new dataset. @returns the archive's path */
async function archived(place: WorkPlace, keeper: Keeper, corpus: string, ...options: readonly string[]) {
  const folder = place.at('old');
  await run('init', folder, '--suite', 'hmac', '--record-source');
  await run('ingest', folder, corpus, '--source', 'a', '--date', '2020-05', '--archive', keeper.recipient, ...options);
  return path.join(folder, 'archives', 'a.age');
}

describe('an archive', () => {
  test.for<readonly [name: string, corpus: string, options: readonly string[]]>([
    ['combo.txt', COMBO, []],
    ['table.csv', CSV, ['--format', 'csv', '--columns', 'username=email,password=password,count=count']],
  ])('of %s makes the same entries under another key', async ([name, text, options], { place }) => {
    const keeper = await createKeeper(place);
    const archive = await archived(place, keeper, place.write(name, text), ...options);
    const folder = place.at('new');
    await run('init', folder, '--suite', 'hmac', '--record-source', '--similar');
    await run('ingest', folder, '--from-archive', archive, '--identity', keeper.identityFile);

    const [before] = openRuns(openDataset(place.at('old')));
    const [after] = openRuns(openDataset(folder));
    const described = ({ source, date, format, files, lines, credentials, rejects } = {} as never) =>
      JSON.stringify({ source, date, format, files, lines, credentials, rejects });
    expect(described(after?.facts as never)).toBe(described(before?.facts as never));
    expect(before?.facts.keyId).not.toBe(after?.facts.keyId);
    const readers = [];
    for (const dataset of [place.at('old'), folder]) {
      const snapshot = await openSnapshot(openDataset(dataset));
      readers.push(entryReader(snapshot, openKeyFile(`${dataset}.key`).createSuite()));
    }
    const [old, renewed] = readers;
    const asked = [...PAIRS, { username: 'ÄNN@example.test', password: 'pä\u0301sswort' }];
    for (const { username, password } of asked) {
      expect(renewed?.pair(username, password)).toEqual(old?.pair(username, password));
      expect(renewed?.password(password)).toEqual(old?.password(password));
    }
    expect(old?.pair(PAIRS[3]?.username ?? '', PAIRS[3]?.password ?? '')).toBeDefined();

    // The same archive again, and the same corpus, change nothing.
    for (const source of [
      ['--from-archive', archive, '--identity', keeper.identityFile],
      [place.at(name), '--source', 'a', '--date', '2020-05', ...options],
    ]) {
      const { stdout } = await credveil(['ingest', folder, ...source]);
      expect(stdout).toContain('nothing changed');
    }
  });

  test('holds no plaintext, is private, and leaves with its source', async ({ place }) => {
    const keeper = await createKeeper(place);
    const archive = await archived(place, keeper, place.write('combo.txt', COMBO));
    expect(fs.statSync(archive).mode & 0o777).toBe(0o600);
    const clear = [PAIRS[0]?.username, PAIRS[7]?.password].map((text) => Buffer.from(text ?? ''));
    for (const { name, bytes } of filesBelow(place.at('old')))
      for (const text of clear) expect(bytes.includes(text), name).toBe(false);
    await run('remove', place.at('old'), 'a');
    expect(fs.existsSync(archive)).toBe(false);
  });

  test('is opened by the identity of its recipient only', async ({ place, kept: { keeper, archive } }) => {
    const other = await createKeeper(place, 'other.txt');
    const file = place.write('a.age', archive);
    await expect(openArchive(file, openIdentityFile(other.identityFile))).rejects.toMatchObject({
      code: 'IDENTITY_MISMATCH',
    });
    expect((await openArchive(file, openIdentityFile(keeper.identityFile))).header).toMatchObject({ source: 'a' });
    fs.chmodSync(other.identityFile, 0o644);
    expect(() => openIdentityFile(other.identityFile)).toThrow(expect.objectContaining({ code: 'KEY_FILE_EXPOSED' }));
    const noIdentity = place.write('none.txt', '# nothing\n');
    fs.chmodSync(noIdentity, 0o600);
    expect(() => openIdentityFile(noIdentity)).toThrow(expect.objectContaining({ code: 'IDENTITY_MALFORMED' }));
  });

  test.for<readonly [title: string, change: (bytes: Buffer) => Buffer]>([
    ['cut by a byte', (bytes) => bytes.subarray(0, -1)],
    ['cut in the middle', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['cut between two chunks', (bytes) => bytes.subarray(0, bytes.length - ((bytes.length - 184) % 65_552))],
    ['cut after its header', (bytes) => bytes.subarray(0, 220)],
    ['emptied', () => Buffer.alloc(0)],
    ['altered', (bytes) => Buffer.from(bytes.map((byte, i) => (i === bytes.length - 300 ? byte ^ 1 : byte)))],
    ['followed by a byte', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
    ['replaced by text', () => Buffer.from('user:password\n')],
  ])('%s is refused whole', async ([, change], { place, kept: { keeper, archive } }) => {
    const file = place.write('a.age', change(archive));
    await expect(ingestArchive(place, file, keeper.identityFile)).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' });
    expect(openRuns(openDataset(place.at('new')))).toEqual([]);
    const work = path.join(place.at('new'), 'work');
    expect(fs.existsSync(work) ? fs.readdirSync(work) : []).toEqual([]);
  });

  test('that is whole is ingested whole', async ({ place, kept: { keeper, archive } }) => {
    const dataset = await ingestArchive(place, place.write('a.age', archive), keeper.identityFile);
    expect(openRuns(dataset)[0]?.facts.credentials).toBe(9000);
  });

  test('of a source without one is not made later, and says so', async ({ place }) => {
    const keeper = await createKeeper(place);
    const folder = place.at('old');
    const corpus = place.write('combo.txt', COMBO);
    await run('init', folder, '--suite', 'hmac');
    await run('ingest', folder, corpus, '--source', 'a');
    const { code, stderr } = await credveil(['ingest', folder, corpus, '--source', 'a', '--archive', keeper.recipient]);
    expect(stderr).toContain('error SOURCE_EXISTS: ');
    expect(code).toBe(1);
  });

  test.for(['AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S9C29KD', 'age1nobody', 'alice', ''])(
    'for %j is refused, and the text is not repeated',
    (recipient) => {
      let refused: Error | undefined;
      try {
        parseRecipient(recipient);
      } catch (error) {
        refused = error as Error;
      }
      expect(refused).toMatchObject({ code: 'RECIPIENT_MALFORMED' });
      if (recipient) expect(inspect(refused, { depth: 9 })).not.toContain(recipient);
    },
  );

  test('for a malformed recipient is a usage error before anything is read', async ({ place }) => {
    const { code, stderr } = await credveil(['ingest', place.at('none'), 'x', '--source', 'a', '--archive', 'alice']);
    expect(stderr).toContain('error RECIPIENT_MALFORMED: ');
    expect(code).toBe(2);
  });

  test('of an ingest that was killed is written anew, and only a whole one gets its name', async ({ place }) => {
    const keeper = await createKeeper(place);
    const folder = place.at('old');
    await run('init', folder, '--suite', 'hmac');
    const long = Array.from({ length: 60_000 }, (_, i) => `user${i}@example.test:password${i}`).join('\n');
    const corpus = place.write('long.txt', long);
    const args = ['ingest', folder, corpus, '--source', 'a', '--archive', keeper.recipient, '--threads', '1'];
    const archive = path.join(folder, 'archives', 'a.age');
    for (const pause of [350, 700]) {
      const { child, ended } = startCredveil(args);
      setTimeout(() => child.kill('SIGKILL'), pause);
      await ended;
      // It is there or not; under its name it is always whole.
      if (fs.existsSync(archive)) expect(openRuns(openDataset(folder)).length).toBeLessThanOrEqual(1);
    }
    await run(...args);
    expect(openRuns(openDataset(folder))).toHaveLength(1);
    await run('init', place.at('new'), '--suite', 'hmac');
    await run('ingest', place.at('new'), '--from-archive', archive, '--identity', keeper.identityFile, '--no-publish');
    expect(openRuns(openDataset(place.at('new')))[0]?.facts.credentials).toBe(60_000);
  });

  test('rotate names the archive of each source that has one', async ({ place }) => {
    const keeper = await createKeeper(place);
    const archive = await archived(place, keeper, place.write('combo.txt', COMBO));
    const { stdout } = await credveil(['rotate', place.at('old'), place.at('new')]);
    expect(stdout).toContain(`credveil ingest ${place.at('new')} --from-archive ${archive} --identity … --no-publish`);
  });
});
