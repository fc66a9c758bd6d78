// credveil keygen: creates a key. credveil key show: prints the public part of a key.

import fs from 'node:fs';
import { type Command, Option } from 'commander';
import { formatPublicKey } from '../../protocol/keys.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { createDatasetKey, type DatasetKey } from '../../store/dataset-key.ts';
import { StoreError } from '../../store/errors.ts';
import { openKeyFile, writeKeyFile } from '../../store/key-file.ts';
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

export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .description('create a key to share between datasets or machines (`init` creates one if there is none)')
    .addOption(new Option('--suite <suite>', 'suite of the key').choices(SUITE_NAMES).makeOptionMandatory())
    .requiredOption('--key-file <file>', 'file to create')
    .option('--json', 'print the result as JSON')
    .action((options: { suite: SuiteName; keyFile: string; json?: boolean }) => {
      if (fs.existsSync(options.keyFile))
        throw new StoreError(
          'KEY_FILE_EXISTS',
          `${options.keyFile} already exists`,
          'Keys are never overwritten. Choose another name, or inspect this key with `credveil key show`.',
        );
      assertFolderOf(options.keyFile);
      const key = createDatasetKey(options.suite);
      writeKeyFile(options.keyFile, key);
      printResult(options, { keyFile: options.keyFile, ...publicPart(key) }, (result) =>
        [
          describePublicPart(result),
          `secret written to ${result.keyFile}; use it with: credveil init <dataset> --suite ${result.suite} --key-file ${result.keyFile}`,
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
