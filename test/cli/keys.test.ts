// Keys on the command line: creation, display and rotation, and the oprf suite from end to end.

import fs from 'node:fs';
import { expect } from 'vitest';
import { createLeakChecker } from '../../client-sdk/index.ts';
import { credveil, credveilJson, serveDataset } from '../support/credveil.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

interface Shown {
  readonly suite: string;
  readonly keyId: string;
  readonly publicKey: string | null;
}

async function check(
  url: string,
  args: readonly string[],
  credential: object,
): Promise<{ status: string; reason?: string }> {
  const { stdout } = await credveil(
    ['check', '--url', url, '--timeout', '60000', ...args],
    `${JSON.stringify(credential)}\n`,
  );
  return JSON.parse(stdout) as { status: string };
}

test('key show prints the public line of a watch key again', async ({ place }) => {
  const keyFile = place.at('watch.key');
  const made = (await credveilJson(['watch', 'keygen', '--key-file', keyFile])) as Shown;
  const shown = (await credveilJson(['key', 'show', '--key-file', keyFile])) as Shown;
  expect(shown).toEqual({ keyId: made.keyId, publicKey: made.publicKey });
  const { stdout } = await credveil(['key', 'show', '--key-file', keyFile]);
  expect(stdout).toContain(made.publicKey);
  expect(stdout).not.toContain(fs.readFileSync(keyFile, 'utf8').trim().split('.').at(-1));
});

test('keygen creates a key of each suite, and key show prints only its public part', async ({ place }) => {
  for (const suite of ['hmac', 'oprf']) {
    const keyFile = place.at(`${suite}.key`);
    const made = (await credveilJson(['keygen', '--suite', suite, '--key-file', keyFile])) as Shown;
    expect(fs.statSync(keyFile).mode & 0o777).toBe(0o600);
    const shown = (await credveilJson(['key', 'show', '--key-file', keyFile])) as Shown;
    expect(shown).toEqual({ suite, keyId: made.keyId, publicKey: made.publicKey });
    expect(shown.publicKey === null).toBe(suite === 'hmac');
    const secret = fs.readFileSync(keyFile, 'utf8').trim().split('.').at(-1) as string;
    const { stdout, stderr } = await credveil(['key', 'show', '--key-file', keyFile]);
    expect(stdout + stderr).toContain(made.keyId);
    expect(stdout + stderr + JSON.stringify(made)).not.toContain(secret);

    const before = fs.readFileSync(keyFile, 'utf8');
    const again = await credveil(['keygen', '--suite', suite, '--key-file', keyFile]);
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toContain('KEY_FILE_EXISTS');
    expect(fs.readFileSync(keyFile, 'utf8')).toBe(before);
  }
  const other = await credveil(['init', place.at('d'), '--suite', 'hmac', '--key-file', place.at('oprf.key')]);
  expect(other.code).toBe(2);
  expect(fs.existsSync(place.at('d'))).toBe(false);
});

test('rotate moves to a new key while old and new clients keep working', async ({ place }) => {
  const [old, successor] = [place.at('old'), place.at('new')];
  const combo = place.write('combo.txt', 'ana@example.test:secret one\n');
  await credveilJson(['init', old, '--suite', 'oprf', '--bucket-floor', '2']);
  await credveilJson(['ingest', old, combo, '--source', 'combo', '--date', '2024-02']);

  const rotate = async () =>
    credveilJson(['rotate', old, successor]) as Promise<{
      missing: object[];
      published: boolean;
      newKey: Shown;
      newDataset: string;
    }>;
  expect(await rotate()).toMatchObject({
    created: true,
    missing: [{ source: 'combo', date: '2024-02' }],
    published: false,
  });
  expect(await rotate()).toMatchObject({ created: false, missing: [{ source: 'combo' }] });
  const said = await credveil(['rotate', old, successor]);
  expect(said.stdout).toContain(`credveil ingest ${successor} combo.txt --source combo --date 2024-02`);
  await credveilJson(['ingest', successor, combo, '--source', 'combo', '--date', '2024-02', '--no-publish']);
  expect(await rotate()).toMatchObject({ missing: [], published: false });
  await credveilJson(['publish', successor]);
  const state = await rotate();
  expect(state).toMatchObject({ missing: [], published: true });

  const oldKey = (await credveilJson(['key', 'show', '--key-file', `${old}.key`])) as Shown;
  expect(oldKey.keyId).not.toBe(state.newKey.keyId);
  const steps = (await credveil(['rotate', old, successor])).stdout;
  for (const command of [`serve ${old} --also ${successor}`, `publish ${old} --renew`, `publish ${successor} --renew`])
    expect(steps).toContain(`credveil ${command}`);
  const server = await serveDataset(old, { args: ['--also', successor] });
  try {
    const { url } = server;
    const { newDataset } = state;
    expect(steps).toContain(`/d/${newDataset}`);
    const leaked = { username: 'Ana@example.test', password: 'secret one' };
    const { trust } = (await credveilJson(['key', 'pin', successor])) as { trust: string };
    expect(await check(url, ['--dataset', old], leaked)).toMatchObject({ status: 'pair' });
    const moved = `${url}/d/${newDataset}`;
    expect(await check(moved, ['--trust', trust], leaked)).toMatchObject({ status: 'pair' });
    expect(await check(moved, ['--dataset', successor], leaked)).toMatchObject({ status: 'pair' });
    expect(await check(url, ['--dataset', successor], leaked)).toMatchObject({
      status: 'unknown',
      reason: 'DATASET_MISMATCH',
    });
  } finally {
    expect(await server.stop()).toMatchObject({ code: 0 });
  }
});

