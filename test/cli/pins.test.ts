// What clients pin, on the command line: the lines of a signed dataset, split roles, and copies for
// servers.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { createLeakChecker } from '../../client-sdk/index.ts';
import { credveil, credveilJson, serveDataset, type WorkPlace } from '../support/credveil.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const CREDENTIAL = { username: 'ada@example.test', password: 'Correct Horse 7' };

async function publishLeaks(place: WorkPlace, ...flags: string[]): Promise<string> {
  const folder = place.at('leaks');
  await credveilJson(['init', folder, ...flags]);
  const corpus = place.write('combo.txt', `${CREDENTIAL.username}:${CREDENTIAL.password}\n`);
  await credveilJson(['ingest', folder, corpus, '--source', 'combo', '--format', 'combo']);
  return folder;
}

async function statusOf(url: string, ...args: string[]): Promise<unknown> {
  const check = ['check', '--url', url, '--timeout', '60000', ...args];
  const { stdout, stderr } = await credveil(check, `${JSON.stringify(CREDENTIAL)}\n`);
  return stdout === '' ? stderr : (JSON.parse(stdout) as { status: string }).status;
}

const linesOf = (text: string): string[] => text.trim().split('\n');

test('both lines of a signed hmac dataset are labelled, and check takes them from one file', async ({ place }) => {
  const folder = await publishLeaks(place, '--suite', 'hmac', '--sign');
  const pin = await credveil(['key', 'pin', folder]);
  expect(pin.stderr).toContain('the first (secret) as key, the second as trust');
  const [key, trust] = linesOf(pin.stdout) as [string, string];
  expect(linesOf((await credveil(['key', 'pin', folder, '--only', 'key'])).stdout)).toEqual([key]);
  expect(linesOf((await credveil(['key', 'pin', folder, '--only', 'trust'])).stdout)).toEqual([trust]);

  const both = place.write('pins', pin.stdout);
  const three = place.write('three', `${pin.stdout}${trust}\n`);
  const alone = place.write('pin', `${key}\n`);
  for (const file of [both, three, alone]) fs.chmodSync(file, 0o600);
  const served = await serveDataset(folder);
  try {
    expect(await statusOf(served.url, '--key-file', both)).toBe('pair');
    expect(await statusOf(served.url, '--key-file', alone, '--trust', trust)).toBe('pair');
    expect(await statusOf(served.url, '--key-file', alone)).toBe('unknown');
    expect(await statusOf(served.url, '--key-file', three)).toContain('KEY_FILE_MALFORMED');
  } finally {
    await served.stop();
  }
});

test('an unsigned dataset has no line to trust, and no head key', async ({ place }) => {
  const folder = await publishLeaks(place, '--suite', 'hmac');
  expect((await credveil(['key', 'pin', folder, '--only', 'trust'])).code).toBe(2);
  await credveilJson(['keygen', '--signing', 'head', '--key-file', place.at('head')]);
  const delegated = await credveil(['publish', folder, '--delegate', place.at('head')]);
  expect([delegated.code, delegated.stderr]).toEqual([2, expect.stringContaining('init --sign')]);
  expect(fs.readFileSync(place.at('leaks/CURRENT'), 'utf8')).toContain('000001');
});

test('a key file without a dataset says what is missing, before anybody is asked', async ({ place }) => {
  const folder = await publishLeaks(place, '--suite', 'hmac');
  const { dataset } = JSON.parse(fs.readFileSync(place.at('leaks/dataset.json'), 'utf8')) as { dataset: string };
  for (const command of [
    ['check', '--url', 'http://127.0.0.1:9'],
    ['replica', 'pull', place.at('copy'), '--url', 'http://127.0.0.1:9'],
    ['replica', 'status', place.at('copy')],
  ]) {
    const bare = await credveil([...command, '--key-file', `${folder}.key`], '{"password":"a"}\n');
    expect([bare.code, bare.stderr]).toEqual([
      2,
      expect.stringMatching(/USAGE: .*which dataset.*\n {2}Add --dataset /),
    ]);
    const named = await credveil(
      [...command, '--key-file', `${folder}.key`, '--dataset', dataset],
      '{"password":"a"}\n',
    );
    expect([named.code, named.stderr]).toEqual([1, expect.stringMatching(/^(error )?(NETWORK|REPLICA_MISSING): /)]);
  }
  expect(fs.existsSync(place.at('copy/head'))).toBe(false);
});

