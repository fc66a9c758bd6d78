// Suppressed persons stay out of a dataset: through ingests, replacements, copies of runs, archives
// and a rotation.

import fs from 'node:fs';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect } from 'vitest';
import { openDataset } from '../../store/dataset.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { credveil, credveilJson, filesBelow } from '../support/credveil.ts';
import { comboText, seededPairs } from '../support/dataset.ts';
import { entryReader } from '../support/entries.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const RULES = ['--username-rules', 'punycode,plus-tags,gmail-dots'];
const PERSON = 'ada.marked4711@gmail.com';
const SPELLING = 'Ada.Marked.4711+shop@GoogleMail.com';

interface Ingested {
  readonly credentials: number;
  readonly rejects: { readonly [reason: string]: number };
  readonly changed: boolean;
  readonly published?: Published;
}

interface Published {
  readonly suppressed: { readonly names: number; readonly records: number; readonly kept: number } | null;
  readonly replaced: { readonly withdrawn: boolean } | null;
}

const combo = (seed: number, extra: readonly string[] = []): string =>
  comboText(seededPairs(30, seed)) + extra.map((line) => `${line}\n`).join('');

/** Whether a lookup of the person's name, and of another one's, finds an entry. */
async function found(folder: string, seed: number): Promise<{ person: boolean; other: boolean }> {
  const snapshot = await openSnapshot(openDataset(folder));
  try {
    const entries = entryReader(snapshot, openKeyFile(`${folder}.key`).createSuite());
    // What the rules make of the address.
    const person = entries.username('adamarked4711@gmail.com') ?? entries.pair('adamarked4711@gmail.com', 'hunter2-1');
    return {
      person: person !== undefined,
      other: entries.username(seededPairs(30, seed)[0]?.username ?? '') !== undefined,
    };
  } finally {
    snapshot.close();
  }
}

const ingest = (folder: string, file: string, ...options: string[]): Promise<Ingested> =>
  credveilJson(['ingest', folder, file, '--format', 'combo', ...options]) as Promise<Ingested>;
const publish = (folder: string): Promise<Published> => credveilJson(['publish', folder]) as Promise<Published>;