test('rotate refuses the old dataset as its own successor, under any path and as a copy', async ({ place }) => {
  const folder = place.at('leaks');
  await credveilJson(['init', folder, '--suite', 'hmac']);
  await credveilJson(['publish', folder]);
  fs.symlinkSync(folder, place.at('link'));
  fs.cpSync(folder, place.at('copy'), { recursive: true });
  await credveilJson(['init', place.at('same-key'), '--suite', 'hmac', '--key-file', `${folder}.key`]);
  for (const successor of [
    folder,
    place.at('./x/../leaks'),
    place.at('link'),
    place.at('copy'),
    place.at('same-key'),
  ]) {
    const { code, stdout, stderr } = await credveil(['rotate', folder, successor, '--key-file', `${folder}.key`]);
    expect([successor, code, stdout]).toEqual([successor, 2, '']);
    expect(stderr).toMatch(/^error USAGE: .*(the dataset to rotate|the key of the old dataset)/);
  }
});

test('serve refuses a key file for a dataset of the hmac suite', async ({ place }) => {
  const folder = place.at('leaks');
  await credveilJson(['init', folder, '--suite', 'hmac']);
  const { code, stderr } = await credveil(['serve', folder, '--key-file', `${folder}.key`, '--listen', '127.0.0.1:0']);
  expect(code).toBe(2);
  expect(stderr).toContain('--key-file does not apply');
});

test('keygen --split writes two halves of a key that add up to it, and splits an existing key', async ({ place }) => {
  const keyFile = place.at('leaks.key');
  const halves = [`${keyFile}.1`, `${keyFile}.2`];
  const scalarOf = (file: string): bigint => {
    const bytes = Buffer.from(fs.readFileSync(file, 'utf8').trim().split('.').at(-1) as string, 'base64url');
    return BigInt(`0x${bytes.reverse().toString('hex')}`);
  };
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const split = ['keygen', '--suite', 'oprf', '--key-file', keyFile, '--split'];
  const made = (await credveilJson(split)) as Shown & { halves: string[] };
  expect(made.halves).toEqual(halves);
  const [first, second] = halves.map(scalarOf) as [bigint, bigint];
  expect((first + second) % order).toBe(scalarOf(keyFile));
  for (const file of halves) {
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(await credveilJson(['key', 'show', '--key-file', file])).toMatchObject({ suite: 'oprf' });
  }

  expect((await credveil(split)).stderr).toContain('KEY_FILE_EXISTS');
  for (const file of halves) fs.rmSync(file);
  const again = (await credveilJson(split)) as Shown;
  expect(again.publicKey).toBe(made.publicKey);
  const [other, rest] = halves.map(scalarOf) as [bigint, bigint];
  expect((other + rest) % order).toBe(scalarOf(keyFile));
  expect(other).not.toBe(first);

  const keyed = await credveil(['keygen', '--suite', 'hmac', '--key-file', place.at('hmac.key'), '--split']);
  expect(keyed.stderr).toContain('KEY_UNSPLITTABLE');
  expect(fs.existsSync(place.at('hmac.key'))).toBe(false);
});

test('serve without a key file serves the buckets of an oprf dataset alone, and says so', async ({ place }) => {
  const [dataset, evaluator] = [place.at('leaks'), place.at('evaluator')];
  const combo = place.write('combo.txt', 'ana@example.test:secret one\n');
  await credveilJson(['init', dataset, '--suite', 'oprf']);
  await credveilJson(['ingest', dataset, combo, '--source', 'combo']);
  const keyFile = place.at('moved.key');
  fs.renameSync(`${dataset}.key`, keyFile);
  await credveilJson(['init', evaluator, '--suite', 'oprf', '--index', 'password', '--key-file', keyFile]);
  await credveilJson(['publish', evaluator, '--key-file', keyFile]);
  const named = await credveil(['serve', dataset, '--key-file', place.at('missing.key')]);
  expect(named.stderr).toContain('KEY_FILE_MISSING');
  expect(named.code).not.toBe(0);

  const { trust } = (await credveilJson(['key', 'pin', dataset])) as { trust: string };
  const buckets = await serveDataset(dataset);
  const evaluating = await serveDataset(evaluator, { args: ['--key-file', keyFile] });
  try {
    const checker = createLeakChecker({ url: evaluating.url, bucketsUrl: buckets.url, trust, timeoutMs: 60_000 });
    const verdict = await checker.check({ username: 'ana@example.test', password: 'secret one' });
    expect(verdict).toMatchObject({ status: 'pair' });
  } finally {
    const [{ stderr }] = await Promise.all([buckets.stop(), evaluating.stop()]);
    expect(stderr).toContain(`serving the buckets of ${dataset} alone`);
  }
});
