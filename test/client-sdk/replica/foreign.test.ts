// Folders that a pull takes and refuses: a replica's however much of it is there, and no files of
// others.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import type { PullEvent } from '../../../client-sdk/replica/replica.ts';
import { seededPairs } from '../../support/dataset.ts';
import { perFile } from '../../support/per-file.ts';
import { LEAKED } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

const test = base.extend<{ readonly world: ReplicaWorld }>({
  world: perFile(
    () => createReplicaWorld({ pairs: [LEAKED, ...seededPairs(60)], bucketFloor: 4 }),
    (world) => world.close(),
  ),
});

const SNAPSHOT = '000001-0123456789abcdef';
/** Files by their paths; a folder's path ends with a slash. */
type Files = { readonly [file: string]: string };

function place(cache: string, files: Files): void {
  fs.mkdirSync(cache, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(cache, name);
    fs.mkdirSync(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) fs.writeFileSync(file, text);
  }
}

function filesOf(cache: string): Files {
  const names = fs.readdirSync(cache, { recursive: true }) as string[];
  return Object.fromEntries(
    names.map((name) => {
      const file = path.join(cache, name);
      return fs.statSync(file).isFile() ? [name, fs.readFileSync(file, 'latin1')] : [`${name}/`, ''];
    }),
  );
}

const FOREIGN: readonly (readonly [what: string, named: string, files: Files])[] = [
  ['a document', 'notes.txt', { 'notes.txt': 'mine' }],
  ['a hidden file', '.profile', { '.profile': 'mine' }],
  ['an empty folder', 'photos', { 'photos/': '' }],
  ['a head of something else', 'head', { head: 'mine' }],
  ['an empty head', 'head', { head: '' }],
  ['a lock of something else', 'lock', { lock: '4711\n' }],
  ['a lock that is a folder', 'lock', { 'lock/': '' }],
  ['a download that goes on', 'film.mkv.part', { 'film.mkv.part': 'mine' }],
  ['a file with the name of a snapshot', `${SNAPSHOT}.part`, { [`${SNAPSHOT}.part`]: 'mine' }],
  ['a folder with the name of a snapshot', SNAPSHOT, { [`${SNAPSHOT}/photo`]: 'mine', lock: '' }],
  ['a head that is written aside', 'head.1', { 'head.1': 'mine' }],
];

describe('a pull refuses a folder of others, and changes nothing in it', () => {
  test.for(FOREIGN)('%s', async ([, named, files], { world }) => {
    const cache = world.folder();
    place(cache, files);
    const before = filesOf(cache);
    world.forget();
    for (const verify of [false, true])
      await expect(world.open(cache).replica.pull({ verify })).rejects.toMatchObject({
        name: 'LookupError',
        code: 'REPLICA_MISPLACED',
        message: expect.stringMatching(new RegExp(`: ${cache}: ${named.replaceAll('.', '\\.')}$`)),
        hint: expect.stringMatching(/^Name a new or an empty folder/),
      });
    expect(filesOf(cache)).toEqual(before);
    expect(world.requests).toEqual([]);
  });

  test('an authentic head among other files, where no snapshot is', async ({ world }) => {
    const [there, cache] = [world.folder(), world.folder()];
    await world.open(there).replica.pull();
    place(cache, { 'notes.txt': 'mine' });
    fs.copyFileSync(path.join(there, 'head'), path.join(cache, 'head'));
    await expect(world.open(cache).replica.pull()).rejects.toMatchObject({ code: 'REPLICA_MISPLACED' });
    expect(fs.readdirSync(cache).sort()).toEqual(['head', 'notes.txt']);
  });

  test('also by the updates of a checker, whose checks stay unknown', async ({ world }) => {
    const cache = world.folder();
    const files = { head: 'mine', 'film.part': 'mine' };
    place(cache, files);
    const events: PullEvent[] = [];
    const { leaks, replica } = world.open(cache, {}, { refreshMs: 20, onPull: (event) => void events.push(event) });
    const past = new Date(Date.now() - 60_000);
    fs.utimesSync(path.join(cache, 'head'), past, past);
    expect((await leaks.check(LEAKED)).status).toBe('unknown');
    await expect.poll(() => events.at(-1)?.error?.code).toBe('REPLICA_MISPLACED');
    replica.close();
    expect(filesOf(cache)).toEqual(files);
  });
});

