// Pipes, sockets, devices and folders in the place of a file: refused with a name, and nothing
// waits for them. Also the modes of what holds unsalted hashes.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { credveil, type Outcome, type WorkPlace } from '../support/credveil.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

/** A command that waits is killed, and has no exit code. */
const LIMIT = { timeout: 300_000 };

/** A published dataset with a filter and a list of clients. @returns its folder */
async function publishedDataset(place: WorkPlace): Promise<string> {
  const folder = place.at('leaks');
  for (const args of [
    ['init', folder, '--suite', 'hmac'],
    ['ingest', folder, place.write('corpus.txt', 'ann@example.test:Rex2019!\n'), '--source', 'first'],
    ['client', 'add', folder, 'login'],
  ])
    expect((await credveil(args)).stderr).not.toContain('error');
  return folder;
}

/** Makes something other than a regular file. @returns a function that ends it */
const SPECIAL: { readonly [kind: string]: (file: string) => (() => void) | undefined } = {
  pipe: (file) => {
    execFileSync('mkfifo', [file]);
    return undefined;
  },
  socket: (file) => {
    const server = net.createServer().listen(file);
    return () => server.close();
  },
  device: (file) => {
    fs.symlinkSync('/dev/zero', file);
    return undefined;
  },
  folder: (file) => {
    fs.mkdirSync(file);
    return undefined;
  },
};

async function runWith(kind: string, file: string, args: readonly string[]): Promise<Outcome> {
  fs.rmSync(file, { force: true });
  const end = SPECIAL[kind]?.(file);
  try {
    return await credveil(args, '', LIMIT);
  } finally {
    end?.();
    fs.rmSync(file, { recursive: true, force: true });
  }
}

describe('in the place of a file', () => {
  test.for(Object.keys(SPECIAL))('a %s that is named like a run is refused', async (kind, { place }) => {
    const folder = await publishedDataset(place);
    const file = path.join(folder, 'runs', 'x.run');
    for (const args of [
      ['publish', folder],
      ['sources', folder],
      ['verify', folder],
      ['remove', folder, 'first'],
    ]) {
      const { code, stderr } = await runWith(kind, file, args);
      expect(stderr, args[0]).toMatch(/^error RUN_CORRUPT: run .*x\.run: (a folder, )?not a (regular )?file/m);
      expect(code, args[0]).toBe(1);
    }
  });

  test.for<readonly [file: string, code: string]>([
    ['leaks/CURRENT', 'SNAPSHOT_CORRUPT'],
    ['leaks/snapshots/000001.json', 'SNAPSHOT_CORRUPT'],
    ['leaks/snapshots/000001.account', 'SNAPSHOT_CORRUPT'],
    ['leaks/snapshots/000001.parts', 'SNAPSHOT_CORRUPT'],
    ['leaks/snapshots/000001.filter', 'SNAPSHOT_CORRUPT'],
    ['leaks/snapshots/000001.statement', 'STATEMENT_CORRUPT'],
    ['leaks/snapshots/000001.head', 'HEAD_CORRUPT'],
    ['leaks/dataset.json', 'DATASET_MALFORMED'],
    ['leaks.key', 'KEY_FILE_MALFORMED'],
  ])('anything but a file at %s is refused as %s', async ([name, code], { place }) => {
    const folder = await publishedDataset(place);
    const kept = place.at('kept');
    fs.cpSync(place.at(name), kept);
    for (const kind of Object.keys(SPECIAL)) {
      fs.rmSync(place.at(name), { force: true });
      const outcome = await runWith(kind, place.at(name), ['verify', folder]);
      expect(outcome.stderr, kind).toContain(`error ${code}: `);
      expect(outcome.code, kind).toBe(1);
      fs.cpSync(kept, place.at(name));
    }
  });

  test.for(Object.keys(SPECIAL))('a %s as the list of clients is refused', async (kind, { place }) => {
    const folder = await publishedDataset(place);
    const { code, stderr } = await runWith(kind, `${folder}.clients.json`, ['client', 'list', folder]);
    expect(stderr).toContain('error CLIENTS_MALFORMED: ');
    expect(code).toBe(1);
  });

  test.for(Object.keys(SPECIAL))(
    'a %s as the configuration or a TLS file of a server is refused',
    async (kind, { place }) => {
      const folder = await publishedDataset(place);
      const file = place.at('special');
      for (const [flags, code] of [
        [['--config', file], 'SETTINGS'],
        [['--tls-cert-file', file, '--tls-key-file', file], 'TLS_FILE_UNREADABLE'],
      ] as const) {
        const outcome = await runWith(kind, file, ['serve', folder, '--listen', '127.0.0.1:0', ...flags]);
        expect(outcome.stderr, code).toContain(`error ${code}`);
        expect(outcome.code, code).toBeGreaterThan(0);
      }
    },
  );

  test.for(['pipe', 'folder'])('a %s as the manifest of an unfinished ingest is replaced', async (kind, { place }) => {
    const folder = await publishedDataset(place);
    const work = path.join(folder, 'work', 'ingest');
    fs.mkdirSync(work, { recursive: true });
    const corpus = place.write('second.txt', 'bob@example.test:Tiger77\n');
    const args = ['ingest', folder, corpus, '--source', 'second'];
    expect(await runWith(kind, path.join(work, 'manifest'), args)).toMatchObject({ code: 0 });
  });
});

describe('beside a target', () => {
  test('export --filter never writes through a link', async ({ place }) => {
    const folder = await publishedDataset(place);
    const victim = place.write('victim', 'kept');
    fs.symlinkSync(victim, place.at('out.part'));
    const { code } = await credveil(['export', folder, '--filter', place.at('out')]);
    expect(fs.readFileSync(victim, 'utf8')).toBe('kept');
    expect(code).toBe(0);
    expect(fs.lstatSync(place.at('out')).isFile()).toBe(true);
    expect(fs.existsSync(place.at('out.part'))).toBe(false);
  });
});

describe.skipIf(process.platform === 'win32')('unsalted hashes', () => {
  test('no other user reads runs, snapshots, exports or their folders', async ({ place }) => {
    const folder = place.at('ranges');
    const mode = (file: string): string => (fs.statSync(file).mode & 0o777).toString(8);
    const corpus = place.write('hashes.txt', '5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\n');
    for (const args of [
      ['init', folder, '--suite', 'hmac', '--index', 'sha1'],
      ['ingest', folder, corpus, '--source', 'first', '--format', 'sha1'],
      ['export', folder, '--index', 'sha1', '--to', place.at('files')],
      ['export', folder, '--index', 'sha1', '--to', place.at('list'), '--list'],
    ])
      expect(await credveil(args)).toMatchObject({ code: 0 });
    expect(mode(path.join(folder, 'runs', 'first.run'))).toBe('600');
    expect(mode(path.join(folder, 'runs'))).toBe('700');
    expect(mode(path.join(folder, 'snapshots', '000001.sha1'))).toBe('640');
    expect(mode(path.join(folder, 'snapshots'))).toBe('750');
    expect(mode(path.join(folder, 'work'))).toBe('700');
    expect(mode(place.at('files'))).toBe('750');
    expect(mode(path.join(place.at('files'), fs.readdirSync(place.at('files'))[0] ?? ''))).toBe('640');
    expect(mode(place.at('list'))).toBe('640');
  });
});
