// credveil init: a new dataset and its key.

import fs from 'node:fs';
import type { Command } from 'commander';
import { INDEX_NAMES, RANGE_NAMES } from '../../protocol/bucket-id.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import {
  assertNoDataset,
  createDataset,
  DEFAULT_BUCKET_FLOOR,
  DEFAULT_FILTER_ONE_IN,
  isFilterOneIn,
} from '../../store/dataset.ts';
import { createDatasetKey } from '../../store/dataset-key.ts';
import { assertOutside, openKeyFile, writeKeyFile } from '../../store/key-file.ts';
import { SECTION_NAMES, type SectionName } from '../../store/run/run-facts.ts';
import { UsageError } from '../exit.ts';
import { keyFileFor } from '../open.ts';
import { printResult } from '../output.ts';
import { publicPart } from './key.ts';

const listed = new Intl.ListFormat('en');

function parseSuite(name: string): SuiteName {
  const suite = SUITE_NAMES.find((known) => known === name);
  if (!suite) throw new UsageError('--suite is not one that there is', `Choose from ${SUITE_NAMES.join(', ')}.`);
  return suite;
}

interface InitOptions {
  suite: string;
  index: string;
  keyFile?: string;
  bucketFloor: string;
  recordSource?: boolean;
  hashPlaintext?: boolean;
  similar?: boolean;
  filterOneIn?: string;
  json?: boolean;
}

function parseIndexes(list: string): SectionName[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(SECTION_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new UsageError('--index names an index that there is not', `Choose from ${SECTION_NAMES.join(',')}.`);
  return names as SectionName[];
}

function parseFloor(text: string): number {
  const floor = Number(text);
  if (!Number.isInteger(floor) || floor < 1 || floor > 1_000_000)
    throw new UsageError('--bucket-floor is a number of entries from 1 to 1000000', 'Leave it out for 1024.');
  return floor;
}

function parseFilterOneIn(text: string): number {
  const oneIn = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (!isFilterOneIn(oneIn))
    throw new UsageError(
      '--filter-one-in is a number from 2 to 1000000, or 0',
      `Leave it out for ${DEFAULT_FILTER_ONE_IN}.`,
    );
  return oneIn;
}

export function addInit(program: Command): void {
  program
    .command('init')
    .description('create a dataset and its key')
    .argument('<dataset>', 'folder to create')
    .requiredOption('--suite <suite>', 'hmac: callers hold the key; oprf: they do not')
    .option('--index <list>', `what it answers: ${SECTION_NAMES.join(',')}`, INDEX_NAMES.join(','))
    .option('--key-file <file>', 'where the key goes, or an existing key to use (default: <dataset>.key)')
    .option('--bucket-floor <entries>', 'least entries in a mean bucket', String(DEFAULT_BUCKET_FLOOR))
    .option('--record-source', 'let a finding name its source (2 bytes more an entry)')
    .option('--hash-plaintext', 'passwords in plaintext feed the indexes sha1 and ntlm too: unsalted, without the key')
    .option('--similar', 'find passwords like the leaked one too: up to four entries more a pair, and easier guessing')
    .option(
      '--filter-one-in <n>',
      `false positives of the password filter: one in n (default: ${DEFAULT_FILTER_ONE_IN}; 0: no filter)`,
    )
    .option('--json', 'print the result as JSON')
    .action((folder: string, options: InitOptions) => {
      const suite = parseSuite(options.suite);
      const answers = parseIndexes(options.index);
      const ranges = RANGE_NAMES.filter((name) => answers.includes(name));
      if (options.hashPlaintext && ranges.length === 0)
        throw new UsageError('--hash-plaintext feeds an index that is not there', 'Add sha1 or ntlm to --index.');
      if (options.similar && !answers.includes('account'))
        throw new UsageError('--similar is about usernames with their passwords', 'Add account to --index.');
      if (options.filterOneIn !== undefined && !answers.includes('password'))
        throw new UsageError('--filter-one-in is about the password index', 'Add password to --index.');
      const parameters = {
        indexes: INDEX_NAMES.filter((name) => answers.includes(name)),
        ranges,
        hashPlaintext: options.hashPlaintext === true,
        similar: options.similar === true,
        bucketFloor: parseFloor(options.bucketFloor),
        metadataBytes: options.recordSource ? 3 : 1,
        ...(options.filterOneIn === undefined ? {} : { filterOneIn: parseFilterOneIn(options.filterOneIn) }),
      } as const;
      const keyFile = keyFileFor(folder, options.keyFile);
      assertNoDataset(folder);
      assertOutside(keyFile, folder);
      const adopted = fs.existsSync(keyFile);
      const key = adopted ? openKeyFile(keyFile) : createDatasetKey(suite);
      if (key.suite !== suite)
        throw new UsageError(
          `the key in ${keyFile} is one of suite ${key.suite}`,
          `Give --suite ${key.suite}, or another --key-file.`,
        );
      if (!adopted) writeKeyFile(keyFile, key);
      const dataset = createDataset(folder, key, parameters);
      const { keyId } = dataset.parameters;
      const indexes = [...dataset.parameters.indexes, ...ranges];
      const { publicKey } = publicPart(key);
      const created = { folder, dataset: dataset.id, suite, keyId, publicKey, indexes, keyFile, keyCreated: !adopted };
      printResult(options, created, (result) =>
        [
          `dataset ${result.folder} (${result.dataset}) answers ${listed.format(result.indexes)}`,
          `key ${result.keyId} ${result.keyCreated ? 'written to' : 'taken from'} ${result.keyFile}: keep a copy of it in a safe place, and never beside a copy of the dataset`,
          ...(result.publicKey === null ? [] : [`public key, for clients to pin: ${result.publicKey}`]),
        ].join('\n'),
      );
    });
}
