// Suppressed names: the list in its sealed file, and what a publish leaves out of runs.

import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { NormalizedUsername } from '../../../protocol/brands.ts';
import { normalizePassword, normalizeUsername } from '../../../protocol/normalize.ts';
import { namesPath, readListedNames, readNameList, writeNameList } from '../../../store/retention/name-file.ts';
import { NameList } from '../../../store/retention/name-list.ts';
import { nameEntry } from '../../../store/run/removal.ts';
import { factsPath, writeCurrent } from '../../../store/snapshot/current.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import { openSnapshot } from '../../../store/snapshot/snapshot.ts';
import { verifyDataset } from '../../../store/verify.ts';
import {
  type MadeDataset,
  type MakeDatasetOptions,
  makeDataset,
  seededKey,
  seededPairs,
} from '../../support/dataset.ts';
import { tagsByBucket } from '../../support/entries.ts';
import { copyRun } from '../../support/store/copied-run.ts';

const DAY = '2026-11-29';
let made: MadeDataset;
afterEach(() => made.dispose());

const make = async (options: MakeDatasetOptions): Promise<MadeDataset> => (made = await makeDataset(options));

const listOf = (usernames: readonly string[], list = new NameList()): NameList => {
  for (const text of usernames) {
    const username: NormalizedUsername = normalizeUsername(text);
    list.suppress(username, nameEntry(made.suite, username), DAY);
  }
  writeNameList(made.dataset, made.key, list);
  return list;
};

const publishWith = (names: NameList) =>
  publish(made.dataset, made.suite, { names, ...(made.publisher && { publisher: made.publisher }) });

async function accountTags(): Promise<readonly number[]> {
  const snapshot = await openSnapshot(made.dataset);
  try {
    return tagsByBucket(snapshot, made.suite, 'account').flat();
  } finally {
    snapshot.close();
  }
}