test('--delegate takes the public line itself', async ({ place }) => {
  const folder = await publishLeaks(place, '--suite', 'hmac', '--sign');
  const made = (await credveilJson(['keygen', '--signing', 'head', '--key-file', place.at('head')])) as {
    line: string;
  };
  await credveilJson(['publish', folder, '--delegate', made.line]);
  await credveilJson(['publish', folder, '--renew', '--head-key', place.at('head')]);
});

test('check asks the two servers of split roles', async ({ place }) => {
  const folder = await publishLeaks(place, '--suite', 'oprf', '--split-roles');
  const key = ['--key-file', place.at('leaks.key')];
  await credveilJson(['init', place.at('evaluator'), '--suite', 'oprf', ...key, '--index', 'password']);
  await credveilJson(['publish', place.at('evaluator'), ...key]);
  const trust = ['--trust', linesOf((await credveil(['key', 'pin', folder])).stdout)[0] as string];
  fs.renameSync(place.at('leaks.key'), place.at('moved.key'));
  const buckets = await serveDataset(folder);
  const evaluator = await serveDataset(place.at('evaluator'), { args: ['--key-file', place.at('moved.key')] });
  try {
    expect(await statusOf(evaluator.url, ...trust, '--buckets-url', buckets.url)).toBe('pair');
    expect(await statusOf(buckets.url, ...trust, '--evaluator', evaluator.url)).toBe('pair');
    expect(await statusOf(buckets.url, ...trust)).toBe('unknown');
  } finally {
    await Promise.all([buckets.stop(), evaluator.stop()]);
  }
});

test('a copy for a server is verified without its runs, and a damaged one says to copy it again', async ({ place }) => {
  const folder = await publishLeaks(place, '--suite', 'hmac');
  fs.rmSync(`${folder}/runs`, { recursive: true });
  expect(await credveilJson(['verify', folder])).toMatchObject({ runs: null, matched: null, keyed: true });
  fs.rmSync(place.at('leaks.key'));
  const keyless = await credveil(['verify', folder]);
  expect([keyless.code, keyless.stderr]).toEqual([2, expect.stringContaining('--without-key')]);
  expect((await credveil(['verify', folder, '--without-key'])).stdout).toContain('no runs here');
  const snapshot = fs.readdirSync(`${folder}/snapshots`).find((name) => name.endsWith('.account')) as string;
  fs.truncateSync(`${folder}/snapshots/${snapshot}`, 100);
  expect((await credveil(['verify', folder, '--without-key'])).stderr).toContain('copy the snapshot again');
});

describe('a checker says which line belongs in key instead of the one it got', () => {
  test.each([
    ['', 'it is empty'],
    [`credveil-hmac-1.${'0'.repeat(16)}.${'A'.repeat(43)}`, 'not one line credveil-hmac-2'],
    [`credveil-oprf-1.${'0'.repeat(16)}.${'A'.repeat(43)}`, 'not one line credveil-hmac-2'],
    [`credveil-trust-2.${'0'.repeat(16)}.${'A'.repeat(43)}`, 'not one line credveil-hmac-2'],
    ['one line\nanother one', 'not one line credveil-hmac-2'],
  ])('%j', (key, why) => {
    expect(() => createLeakChecker({ url: 'http://127.0.0.1:9', key })).toThrow(
      expect.objectContaining({
        code: 'KEY_MALFORMED',
        message: expect.stringContaining(why),
        hint: expect.stringMatching(/`credveil key pin` prints first; a line credveil-trust-2 belongs in trust/),
      }),
    );
  });
});
