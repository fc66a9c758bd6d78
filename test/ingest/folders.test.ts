// What a folder gives to an ingest: every file once, nothing of the product itself, and the names
// of what was left out.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect } from 'vitest';
import type { LeftOutGroup } from '../../ingest/input/left-out.ts';
import { credveil, credveilJson, type WorkPlace } from '../support/credveil.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

interface Taken {
  readonly credentials: number;
  readonly leftOut: readonly LeftOutGroup[];
}

async function createDataset(place: WorkPlace, name = 'leaks', ...more: string[]): Promise<string> {
  await credveilJson(['init', place.at(name), '--suite', 'hmac', ...more]);
  return place.at(name);
}

const take = async (folder: string, ...inputs: string[]): Promise<Taken> =>
  (await credveilJson(['ingest', folder, ...inputs, '--source', 'it', '--no-publish'])) as Taken;

const namesOf = ({ leftOut }: Taken): string[] => leftOut.flatMap(({ names }) => names).sort();

/** A folder `corpus` with a file of one pair for each name. */
function writeCorpus(place: WorkPlace, ...names: string[]): string {
  for (const name of names) {
    fs.mkdirSync(path.dirname(place.at(`corpus/${name}`)), { recursive: true });
    place.write(`corpus/${name}`, `${name.replaceAll('/', '.')}@example.com:password of ${name}\n`);
  }
  return place.at('corpus');
}

describe('links', () => {
  test('a linked file or folder is read, once', async ({ place }) => {
    const corpus = writeCorpus(place, 'a.txt', 'below/b.txt');
    fs.mkdirSync(place.at('elsewhere/deep'), { recursive: true });
    place.write('elsewhere/c.txt', 'c@example.com:password of c\n');
    place.write('elsewhere/deep/d.txt', 'd@example.com:password of d\n');
    fs.symlinkSync(place.at('elsewhere/c.txt'), path.join(corpus, 'to-c'));
    fs.symlinkSync('../elsewhere', path.join(corpus, 'to-elsewhere'));
    fs.symlinkSync('a.txt', path.join(corpus, 'again'));
    const taken = await take(await createDataset(place), corpus);
    expect(taken.credentials).toBe(4);
    expect(namesOf(taken)).toEqual([path.join(corpus, 'again'), path.join(corpus, 'to-c')]);
  });

  test('a loop is cut, and a link that leads nowhere is named', async ({ place }) => {
    const corpus = writeCorpus(place, 'a.txt', 'loop/b.txt');
    fs.symlinkSync('..', path.join(corpus, 'loop/up'));
    fs.symlinkSync('self', path.join(corpus, 'self'));
    fs.symlinkSync('gone', path.join(corpus, 'nowhere'));
    const taken = await take(await createDataset(place), corpus);
    expect(taken.credentials).toBe(2);
    expect(namesOf(taken)).toEqual(['loop/up', 'nowhere', 'self'].map((name) => path.join(corpus, name)));
  });

  test('a file that is named twice, or within a folder that is named too, is read once', async ({ place }) => {
    const corpus = writeCorpus(place, 'a.txt', 'below/b.txt');
    fs.symlinkSync('a.txt', place.at('corpus/c'));
    const inputs = [place.at('corpus/a.txt'), corpus, place.at('corpus/c'), place.at('corpus/below')];
    const taken = await take(await createDataset(place), ...inputs);
    expect(taken.credentials).toBe(2);
  });
});

describe('the files of the product', () => {
  test('the folder around a dataset is read without the dataset, keys and lists', async ({ place }) => {
    const folder = await createDataset(place, 'leaks', '--sign');
    await createDataset(place, 'other');
    const { stdout } = await credveil(['client', 'add', folder, 'app']);
    place.write('app.client', `${/credveil-client-\S+/.exec(stdout)?.[0]}\n`);
    fs.renameSync(place.at('leaks.publisher'), place.at('renamed.txt'));
    writeCorpus(place, 'a.txt');
    await take(folder, place.at('corpus'));
    fs.writeFileSync(place.at('corpus/a.txt'), 'new@example.com:another password\n');
    const taken = (await credveilJson(['ingest', 'leaks', '.', '--source', 'all', '--no-publish'], '', {
      cwd: place.home,
    })) as Taken;
    expect(taken.credentials).toBe(1);
    const expected = ['app.client', 'leaks', 'leaks.clients.json', 'leaks.key', 'other', 'other.key', 'renamed.txt'];
    expect(namesOf(taken)).toEqual(expected);
  });

  test('a dataset, a part of it or a key is refused if it is named', async ({ place }) => {
    const folder = await createDataset(place);
    await take(folder, writeCorpus(place, 'a.txt'));
    fs.symlinkSync(folder, place.at('link'));
    for (const input of [
      folder,
      path.join(folder, 'runs'),
      path.join(folder, 'runs/it.run'),
      `${folder}.key`,
      'link',
    ]) {
      const args = ['ingest', folder, place.at(path.relative(place.home, path.resolve(place.home, input)))];
      const { code, stderr } = await credveil([...args, '--source', 'own', '--no-publish']);
      expect(code, input).toBe(1);
      expect(stderr, input).toContain('error INPUT_OWN');
    }
  });
});

describe('special files', () => {
  test('a pipe or socket in a folder is left out, and refused by itself', async ({ place }) => {
    const corpus = writeCorpus(place, 'a.txt');
    execFileSync('mkfifo', [path.join(corpus, 'fifo')]);
    fs.symlinkSync('/dev/zero', path.join(corpus, 'zero'));
    const server = net.createServer().listen(path.join(corpus, 'sock'));
    try {
      const folder = await createDataset(place);
      const taken = await take(folder, corpus);
      expect(taken.credentials).toBe(1);
      expect(namesOf(taken)).toEqual(['fifo', 'sock', 'zero'].map((name) => path.join(corpus, name)));
      for (const name of ['fifo', 'sock', 'zero']) {
        const { code, stderr } = await credveil(['ingest', folder, path.join(corpus, name), '--source', 'b']);
        expect(code, name).toBe(1);
        expect(stderr, name).toContain('error INPUT_UNREADABLE');
      }
    } finally {
      server.close();
    }
  });
});
