// credveil keygen: a key for datasets to come. credveil key show: the public part of a key.

import fs from 'node:fs';
import { type Command, Option } from 'commander';
import { formatPublicKey } from '../../protocol/keys.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { createDatasetKey, type DatasetKey } from '../../store/dataset-key.ts';
import { StoreError } from '../../store/errors.ts';
import { openKeyFile, writeKeyFile } from '../../store/key-file.ts';
import { printResult } from '../output.ts';

/** What may be known of a key by everyone. */
export interface PublicPart {
  readonly suite: SuiteName;
  readonly keyId: string;
  /** What clients of the `oprf` suite pin; null under `hmac`, where there is no public part but the id. */
  readonly publicKey: string | null;
}

export function publicPart(key: DatasetKey): PublicPart {
  const { suite, keyId, publicKey } = key;
  return { suite, keyId, publicKey: publicKey ? formatPublicKey(publicKey) : null };
}

export function describePublicPart({ suite, keyId, publicKey }: PublicPart): string {
  const id = `key ${keyId}, suite ${suite}`;
  return publicKey === null ? id : `${id}\npublic key, for clients to pin: ${publicKey}`;
}

export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .description('create a key for datasets on several machines; `init` creates one by itself')
    .addOption(new Option('--suite <suite>', 'suite of the key').choices(SUITE_NAMES).makeOptionMandatory())
    .requiredOption('--key-file <file>', 'file to create')
    .option('--json', 'print the result as JSON')
    .action((options: { suite: SuiteName; keyFile: string; json?: boolean }) => {
      if (fs.existsSync(options.keyFile))
        throw new StoreError(
          'KEY_FILE_EXISTS',
          `${options.keyFile} is there already`,
          'A key is never replaced: choose another name, or look at it with `credveil key show`.',
        );
      const key = createDatasetKey(options.suite);
      writeKeyFile(options.keyFile, key);
      printResult(options, { keyFile: options.keyFile, ...publicPart(key) }, (result) =>
        [
          describePublicPart(result),
          `secret written to ${result.keyFile}; use it with: credveil init DATASET --suite ${result.suite} --key-file ${result.keyFile}`,
        ].join('\n'),
      );
    });
}

export function addKey(program: Command): void {
  program
    .command('key')
    .description('look at a key')
    .command('show')
    .description('print the public part and the id of a key, never the secret')
    .requiredOption('--key-file <file>', 'file of the key')
    .option('--json', 'print the result as JSON')
    .action((options: { keyFile: string; json?: boolean }) => {
      printResult(options, publicPart(openKeyFile(options.keyFile)), describePublicPart);
    });
}
