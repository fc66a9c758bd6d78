// credveil keygen: creates a key. credveil key show: prints the public part of a key. credveil key
// pin: prints the line that clients of a dataset hold.

import fs from 'node:fs';
import { type Command, Option } from 'commander';
import { parseWatchKeyText, WatchKey } from '../../match/watch/watch-key.ts';
import { formatPublicKey } from '../../protocol/keys.ts';
import type { SigningUse } from '../../protocol/signed/trust.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { assertKeyBelongs, openDataset } from '../../store/dataset.ts';
import { createDatasetKey, type DatasetKey, parseKeyText } from '../../store/dataset-key.ts';
import { StoreError } from '../../store/errors.ts';
import { writeKeyFile } from '../../store/key-file.ts';
import { createSigningKey, parseSigningKeyText, SigningKey } from '../../store/signing-key.ts';
import { UsageError } from '../exit.ts';
import { openKeyFile, openSecretFile } from '../key-files.ts';
import { assertFolderOf, assertKeyUnnamed, keyFileFor } from '../open.ts';
import { note, printResult } from '../output.ts';
import { shellWord } from '../printable.ts';
import { describeSigning, signingPart, trustLine } from '../signing-part.ts';

/** The part of a key that is not secret. */
export interface PublicPart {
  readonly suite: SuiteName;
  readonly keyId: string;
  /** Of the suite `oprf`; null under `hmac`, whose only public part is the id. */
  readonly publicKey: string | null;
}

export function publicPart(key: DatasetKey): PublicPart {
  const { suite, keyId, publicKey } = key;
  return { suite, keyId, publicKey: publicKey ? formatPublicKey(publicKey) : null };
}

export function describePublicPart({ suite, keyId, publicKey }: PublicPart): string {
  const id = `key ${keyId}, suite ${suite}`;
  return publicKey === null ? id : `${id}\npublic key: ${publicKey}`;
}

interface KeygenOptions {
  suite?: SuiteName;
  signing?: SigningUse;
  keyFile: string;
  split?: boolean;
  json?: boolean;
}

interface Half {
  readonly file: string;
  readonly keyId: string;
}

type SuiteKeygenOptions = KeygenOptions & { suite: SuiteName };

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
function openKeyToSplit({ keyFile, suite }: SuiteKeygenOptions): DatasetKey {
  const key = openKeyFile(keyFile);
  if (key.suite !== suite) throw new UsageError(`${keyFile} is a key of the suite ${key.suite}`, 'Pass its --suite.');
  return key;
}

/**
 * Creates a key, or with `split` opens it if it exists, and writes its two halves beside it.
 * @returns the key and its halves
 */
function makeKey(options: SuiteKeygenOptions): { key: DatasetKey; halves: Half[] } {
  const { keyFile, suite, split = false } = options;
  const halfFiles = split ? [`${keyFile}.1`, `${keyFile}.2`] : [];
  const isThere = split && fs.existsSync(keyFile);
  for (const file of isThere ? halfFiles : [keyFile, ...halfFiles]) assertNoKeyFile(file);
  const key = isThere ? openKeyToSplit(options) : createDatasetKey(suite);
  const keys = split ? key.split() : [];
  if (!isThere) writeKeyFile(keyFile, key);
  const halves = keys.map((half, i): Half => ({ file: halfFiles[i] as string, keyId: half.keyId }));
  for (const [i, half] of keys.entries()) writeKeyFile(halfFiles[i] as string, half);
  return { key, halves };
}

export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .description('create a key to share between datasets or machines (`init` creates one if there is none)')
    .addOption(new Option('--suite <suite>', 'suite of the key').choices(SUITE_NAMES))
    .addOption(
      new Option('--signing <use>', 'publisher: signs snapshots; head: only renews them').choices([
        'publisher',
        'head',
      ]),
    )
    .requiredOption('--key-file <file>', 'file to create')
    .option(
      '--split',
      'oprf: also write two halves, <file>.1 and <file>.2, for two evaluators; splits <file> if it exists',
    )
    .option('--json', 'print the result as JSON')
    .action(keygen);
}

