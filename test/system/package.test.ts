// The installed package credveil on the oldest Node that its `engines` name and on the one that
// this repository runs on: its pages in a browser, and an ingest that is large enough to sort in
// threads.

import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { credveil, credveilJson } from '../support/credveil.ts';
import {
  EXPECTED_VERDICTS,
  type InstalledCredveil,
  installCredveil,
  startTrial,
} from '../support/machine/installed-credveil.ts';
import { installNode } from '../support/npm.ts';
import { perFile } from '../support/per-file.ts';
import { browserTest, expectPagesWork } from '../support/vitest/browser-test.ts';

const OLDEST = '22.21.0';
const NODES = [OLDEST, '24'];
/** Their records pass the 64 MiB from which ingest sorts in threads. */
const MANY_PAIRS = 1_200_000;

interface Fixtures {
  readonly installed: InstalledCredveil;
  /** Path of the binary of a version of Node. */
  readonly nodeOf: (version: string) => string;
}

const test = browserTest.extend<Fixtures>({
  installed: perFile(installCredveil, (installed) => installed.dispose()),
  nodeOf: [
    async ({ installed }, use) => {
      const oldest = await installNode(OLDEST, path.join(installed.folder, 'oldest-node'));
      await use((version) => (version === OLDEST ? oldest : process.execPath));
    },
    { scope: 'file' },
  ],
});

test('engines name the oldest Node that is tested', ({ installed }) => {
  const { engines } = JSON.parse(fs.readFileSync(path.join(installed.home, 'package.json'), 'utf8'));
  expect(engines.node).toContain(`^${OLDEST}`);
});

test.for(NODES.flatMap((version) => (['hmac', 'oprf'] as const).map((suite) => [version, suite] as const)))(
  'the package on Node %s under %s opens its pages in a browser, and checks',
  async ([version, suite], { installed, browser, nodeOf }) => {
    const trial = await startTrial(suite, installed, nodeOf(version));
    try {
      await expectPagesWork(browser, trial.served.url, suite === 'hmac' ? await trial.readKeyPin() : undefined);
      expect(await trial.check()).toEqual(EXPECTED_VERDICTS);
    } finally {
      await trial.stop();
    }
  },
);

test.for(NODES)('the package on Node %s sorts a large ingest in threads', async (version, { installed, nodeOf }) => {
  const cwd = fs.mkdtempSync(path.join(installed.folder, 'large-'));
  const options = { program: { node: nodeOf(version), bin: installed.bin }, cwd };
  const lines = Array.from({ length: MANY_PAIRS }, (_, i) => `u${i}@example.com:p${i}\n`);
  fs.writeFileSync(path.join(cwd, 'many.txt'), lines.join(''));
  await credveilJson(['init', 'leaks', '--suite', 'hmac'], '', options);
  const result = await credveilJson(['ingest', 'leaks', 'many.txt', '--source', 'many', '--threads', '2'], '', options);
  expect(result).toMatchObject({ credentials: MANY_PAIRS });
  expect(await credveilJson(['verify', 'leaks'], '', options)).toBeDefined();
});

test.for(NODES)(
  'the package on Node %s matches users, and names a missing client',
  async (version, { installed, nodeOf }) => {
    const cwd = fs.mkdtempSync(path.join(installed.folder, 'match-'));
    const options = { program: { node: nodeOf(version), bin: installed.bin }, cwd };
    const hash = '$2b$04$yjDgE74RJkeqC0/1NheSSOrvKeu9IbKDpcQf/Ox3qsrRS/Kw42qIS';
    fs.writeFileSync(
      path.join(cwd, 'users.csv'),
      `id,email,hash\n7,ann@example.com,${hash}\n8,ben@example.com,${hash}\n`,
    );
    const others = Array.from({ length: 300 }, (_, i) => `other${i}@example.org:word${(i * 7919) % 300}\n`);
    fs.writeFileSync(path.join(cwd, 'leak.txt'), `${others.join('')}ann@example.com:test\nben@example.com:other\n`);
    const args = ['--columns', 'id=id,email=email,hash=hash', '--against', 'leak.txt'];
    const found = await credveil(['match', 'users.csv', ...args], '', options);
    expect([found.code, found.stdout]).toEqual([0, 'account,source,date,match\n7,leak.txt,,exact\n']);
    for (const [url, client] of [
      ['postgres://ann@127.0.0.1:1/app', 'npm install pg'],
      ['mysql://ann@127.0.0.1:1/app', 'npm install mysql2'],
    ] as const) {
      const { code, stderr } = await credveil(['match', url, '--table', 'users', ...args], '', options);
      expect([code, stderr]).toEqual([1, expect.stringContaining('CLIENT_MISSING')]);
      expect(stderr).toContain(client);
    }
  },
);
