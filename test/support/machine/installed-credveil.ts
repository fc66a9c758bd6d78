// The package credveil as npm packs it, installed into an empty folder outside the repository, like
// a user's installation.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { SuiteName } from '../../../protocol/suite.ts';
import { TEST_CREDENTIALS } from '../../../protocol/test-credentials.ts';
import { credveil, credveilJson, type Outcome, type Served, type StartOptions, serveDataset } from '../credveil.ts';
import { npm, pack } from '../npm.ts';
import { fixture, root } from '../paths.ts';

export interface InstalledCredveil {
  /** The folder with package.json and node_modules. */
  readonly folder: string;
  /** The folder of the installed package. */
  readonly home: string;
  /** The command's link in node_modules/.bin. */
  readonly bin: string;
  dispose(): void;
}

/**
 * Builds, packs and installs. npm takes the dependencies from its cache if they are there, else
 * from the registry.
 */
export async function installCredveil(): Promise<InstalledCredveil> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-package-'));
  const tarball = await pack(root, folder);
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  await npm(['install', tarball, '--prefer-offline', '--no-audit', '--no-fund'], folder);
  return {
    folder,
    home: path.join(folder, 'node_modules/credveil'),
    bin: path.join(folder, 'node_modules/.bin/credveil'),
    dispose: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

/** Several hundred pairs, compressed by xz. */
const CORPUS = fixture('corpora', 'two-streams.xz');
/** Its streams meet within a line, which looks misread. */
const JOINED = ['--accept', 'columns-in-passwords'];
const LEAKED = { username: 'ana@example.com', password: 'summer2019' };

/** The result of `Trial.check` with a correct service. */
export const EXPECTED_VERDICTS = ['pair', ...Object.keys(TEST_CREDENTIALS)];

export interface Trial {
  readonly served: Served;
  /** The line with the key that clients of an hmac dataset pin. */
  readKeyPin(): Promise<string>;
  /**
   * Runs `credveil check`.
   * @returns the statuses of a leaked pair and of each verdict's test credential
   */
  check(): Promise<string[]>;
  stop(): Promise<Outcome>;
}

/**
 * A new user's first steps: `init`, `ingest`, and `serve` with two worker processes, in a new
 * folder below `home`.
 */
export async function startTrial(
  suite: SuiteName,
  { bin, folder: home }: InstalledCredveil,
  node: string = process.execPath,
): Promise<Trial> {
  const cwd = fs.mkdtempSync(path.join(home, `${suite}-`));
  const options: StartOptions = { program: { node, bin }, cwd };
  await credveilJson(['init', 'leaks', '--suite', suite, '--similar'], '', options);
  await credveilJson(['ingest', 'leaks', CORPUS, '--source', 'trial', '--threads', '2', ...JOINED], '', options);
  const served = await serveDataset('leaks', { ...options, args: ['--workers', '2'] });
  return {
    served,
    async readKeyPin() {
      const { key } = (await credveilJson(['key', 'pin', 'leaks'], '', options)) as { key: string };
      return key;
    },
    async check() {
      const asked = [LEAKED, ...Object.values(TEST_CREDENTIALS)].map((each) => `${JSON.stringify(each)}\n`).join('');
      const args = ['check', '--url', served.url, '--dataset', 'leaks', '--timeout', '60000', '--json'];
      const { stdout, stderr } = await credveil(args, asked, options);
      if (stderr !== '') throw new Error(stderr);
      const lines = stdout.trim().split('\n');
      return lines.map((line) => (JSON.parse(line) as { status: string }).status);
    },
    stop: () => served.stop(),
  };
}