describe.each(['hmac', 'oprf'])('a suppressed person under %s', (suite) => {
  test('leaves the snapshot, and stays out of what comes later', async ({ place }) => {
    const folder = place.at('d');
    await credveilJson(['init', folder, '--suite', suite, ...RULES, '--bucket-floor', '8']);
    const a = place.write('a.txt', combo(1, [`${PERSON}:hunter2-1`]));
    await ingest(folder, a, '--source', 'a');
    expect(await found(folder, 1)).toEqual({ person: true, other: true });

    const added = await credveil(['suppress', 'add', folder], `${SPELLING}\r\n\n${PERSON}\n`);
    expect(added.stdout).toMatch(
      /^1 name added, 1 known before: 1 name suppressed\ntake effect with: credveil publish/,
    );
    // Nothing changed yet: the entries go with the next publish.
    expect(await found(folder, 1)).toEqual({ person: true, other: true });
    expect(await publish(folder)).toMatchObject({
      suppressed: { names: 1, records: 2, kept: 0 },
      replaced: { withdrawn: true },
    });
    expect(await found(folder, 1)).toEqual({ person: false, other: true });

    const b = place.write('b.txt', combo(2, [`${SPELLING}:other-2`, `${PERSON}:x3`, `${PERSON.toUpperCase()}:x4`]));
    expect(await ingest(folder, b, '--source', 'b')).toMatchObject({ credentials: 30, rejects: { suppressed: 3 } });
    expect(await found(folder, 2)).toEqual({ person: false, other: true });

    // The run itself loses them once its corpus is read again.
    expect(await ingest(folder, a, '--source', 'a')).toMatchObject({ changed: false });
    const again = await ingest(folder, a, '--replace', 'a');
    expect(again).toMatchObject({ changed: true, credentials: 30, rejects: { suppressed: 1 } });
    expect(again.published?.suppressed).toMatchObject({ names: 1, records: 0 });
    expect(await ingest(folder, a, '--replace', 'a')).toMatchObject({ changed: false });

    const list = await credveil(['suppress', 'list', folder]);
    expect(list.stdout).toMatch(/^ADDED\s+NAMES\n\d{4}-\d\d-\d\d\s+1\n$/);
    expect((await credveil(['verify', folder])).stdout).toMatch(/it holds what these runs make, and nothing else/);
    expect(filesBelow(folder).filter(({ bytes }) => /marked/i.test(bytes.toString('latin1')))).toEqual([]);

    const removed = await credveil(['suppress', 'remove', folder], 'nobody@example.test\n');
    expect(removed.stdout).toMatch(/^0 names removed, 1 not on the list/);
    await credveil(['suppress', 'remove', folder], `${PERSON}\n`);
    await ingest(folder, b, '--replace', 'b');
    expect(await found(folder, 2)).toEqual({ person: true, other: true });
  });

  test('does not come back with a copied run, or after a rotation', async ({ place }) => {
    const folder = place.at('d');
    const elsewhere = place.at('e');
    await credveilJson(['init', folder, '--suite', suite, ...RULES, '--bucket-floor', '8']);
    const keyFile = ['--key-file', `${folder}.key`];
    await credveilJson(['init', elsewhere, '--suite', suite, ...RULES, ...keyFile]);
    const a = place.write('a.txt', combo(1, [`${PERSON}:hunter2-1`]));
    await credveil(['suppress', 'add', folder], `${PERSON}\n`);
    await ingest(elsewhere, a, '--source', 'a', '--no-publish', ...keyFile);
    const copy = (from: string, to: string): void =>
      fs.copyFileSync(path.join(from, 'runs', 'a.run'), path.join(to, 'runs', 'a.run'));
    copy(elsewhere, folder);
    expect(await publish(folder)).toMatchObject({ suppressed: { names: 1, records: 2 } });
    expect(await found(folder, 1)).toEqual({ person: false, other: true });

    // An archive has the corpus as it was; each reading of it leaves the person out.
    const identity = await generateX25519Identity();
    const recipient = await identityToRecipient(identity);
    const file = place.write('identity', `${identity}\n`);
    fs.chmodSync(file, 0o600);
    const b = place.write('b.txt', combo(2, [`${SPELLING}:hunter2-1`]));
    await ingest(folder, b, '--source', 'b', '--archive', recipient);
    const next = place.at('next');
    const rotated = await credveil(['rotate', folder, next]);
    expect(rotated.stdout).toMatch(/1 name left out of every ingest/);
    const archive = path.join(folder, 'archives', 'b.age');
    const read = await credveilJson(['ingest', next, '--from-archive', archive, '--identity', file]);
    expect(read).toMatchObject({ credentials: 30, rejects: { suppressed: 1 } });
    expect(await found(next, 2)).toEqual({ person: false, other: true });

    // A run of the new key from elsewhere was made without the list.
    const third = place.at('third');
    const nextKey = ['--key-file', `${next}.key`];
    await credveilJson(['init', third, '--suite', suite, ...RULES, ...nextKey]);
    await ingest(third, a, '--source', 'a', '--no-publish', ...nextKey);
    copy(third, next);
    const refused = await credveil(['publish', next]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/RUN_UNSUPPRESSED/);
    // Given again, the address can be looked up in it.
    await credveil(['suppress', 'add', next], `${SPELLING}\n`);
    expect(await publish(next)).toMatchObject({ suppressed: { names: 1, records: 2, kept: 0 } });
    expect(await found(next, 1)).toEqual({ person: false, other: true });
  });
});

test('addresses come from standard input alone, and a mistake adds none', async ({ place }) => {
  const folder = place.at('d');
  await credveilJson(['init', folder, '--suite', 'hmac']);
  expect((await credveil(['suppress', 'add', folder, PERSON])).code).toBe(2);
  const wrong = await credveil(['suppress', 'add', folder], Buffer.from('fine@example.test\nmarked\xff\n', 'latin1'));
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/line 2 of standard input/);
  expect(wrong.stderr).not.toContain('marked');
  expect((await credveil(['suppress', 'add', folder], '\n\n')).code).toBe(2);
  expect(fs.existsSync(path.join(folder, 'retention'))).toBe(false);

  // What changed nothing has no next step.
  const none = await credveil(['suppress', 'remove', folder], 'some@example.test\n');
  expect(none.stdout).toBe('0 names removed, 1 not on the list: 0 names suppressed\n');
  const one = await credveil(['suppress', 'add', folder], 'some@example.test\n');
  expect(one.stdout).toContain('take effect with: credveil publish');
});
