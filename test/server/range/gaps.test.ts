// Ranges that a mirror lacks: they answer as a failure, and never as "not leaked".

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { pwnedPassword } from 'hibp';
import { describe, expect } from 'vitest';
import { credveil, credveilJson, serveDataset, type WorkPlace } from '../../support/credveil.ts';
import { seededRanges, sha1Of, writeRanges } from '../../support/range-dataset.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const WHOLE = ['00000', '0000A', 'ABCDE'];
const RANGES = seededRanges('sha1', [...WHOLE, '00001', '00002', '00003'], 30);
/** A password whose range no mirror here has. */
const ABSENT = 'Summer23';

interface MirrorFigures {
  readonly files: number;
  readonly gaps: number;
  readonly empty: { readonly count: number; readonly names: readonly string[] };
  readonly bad: { readonly count: number; readonly names: readonly string[] };
}

/** A mirror with five ranges of which two are whole, one empty and two broken. */
function writeMirror(place: WorkPlace): string {
  const folder = writeRanges(place.at('mirror'), RANGES, '.txt');
  place.write('mirror/00001.txt', '');
  place.write('mirror/00002.txt', `${RANGES.get('00002')}\r\n${'A'.repeat(27)}:1`);
  fs.rmSync(place.at('mirror/00003.txt'));
  place.write('mirror/00003.gz', zlib.gzipSync(RANGES.get('00003') as string).subarray(0, 90));
  return folder;
}

async function createMirror(place: WorkPlace): Promise<string> {
  const folder = place.at('dataset');
  await credveilJson(['init', folder, '--suite', 'hmac', '--index', 'sha1,ntlm']);
  return folder;
}

describe('a mirror with gaps', () => {
  test('every range that it lacks answers 503, and the others their rows', async ({ place }) => {
    const folder = await createMirror(place);
    await credveilJson(['ingest', folder, writeMirror(place), '--source', 'hibp', '--mirror']);
    const server = await serveDataset(folder);
    try {
      const ask = (prefix: string, headers = {}): Promise<Response> =>
        fetch(`${server.url}/range/${prefix}`, { headers });
      for (const prefix of WHOLE) expect(await (await ask(prefix)).text()).toBe(RANGES.get(prefix));
      const etag = (await ask('00000')).headers.get('etag') as string;
      for (const prefix of ['00001', '00002', '00003', '12345', 'fffff'])
        for (const headers of [{}, { 'Add-Padding': 'true' }, { 'If-None-Match': etag }, { 'Accept-Encoding': 'br' }]) {
          const answer = await ask(prefix, headers);
          expect(answer.status, prefix).toBe(503);
          expect(answer.headers.get('cache-control')).toContain('no-store');
          expect(await answer.json()).toMatchObject({ code: 'RANGE_MISSING' });
        }
      await expect(pwnedPassword(ABSENT, { baseUrl: server.url })).rejects.toThrow();
      // No source has NTLM: nobody knows what leaked.
      for (const headers of [{}, { 'Add-Padding': 'true' }, { 'If-None-Match': etag.replace('sha1', 'ntlm') }])
        expect((await ask('12345?mode=ntlm', headers)).status).toBe(503);
      const status = (await (await fetch(`${server.url}/v1/status`)).json()) as { indexes: object };
      expect(status.indexes).toMatchObject({ sha1: { buckets: 3, gaps: 2 ** 20 - 3 } });
    } finally {
      await server.stop();
    }
  });

  test('what is missing, empty or bad is counted and named', async ({ place }) => {
    const folder = await createMirror(place);
    const ingested = (await credveilJson(['ingest', folder, writeMirror(place), '--source', 'hibp', '--mirror'])) as {
      readonly mirror: MirrorFigures;
    };
    const name = (file: string): unknown => expect.stringContaining(path.join(place.at('mirror'), file));
    expect(ingested.mirror).toMatchObject({
      files: 6,
      gaps: 2 ** 20 - 3,
      empty: { count: 1, names: [name('00001.txt')] },
      bad: { count: 2, names: [name('00002.txt'), name('00003.gz')] },
    });
    const shown = await credveil(['sources', folder, '--show', 'hibp']);
    expect(shown.stdout).toMatch(/gaps +1,048,573: 00001-00009 0000B-ABCDD ABCDF-FFFFF/);
    expect((await credveil(['sources', folder])).stdout).toMatch(/GAPS[\s\S]*1048573/);
    expect((await credveil(['stats', folder])).stdout).toMatch(/gaps +1,048,573 ranges/);
    expect(await credveilJson(['stats', folder])).toMatchObject({ ranges: { sha1: { gaps: 2 ** 20 - 3 } } });
    expect(await credveilJson(['verify', folder])).toBeTruthy();
  });

  test('gaps survive other sources, and end with their own', async ({ place }) => {
    const folder = await createMirror(place);
    await credveilJson(['ingest', folder, writeMirror(place), '--source', 'hibp', '--mirror', '--no-publish']);
    const own = place.write('own.txt', `${sha1Of(ABSENT)}:7\n`);
    await credveilJson(['ingest', folder, own, '--source', 'own']);
    const range = sha1Of(ABSENT).slice(0, 5);
    const statusOf = async (): Promise<number> => {
      const server = await serveDataset(folder);
      const { status } = await fetch(`${server.url}/range/${range}`);
      await server.stop();
      return status;
    };
    // A part of a range is not the range.
    expect(await statusOf()).toBe(503);
    await credveilJson(['remove', folder, 'hibp']);
    expect(await statusOf()).toBe(200);
  });
});

describe('a corpus that is no mirror', () => {
  test('an empty range of a list of hashes is an answer', async ({ place }) => {
    const folder = await createMirror(place);
    await credveilJson(['ingest', folder, place.write('list', `${sha1Of('a')}:1\n`), '--source', 'own']);
    const server = await serveDataset(folder);
    try {
      const answer = await fetch(`${server.url}/range/12345`);
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    } finally {
      await server.stop();
    }
  });

  test('a declared mirror that is none, or a list with damaged rows, is refused', async ({ place }) => {
    const folder = await createMirror(place);
    const rows = [...RANGES].flatMap(([prefix, text]) => text.split('\r\n').map((row) => `${prefix}${row}\n`));
    const damaged = place.write('damaged.txt', `${rows.join('')}${rows[0]?.slice(0, 20)}\n`);
    const refused = async (file: string, ...more: string[]): Promise<string> => {
      const { code, stderr } = await credveil(['ingest', folder, file, '--source', 'm', '--mirror', ...more]);
      expect(code).not.toBe(0);
      return stderr;
    };
    expect(await refused(damaged)).toContain('MIRROR_DAMAGED');
    await credveilJson(['init', place.at('other'), '--suite', 'hmac']);
    const pairs = place.write('pairs.txt', 'ana@example.com:pw1\nben@example.com:pw2\n');
    const { stderr } = await credveil(['ingest', place.at('other'), pairs, '--source', 'm', '--mirror']);
    expect(stderr).toContain('MIRROR_FORMAT');
  });

  test('one list that ends early has a gap in its last range too', async ({ place }) => {
    const folder = await createMirror(place);
    const rows = [...RANGES].sort().flatMap(([prefix, text]) => text.split('\r\n').map((row) => `${prefix}${row}\n`));
    const list = place.write('list.txt', rows.join(''));
    const { mirror } = (await credveilJson(['ingest', folder, list, '--source', 'm', '--mirror'])) as {
      mirror: MirrorFigures;
    };
    expect(mirror).toMatchObject({ gaps: 2 ** 20 - RANGES.size + 1 });
  });
});
