// credveil keygen: creates a key. credveil key show: prints the public part of a key.

import fs from 'node:fs';
import { type Command, Option } from 'commander';
import { formatPublicKey } from '../../protocol/keys.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { createDatasetKey, type DatasetKey } from '../../store/dataset-key.ts';
import { StoreError } from '../../store/errors.ts';
import { writeKeyFile } from '../../store/key-file.ts';
import { UsageError } from '../exit.ts';
import { openKeyFile } from '../key-files.ts';
import { assertFolderOf } from '../open.ts';
import { printResult } from '../output.ts';

/** The part of a key that is not secret. */
export interface PublicPart {
  readonly suite: SuiteName;
  readonly keyId: string;
  /** Pinned by `oprf` clients; null under `hmac`, whose only public part is the id. */
  readonly publicKey: string | null;
}

export function publicPart(key: DatasetKey): PublicPart {
  const { suite, keyId, publicKey } = key;
  return { suite, keyId, publicKey: publicKey ? formatPublicKey(publicKey) : null };
}

export function describePublicPart({ suite, keyId, publicKey }: PublicPart): string {
  const id = `key ${keyId}, suite ${suite}`;
  return publicKey === null ? id : `${id}\npublic key for clients to pin: ${publicKey}`;
}

interface KeygenOptions {
  suite: SuiteName;
  keyFile: string;
  split?: boolean;
  json?: boolean;
}

/** @throws StoreError `KEY_FILE_EXISTS` */
function assertNoKeyFile(file: string): void {
  if (fs.existsSync(file))
    throw new StoreError(
      'KEY_FILE_EXISTS',
      `${file} already exists`,
      'Keys are never overwritten. Choose another name, or inspect this key with `credveil key show`.',
    );
}

/** @throws UsageError for the key of another suite */
function openKeyToSplit({ keyFile, suite }: KeygenOptions): DatasetKey {
  const key = openKeyFile(keyFile);
  if (key.suite !== suite) throw new UsageError(`${keyFile} is a key of the suite ${key.suite}`, 'Pass its --suite.');
  return key;
}

/**
 * Creates a key, or with `split` opens it if it exists, and writes its two halves beside it.
 * @returns the files of the halves
 */
function makeKey(options: KeygenOptions): { key: DatasetKey; halves: string[] } {
  const { keyFile, suite, split = false } = options;
  const halves = split ? [`${keyFile}.1`, `${keyFile}.2`] : [];
  const isThere = split && fs.existsSync(keyFile);
  for (const file of isThere ? halves : [keyFile, ...halves]) assertNoKeyFile(file);
  const key = isThere ? openKeyToSplit(options) : createDatasetKey(suite);
  const keys = split ? key.split() : [];
  if (!isThere) writeKeyFile(keyFile, key);
  for (const [i, half] of keys.entries()) writeKeyFile(halves[i] as string, half);
  return { key, halves };
}

export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .description('create a key to share between datasets or machines (`init` creates one if there is none)')
    .addOption(new Option('--suite <suite>', 'suite of the key').choices(SUITE_NAMES).makeOptionMandatory())
    .requiredOption('--key-file <file>', 'file to create')
    .option(
      '--split',
      'oprf: also write two halves, <file>.1 and <file>.2, for two evaluators; splits <file> if it exists',
    )
    .option('--json', 'print the result as JSON')
    .action((options: KeygenOptions) => {
      assertFolderOf(options.keyFile);
      const { key, halves } = makeKey(options);
      const shown = { keyFile: options.keyFile, ...publicPart(key), ...(options.split && { halves }) };
      printResult(options, shown, ({ keyFile, suite }) =>
        [
          describePublicPart(shown),
          `secret in ${keyFile}; use it with: credveil init <dataset> --suite ${suite} --key-file ${keyFile}`,
          ...halves.map((file) => `half of it in ${file}: give it to one evaluator, and keep ${keyFile} from both`),
        ].join('\n'),
      );
    });
}

export function addKey(program: Command): void {
  program
    .command('key')
    .description('inspect a key')
    .command('show')
    .description('print the id and public part of a key, never the secret')
    .requiredOption('--key-file <file>', 'key file')
    .option('--json', 'print the result as JSON')
    .action((options: { keyFile: string; json?: boolean }) => {
      printResult(options, publicPart(openKeyFile(options.keyFile)), describePublicPart);
    });
}
