// Renewal on the command line: keys of publishers, heads, delegation, and what clients pin.

import fs from 'node:fs';
import { test as base, describe, expect } from 'vitest';
import { createMac } from '../../protocol/signed/envelope.ts';
import { openDataset } from '../../store/dataset.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { readStatement, writeHead } from '../../store/snapshot/statement-files.ts';
import { createWorkPlace, credveil, credveilJson, startCredveil, type WorkPlace } from '../support/credveil.ts';

interface Published {
  readonly snapshot: string;
  readonly validUntil: string;
}

const test = base.extend<{ readonly place: WorkPlace }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  place: async ({}, use) => {
    const place = createWorkPlace();
    await use(place);
    place.dispose();
  },
});

const headOf = (place: WorkPlace): string => fs.readFileSync(place.at('leaks/snapshots/000001.head'), 'utf8');

async function publishLeaks(place: WorkPlace, ...flags: string[]): Promise<Published> {
  await credveilJson(['init', place.at('leaks'), ...flags]);
  const corpus = place.write('combo.txt', 'ada@example.test:Correct Horse 7\n');
  const ingested = await credveilJson(['ingest', place.at('leaks'), corpus, '--source', 'combo', '--format', 'combo']);
  return (ingested as { published: Published }).published;
}

describe('a dataset with signatures', () => {
  test('has a publisher whose line clients pin, and a head key renews in its place', async ({ place }) => {
    const published = await publishLeaks(place, '--suite', 'hmac', '--sign');
    expect(published.snapshot).toMatch(/^000001-/);
    expect(fs.statSync(place.at('leaks.publisher')).mode & 0o777).toBe(0o600);
    const pin = await credveil(['key', 'pin', place.at('leaks')]);
    const line = '[0-9a-f]{16}\\.[A-Za-z0-9_-]{43}\n';
    expect(pin.stdout).toMatch(new RegExp(`^credveil-hmac-2\\.${line}credveil-trust-2\\.${line}$`));

    const before = headOf(place);
    await credveilJson(['keygen', '--signing', 'head', '--key-file', place.at('head')]);
    const early = await credveil(['publish', place.at('leaks'), '--renew', '--head-key', place.at('head')]);
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('HEAD_KEY_REFUSED')]);
    expect(headOf(place)).toBe(before);

    await credveilJson(['publish', place.at('leaks'), '--delegate', place.at('head')]);
    fs.rmSync(place.at('leaks.publisher'));
    const renew = ['publish', place.at('leaks'), '--renew', '--head-key', place.at('head'), '--valid-for', '2h'];
    const head = (await credveilJson(renew)) as { issuedAt: string; validUntil: string; sequence: number };
    expect(head.sequence).toBe(2);
    expect(Date.parse(head.validUntil) - Date.parse(head.issuedAt)).toBe(7_200_000);

    const again = await credveil(['publish', place.at('leaks')]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('KEY_FILE_MISSING')]);
  });
});

describe.each([
  ['its key', [], []],
  ['the key of its publisher', ['--sign'], []],
  ['a head key', ['--sign'], ['--head-key']],
])('with %s', (_key, flags, [headKey]) => {
  test('an earlier snapshot that CURRENT names again gets no head', async ({ place }) => {
    await publishLeaks(place, '--suite', 'hmac', ...flags);
    const leaks = place.at('leaks');
    if (headKey) {
      await credveilJson(['keygen', '--signing', 'head', '--key-file', place.at('head')]);
      await credveilJson(['publish', leaks, '--delegate', place.at('head')]);
    }
    const pointer = place.at('leaks/CURRENT');
    const earlier = fs.readFileSync(pointer, 'utf8');
    const head = place.at(`leaks/snapshots/${earlier.slice(0, 6)}.head`);
    const corpus = place.write('second.txt', 'eve@example.test:Correct Horse 8\n');
    await credveilJson(['ingest', leaks, corpus, '--source', 'second', '--format', 'combo']);
    const newest = fs.readFileSync(pointer, 'utf8');
    fs.rmSync(head);
    fs.writeFileSync(pointer, earlier);
    const renew = ['publish', leaks, '--renew', ...(headKey ? [headKey, place.at('head')] : [])];
    const refused = await credveil(renew);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('SNAPSHOT_REPLACED')]);
    expect(fs.existsSync(head)).toBe(false);
    fs.writeFileSync(pointer, newest);
    expect(await credveilJson(renew)).toMatchObject({ sequence: Number(newest.slice(0, 6)) });
  });
});

describe('a dataset without signatures', () => {
  test('is renewed with its key, and what clients hold is secret', async ({ place }) => {
    await publishLeaks(place, '--suite', 'hmac');
    const { stdout } = await credveil(['key', 'pin', place.at('leaks')]);
    expect(stdout).toMatch(/^credveil-hmac-2\.[0-9a-f]{16}\.[A-Za-z0-9_-]{43}\n$/);
    const shown = await credveil(['key', 'show', '--key-file', place.at('leaks.key')]);
    expect(shown.stdout).not.toContain(stdout.trim().slice(-43));

    // The pin is a key file, too.
    place.write('pinned', stdout);
    fs.chmodSync(place.at('pinned'), 0o600);
    await credveilJson(['publish', place.at('leaks'), '--renew', '--key-file', place.at('pinned')]);

    const wrong = await credveil(['publish', place.at('leaks'), '--renew', '--head-key', place.at('pinned')]);
    expect(wrong.code).toBe(2);
  });

  test('stats and verify warn before the head runs out', async ({ place }) => {
    await publishLeaks(place, '--suite', 'hmac');
    const fresh = await credveil(['stats', place.at('leaks')]);
    expect([fresh.code, fresh.stderr]).toEqual([0, '']);
    const dataset = openDataset(place.at('leaks'));
    const signer = createMac(openKeyFile(place.at('leaks.key')).createSuite().sealKey);
    const hour = 3_600_000;
    writeHead(dataset, '000001', readStatement(dataset, '000001'), signer, 25 * hour, Date.now() - 20 * hour);
    const { code, stderr } = await credveil(['stats', place.at('leaks')]);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^warning: clients will refuse the snapshot after /)]);
  });

  test('--every keeps renewing until a signal, and exits with 130 at Ctrl-C alone', async ({ place }) => {
    await publishLeaks(place, '--suite', 'hmac');
    for (const [signal, exitCode] of [
      ['SIGTERM', 0],
      ['SIGINT', 130],
    ] as const) {
      const { child, written, ended } = startCredveil(['publish', place.at('leaks'), '--renew', '--every', '1m']);
      while (!written.stdout.includes('accept it until')) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill(signal);
      expect([signal, (await ended).code]).toEqual([signal, exitCode]);
    }
  });
});