describe('a link in the folder of a replica is followed nowhere', () => {
  const MINE = { statement: 'mine', account: 'mine', 'sources/one': 'mine' };

  test.for(['', '.part'])('in the place of a snapshot%s', async (ending, { world }) => {
    const [cache, elsewhere] = [world.folder(), world.folder()];
    const { snapshot } = await world.open(cache).replica.pull();
    place(elsewhere, MINE);
    fs.rmSync(path.join(cache, snapshot), { recursive: true });
    fs.symlinkSync(elsewhere, path.join(cache, `${snapshot}${ending}`));
    await world.open(cache).replica.pull();
    expect(filesOf(elsewhere)).toMatchObject(MINE);
    expect((await world.open(cache).leaks.check(LEAKED)).status).toBe('pair');
  });

  test.for(['symlinkSync', 'linkSync'] as const)(
    'in the place of what is written aside: %s',
    async (link, { world }) => {
      const [cache, elsewhere] = [world.folder(), world.folder()];
      const { snapshot } = await world.open(cache).replica.pull();
      place(elsewhere, { notes: 'mine' });
      const notes = path.join(elsewhere, 'notes');
      fs[link](notes, path.join(cache, `head.${process.pid}`));
      fs[link](notes, path.join(cache, snapshot, 'statement.part'));
      for (const name of ['head', `${snapshot}/statement`]) fs.rmSync(path.join(cache, name));
      await world.open(cache).replica.pull();
      expect(fs.readFileSync(notes, 'utf8')).toBe('mine');
      expect((await world.open(cache).leaks.check(LEAKED)).status).toBe('pair');
    },
  );

  test('a folder of others that bears the name of a file stays, and the pull says so', async ({ world }) => {
    const cache = world.folder();
    const { snapshot } = await world.open(cache).replica.pull();
    fs.rmSync(path.join(cache, snapshot, 'account'));
    const mine = { [`${snapshot}/account/one`]: 'mine' };
    place(cache, mine);
    await expect(world.open(cache).replica.pull()).rejects.toMatchObject({ code: 'REPLICA_UNWRITABLE' });
    expect(filesOf(cache)).toMatchObject(mine);
  });

  test.skipIf(process.platform === 'win32')('a pipe in the place of the lock holds nothing up', async ({ world }) => {
    const cache = world.folder();
    await world.open(cache).replica.pull();
    execFileSync('mkfifo', [path.join(cache, 'lock')]);
    await expect(world.open(cache).replica.pull()).rejects.toMatchObject({ name: 'LookupError' });
  });
});

const HALF_MADE: readonly (readonly [what: string, files: Files])[] = [
  ['an empty one', {}],
  ['one on a disk of its own', { 'lost+found/': '' }],
  ['one with a lock that was not written', { lock: '' }],
  ['one with a lock', { lock: '{"host":"elsewhere","pid":1}', 'lock.4711': '{"host":"elsewhere","pid":1}' }],
  ['one where a snapshot was begun', { lock: '', [`${SNAPSHOT}.part/`]: '' }],
  ['one where an index was begun', { [`${SNAPSHOT}.part/account`]: 'cut off' }],
  ['one without a head', { [`${SNAPSHOT}/statement`]: '', 'head.4711': '', [`${SNAPSHOT}/account`]: '' }],
];

describe('a pull takes the folder of a replica', () => {
  test.for(HALF_MADE)('%s', async ([, files], { world }) => {
    const cache = world.folder();
    place(cache, files);
    const left = new Date(Date.now() - 120_000);
    for (const name of ['lock', 'lock.4711'])
      if (files[name] !== undefined) fs.utimesSync(path.join(cache, name), left, left);
    const { leaks, replica } = world.open(cache);
    const { snapshot } = await replica.pull();
    expect((await leaks.check(LEAKED)).status).toBe('pair');
    const expected = ['head', snapshot, ...['lock.4711', 'lost+found'].filter((n) => n in files || `${n}/` in files)];
    expect(fs.readdirSync(cache).sort()).toEqual(expected.sort());
  });

  test('and leaves what others have put there since, also beside the files of a snapshot', async ({ world }) => {
    const cache = world.folder();
    const { snapshot } = await world.open(cache).replica.pull();
    const mine = {
      'notes.txt': 'mine',
      'film.part': 'mine',
      'head.bak': 'mine',
      [`${snapshot}/notes.txt`]: 'mine',
      [`${snapshot}/photos/one`]: 'mine',
      [`${SNAPSHOT}.part/film.part`]: 'mine',
    };
    place(cache, { ...mine, [`${SNAPSHOT}.part/account`]: 'cut off' });
    await world.open(cache).replica.pull({ verify: true });
    const next = await world.publish('second', ['of the second']);
    expect(await world.open(cache).replica.pull()).toMatchObject({ snapshot: next });
    expect(filesOf(cache)).toMatchObject(mine);
    expect(fs.readdirSync(path.join(cache, snapshot)).sort()).toEqual(['notes.txt', 'photos']);
    expect(fs.readdirSync(path.join(cache, `${SNAPSHOT}.part`))).toEqual(['film.part']);
    expect((await world.open(cache).leaks.check({ password: 'of the second' })).status).toBe('password');
  });
});