describe('a publish with suppressed names', () => {
  test.each(['hmac', 'oprf'] as const)('leaves out their entries, and only theirs, under %s', async (suite) => {
    const pairs = seededPairs(suite === 'oprf' ? 12 : 300);
    const person = pairs[5]?.username as string;
    const another = { username: person, password: 'another-1' };
    await make({ suite, pairs: [...pairs, another], similar: true });
    const before = await accountTags();
    const { facts, suppression, withdrawn } = await publishWith(listOf([person]));
    const after = await accountTags();
    const expected = await entriesWithout(person, pairs);
    expect(after.toSorted()).toEqual(expected);
    expect(before.length).toBeGreaterThan(after.length);
    expect(facts.suppressed).toMatchObject({ names: 1, kept: 0 });
    expect(suppression?.records).toBeGreaterThanOrEqual(3);
    expect(withdrawn).toBe(true);
  });

  /** The tags of a dataset that never held that person. */
  async function entriesWithout(person: string, pairs: ReturnType<typeof seededPairs>): Promise<number[]> {
    const { suite } = made.key;
    const other = await makeDataset({
      suite,
      pairs: pairs.filter(({ username }) => username !== person),
      similar: true,
    });
    const snapshot = await openSnapshot(other.dataset);
    const tags = tagsByBucket(snapshot, other.suite, 'account').flat().toSorted();
    snapshot.close();
    other.dispose();
    return tags;
  }

  test('leaves them out of runs that are copied in later', async () => {
    const pairs = seededPairs(50);
    const person = pairs[7]?.username as string;
    await make({ pairs });
    const names = listOf([person]);
    await publishWith(names);
    const clean = await accountTags();
    const runs = path.join(made.folder, 'runs');
    copyRun(path.join(runs, 'first.run'), path.join(runs, 'copied.run'));
    const { suppression } = await publishWith(names);
    expect(await accountTags()).toEqual(clean);
    expect(suppression?.records).toBe(4);
  });

  test('merges in groups without them', async () => {
    const pairs = seededPairs(40);
    const person = pairs[3]?.username as string;
    await make({ pairs });
    for (let i = 0; i < 17; i++)
      made.addSource(`more-${i}`, { pairs: seededPairs(5, 100 + i).concat(pairs[3] as never) });
    const names = listOf([person]);
    await publish(made.dataset, made.suite, { names, memoryBytes: 1 });
    const grouped = await accountTags();
    await publish(made.dataset, made.suite, { names, withdraw: true });
    expect(grouped).toEqual(await accountTags());
    expect(grouped).not.toContain(
      Number(Buffer.from(nameEntry(made.suite, normalizeUsername(person))).readUIntBE(4, 6)),
    );
  });

  test('keeps pairs that may be those of another name with the same hash', async () => {
    const pairs = seededPairs(20);
    const [person, other] = pairs.map(({ username }) =>
      nameEntry(made?.suite ?? seededKey('hmac', 1).createSuite(), normalizeUsername(username)),
    );
    await make({ pairs });
    // All records of the other name get the person's hash.
    const file = path.join(made.folder, 'runs', 'first.run');
    const copy = path.join(made.folder, 'collision.run');
    copyRun(file, copy, {
      facts: (facts) => ({ ...facts, source: 'first' }),
      records: (records) => collide(records, person as Uint8Array, other as Uint8Array),
    });
    fs.renameSync(copy, file);
    await made.publish();
    const { suppression } = await publishWith(listOf([pairs[0]?.username as string]));
    expect(suppression).toMatchObject({ records: 1, kept: 2, keptIn: ['first'] });
    const tags = await accountTags();
    expect(tags).not.toContain(tagOf(person as Uint8Array));
    expect(tags).toContain(tagOf(other as Uint8Array));
  });

  test('verifies as what its runs make', async () => {
    const pairs = seededPairs(30);
    await make({ pairs });
    const names = listOf([pairs[2]?.username as string]);
    await publishWith(names);
    expect(await verifyDataset(made.dataset, made.suite, names)).toMatchObject({ matched: true });
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toMatchObject({ code: 'NAMES_REQUIRED' });
    expect(await verifyDataset(made.dataset)).toMatchObject({ matched: null });
  });

  test('fails without the list, and when the list is gone', async () => {
    await make({ pairs: seededPairs(5) });
    const names = listOf(['someone@example.test']);
    await expect(made.publish()).rejects.toMatchObject({ code: 'NAMES_REQUIRED' });
    await publishWith(names);
    fs.rmSync(namesPath(made.dataset));
    await expect(made.publish()).rejects.toMatchObject({ code: 'NAMES_MISSING' });
  });

  test.each([false, true])('altered facts cannot say that names are left out, signed: %s', async (signed) => {
    await make({ pairs: seededPairs(20), signed });
    const facts = factsPath(made.dataset, '000001');
    const suppressed = { names: 1, records: 1, kept: 0, digest: 'ab'.repeat(32) };
    fs.writeFileSync(facts, JSON.stringify({ ...JSON.parse(fs.readFileSync(facts, 'utf8')), suppressed }));
    writeCurrent(made.dataset, '000001');
    const { publisher } = made;
    const next = await publish(made.dataset, made.suite, { ...(publisher && { publisher }) });
    expect(next, 'written anew, as after any alteration').toMatchObject({ changed: true, withdrawn: true });
    expect(next.facts.suppressed).toBeUndefined();
    expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
  });

  test('whatever digest altered facts have, the list of a snapshot that leaves out names is asked for', async () => {
    const pairs = seededPairs(20);
    await make({ pairs });
    await publishWith(listOf([pairs[0]?.username as string]));
    fs.rmSync(namesPath(made.dataset));
    const file = factsPath(made.dataset, '000002');
    const facts = JSON.parse(fs.readFileSync(file, 'utf8'));
    fs.writeFileSync(file, JSON.stringify({ ...facts, suppressed: { ...facts.suppressed, digest: 'ab'.repeat(32) } }));
    writeCurrent(made.dataset, '000002');
    await expect(made.publish()).rejects.toMatchObject({
      code: 'NAMES_MISSING',
      hint: expect.stringContaining('If no name was ever suppressed here'),
    });
  });

  test('changes nothing the second time, and brings back who is removed from the list', async () => {
    const pairs = seededPairs(20);
    await make({ pairs });
    const before = await accountTags();
    const person = pairs[0]?.username as string;
    const names = listOf([person]);
    expect((await publishWith(names)).changed).toBe(true);
    expect((await publishWith(names)).changed).toBe(false);
    names.release(normalizeUsername(person));
    writeNameList(made.dataset, made.key, names);
    expect((await publishWith(names)).changed).toBe(true);
    expect(await accountTags()).toEqual(before);
  });
});