function keygen(options: KeygenOptions): void {
  const { suite, signing, keyFile, split } = options;
  if ((suite === undefined) === (signing === undefined))
    throw new UsageError('pass either --suite or --signing', 'A key is for a suite, or for signing.');
  assertFolderOf(keyFile);
  if (suite !== undefined) {
    const { key, halves } = makeKey({ ...options, suite });
    const shown = { keyFile, ...publicPart(key), ...(split && { halves: halves.map(({ file }) => file) }) };
    printResult(options, shown, () =>
      [
        describePublicPart(shown),
        `secret in ${keyFile}; use it with: credveil init <dataset> --suite ${suite} --key-file ${shellWord(keyFile)}`,
        ...halves.map((half) => `half of key ${shown.keyId} in ${half.file}, as key ${half.keyId}: for one evaluator`),
        ...(split ? [`keep ${keyFile} from both evaluators`] : []),
      ].join('\n'),
    );
    return;
  }
  if (split) throw new UsageError('--split needs --suite oprf', 'Remove --split, or pass --suite oprf.');
  assertNoKeyFile(keyFile);
  const key = createSigningKey(signing as SigningUse);
  writeKeyFile(keyFile, key);
  printResult(options, { keyFile, ...signingPart(key) }, (part) =>
    [describeSigning(part), `secret in ${keyFile}`].join('\n'),
  );
}

/** What clients of a dataset hold. */
interface Pins {
  /** The line with the key, which is secret; null under `oprf`. */
  readonly key: string | null;
  /** The line with the publisher; null without signatures. */
  readonly trust: string | null;
}

function pinsOf(folder: string, named: string | undefined): Pins {
  const dataset = openDataset(folder);
  const trust = trustLine(dataset) ?? null;
  if (dataset.parameters.suite === 'oprf') {
    assertKeyUnnamed(named);
    return { key: null, trust };
  }
  const key = openKeyFile(keyFileFor(folder, named));
  assertKeyBelongs(dataset, key);
  return { key: key.revealPin(dataset.id) as string, trust };
}

/** Any but a client's. */
function parseAnyKeyText(text: string): DatasetKey | SigningKey | WatchKey {
  const [, kind] = /^\s*credveil-(publisher|head|watch)-/.exec(text) ?? [];
  if (kind === 'watch') return parseWatchKeyText(text);
  return kind === undefined ? parseKeyText(text) : parseSigningKeyText(text);
}

/** As `watch keygen` printed it. */
const watchPart = ({ keyId, publicLine }: WatchKey) => ({ keyId, publicKey: publicLine });

export function addKey(program: Command): void {
  const key = program.command('key').description('inspect a key, or print what clients pin');
  key
    .command('show')
    .description('print the id and public part of a key, never the secret')
    .requiredOption('--key-file <file>', 'key file')
    .option('--json', 'print the result as JSON')
    .action((options: { keyFile: string; json?: boolean }) => {
      const shown = openSecretFile(options.keyFile, '--key-file', { wanted: 'any', parse: parseAnyKeyText });
      if (shown instanceof SigningKey) printResult(options, signingPart(shown), describeSigning);
      else if (shown instanceof WatchKey)
        printResult(options, watchPart(shown), ({ keyId, publicKey }) =>
          [`watch key ${keyId}`, `public line, for the option watchKey of the SDK: ${publicKey}`].join('\n'),
        );
      else printResult(options, publicPart(shown), describePublicPart);
    });
  key
    .command('pin')
    .description('print the lines that clients of a dataset pin; that of an hmac key is secret')
    .argument('<dataset>', 'folder of the dataset')
    .option('--key-file <file>', 'key of an hmac dataset (default: <dataset>.key)')
    .addOption(new Option('--only <line>', 'print one of the two lines').choices(['key', 'trust']))
    .option('--json', 'print the result as JSON')
    .action((folder: string, options: PinOptions) => {
      const pins = pinsOf(folder, options.keyFile);
      printResult(options, pins, () => chosenLines(pins, options.only).join('\n'));
    });
}

interface PinOptions {
  keyFile?: string;
  only?: 'key' | 'trust';
  json?: boolean;
}

/** The secret line first. @throws UsageError if the dataset lacks the chosen one */
function chosenLines({ key, trust }: Pins, only: PinOptions['only']): string[] {
  if (only !== undefined) {
    const line = { key, trust }[only];
    if (line === null) throw new UsageError(`clients of this dataset pin no ${only}`, 'Omit --only.');
    return [line];
  }
  if (key !== null && trust !== null)
    note('This dataset is signed: clients pin both lines, the first (secret) as key, the second as trust.');
  return [key, trust].filter((line) => line !== null);
}