const tagOf = (entry: Uint8Array): number => Buffer.from(entry).readUIntBE(4, 6);

/** Gives the account records of one hash another, and sorts them. */
function collide(bytes: Buffer, person: Uint8Array, other: Uint8Array): void {
  const all = Array.from({ length: Math.floor(bytes.length / 23) }, (_, i) =>
    Buffer.from(bytes.subarray(23 * i, 23 * i + 23)),
  );
  // Account records come first; those of passwords have kind 3.
  const account = all.slice(
    0,
    all.findIndex((record) => record[18] === 3),
  );
  for (const record of account)
    if (record.subarray(0, 4).equals(other.subarray(0, 4))) record.set(person.subarray(0, 4));
  for (const [i, record] of account.sort(Buffer.compare).entries()) bytes.set(record, 23 * i);
}

interface Json {
  format: number;
  sealed: string;
  names: { [member: string]: unknown }[];
}

describe('the file of the list', () => {
  test('opens with the key alone, and shows dates without it', async () => {
    await make({ pairs: seededPairs(3) });
    const list = listOf(['a@example.test', 'b@example.test']);
    list.plant('c-1', normalizeUsername('d@example.test'), normalizePassword('x'), DAY);
    writeNameList(made.dataset, made.key, list);
    const read = readNameList(made.dataset, made.key) as NameList;
    expect(read.digest()).toBe(list.digest());
    expect(read.id).toBe(list.id);
    expect(readListedNames(made.dataset)?.map(({ kind }) => kind)).toEqual(['suppressed', 'suppressed', 'planted']);
    expect(() => readNameList(made.dataset, seededKey('hmac', 2))).toThrow(/altered/);
    const text = fs.readFileSync(namesPath(made.dataset), 'latin1');
    expect(text).not.toContain('example');
    expect(fs.statSync(namesPath(made.dataset)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['a name less', (json: Json) => json.names.pop()],
    ['another day', (json: Json) => Object.assign(json.names[0] as object, { added: '2026-11-28' })],
    ['a day that is none', (json: Json) => Object.assign(json.names[0] as object, { added: '2026-02-30' })],
    ['another kind', (json: Json) => Object.assign(json.names[0] as object, { kind: 'planted' })],
    ['another format', (json: Json) => Object.assign(json, { format: 3 })],
    [
      'a byte less',
      (json: Json) =>
        Object.assign(json, { sealed: Buffer.from(json.sealed, 'base64').subarray(1).toString('base64') }),
    ],
  ])('is refused with %s', async (_, change) => {
    await make({ pairs: seededPairs(3) });
    listOf(['a@example.test', 'b@example.test']);
    const json = JSON.parse(fs.readFileSync(namesPath(made.dataset), 'utf8'));
    change(json);
    fs.writeFileSync(namesPath(made.dataset), JSON.stringify(json));
    expect(() => readNameList(made.dataset, made.key)).toThrow(expect.objectContaining({ code: 'NAMES_CORRUPT' }));
  });
});
