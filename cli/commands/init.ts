// credveil init: creates a dataset and its key.

import { type Command, Option } from 'commander';
import { INDEX_NAMES, RANGE_NAMES } from '../../protocol/bucket-id.ts';
import { USERNAME_RULES, type UsernameRule } from '../../protocol/normalize.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { assertNoDataset, createDataset } from '../../store/dataset.ts';
import { createDatasetKey } from '../../store/dataset-key.ts';
import { DEFAULT_FILTER_ONE_IN, isFilterOneIn } from '../../store/dataset-parameters.ts';
import { assertOutside, writeKeyFile } from '../../store/key-file.ts';
import { DEFAULT_BUCKET_FLOOR } from '../../store/prefix-parameters.ts';
import { SECTION_NAMES, type SectionName } from '../../store/run/sections.ts';
import type { SigningKey } from '../../store/signing-key.ts';
import { addUserOptions, describeUsers, parseUsers } from '../anonymity.ts';
import { UsageError } from '../exit.ts';
import { openKeyFile } from '../key-files.ts';
import { type KeyPlace, openNewPublisher, openOrCreate } from '../key-place.ts';
import { assertFolderOf, keyFileFor } from '../open.ts';
import { printResult } from '../output.ts';
import { shellWord } from '../printable.ts';
import { trustLine } from '../signing-part.ts';
import { publicPart } from './key.ts';

const listed = new Intl.ListFormat('en');

function parseSuite(name: string): SuiteName {
  const suite = SUITE_NAMES.find((known) => known === name);
  if (!suite) throw new UsageError('unknown suite', `Pass --suite with one of ${SUITE_NAMES.join(', ')}.`);
  return suite;
}

interface InitOptions {
  suite: string;
  index: string;
  keyFile?: string;
  sign?: boolean;
  publisherKey?: string;
  bucketFloor: string;
  recordSource?: boolean;
  hashPlaintext?: boolean;
  similar?: boolean;
  usernameRules?: string;
  filterOneIn?: string;
  users?: string;
  usersPerPrefix?: string;
  splitRoles?: boolean;
  json?: boolean;
}

function parseIndexes(list: string): SectionName[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(SECTION_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new UsageError('unknown index', `Pass --index with any of ${SECTION_NAMES.join(',')}.`);
  return names as SectionName[];
}

function parseUsernameRules(list: string): UsernameRule[] {
  const names = list.split(',').map((name) => name.trim());
  if (names.some((name) => !(USERNAME_RULES as readonly string[]).includes(name)))
    throw new UsageError(
      'unknown rule for usernames',
      `Pass --username-rules with any of ${USERNAME_RULES.join(',')}.`,
    );
  return names as UsernameRule[];
}

function parseFloor(text: string): number {
  const floor = Number(text);
  if (!Number.isInteger(floor) || floor < 1 || floor > 1_000_000)
    throw new UsageError(
      '--bucket-floor must be a whole number from 1 to 1000000',
      `Omit it for the default of ${DEFAULT_BUCKET_FLOOR}.`,
    );
  return floor;
}

function parseFilterOneIn(text: string): number {
  const oneIn = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (!isFilterOneIn(oneIn))
    throw new UsageError(
      '--filter-one-in must be 0 or a whole number from 2 to 1000000',
      `Omit it for the default of ${DEFAULT_FILTER_ONE_IN}.`,
    );
  return oneIn;
}

/** @throws UsageError for options that need an index that the dataset does not build */
function parseParameters(options: InitOptions) {
  const names = parseIndexes(options.index);
  const ranges = RANGE_NAMES.filter((name) => names.includes(name));
  if (options.hashPlaintext && ranges.length === 0)
    throw new UsageError('--hash-plaintext needs a hash index', 'Add sha1 or ntlm to --index.');
  if (options.similar && !names.includes('account'))
    throw new UsageError('--similar needs the account index', 'Add account to --index.');
  if (options.usernameRules !== undefined && !names.includes('account'))
    throw new UsageError('--username-rules needs the account index', 'Add account to --index.');
  if (options.filterOneIn !== undefined && !names.includes('password'))
    throw new UsageError('--filter-one-in needs the password index', 'Add password to --index.');
  if (options.splitRoles && options.suite !== 'oprf')
    throw new UsageError('--split-roles needs the oprf suite', 'Remove it: under hmac no server evaluates.');
  return {
    ...parseUsers(options),
    splitRoles: options.splitRoles === true,
    indexes: INDEX_NAMES.filter((name) => names.includes(name)),
    ranges,
    hashPlaintext: options.hashPlaintext === true,
    similar: options.similar === true,
    ...(options.usernameRules !== undefined && { usernameRules: parseUsernameRules(options.usernameRules) }),
    bucketFloor: parseFloor(options.bucketFloor),
    metadataBytes: options.recordSource ? 3 : 1,
    ...(options.filterOneIn === undefined ? {} : { filterOneIn: parseFilterOneIn(options.filterOneIn) }),
  } as const;
}

/** Undefined for a dataset whose own key authenticates its snapshots. */
function publisherPlace(folder: string, suite: SuiteName, options: InitOptions): KeyPlace<SigningKey> | undefined {
  if (suite === 'hmac' && !options.sign) {
    if (options.publisherKey === undefined) return undefined;
    throw new UsageError('--publisher-key needs signatures', 'Add --sign, or remove it.');
  }
  return openNewPublisher(folder, options.publisherKey);
}

/** Creates the dataset, and its keys unless their files exist. */
function initDataset(folder: string, options: InitOptions) {
  const suite = parseSuite(options.suite);
  const parameters = parseParameters(options);
  const keyFile = keyFileFor(folder, options.keyFile);
  assertNoDataset(folder);
  assertOutside(keyFile, folder);
  assertFolderOf(options.keyFile ?? folder);
  const { key, created: keyCreated } = openOrCreate(keyFile, openKeyFile, () => createDatasetKey(suite));
  if (key.suite !== suite)
    throw new UsageError(
      `the key in ${keyFile} is for the ${key.suite} suite`,
      `Pass --suite ${key.suite}, or another --key-file.`,
    );
  const publisher = publisherPlace(folder, suite, options);
  if (keyCreated) writeKeyFile(keyFile, key);
  if (publisher?.created) writeKeyFile(publisher.file, publisher.key);
  const publicKeyOf = (signing: SigningKey): string => Buffer.from(signing.publicKey).toString('hex');
  const dataset = createDataset(folder, key, {
    ...parameters,
    ...(publisher && { publisher: publicKeyOf(publisher.key) }),
  });
  const indexes = [...dataset.parameters.indexes, ...parameters.ranges];
  const { keyId, publicKey } = publicPart(key);
  return {
    ...{ folder, dataset: dataset.id, suite, keyId, publicKey, indexes, keyFile, keyCreated },
    auth: dataset.parameters.auth,
    ...(publisher && { publisherFile: publisher.file, publisherCreated: publisher.created }),
    trust: trustLine(dataset) ?? null,
    parameters: dataset.parameters,
  };
}

function describe(created: ReturnType<typeof initDataset>): string {
  const { folder, dataset, suite, keyId, indexes, keyFile, keyCreated, publisherFile, publisherCreated, trust } =
    created;
  const users = describeUsers(created.parameters);
  return [
    `created dataset ${folder} (${dataset}) with ${indexes.length === 1 ? 'index' : 'indexes'} ${listed.format(indexes)}`,
    `key ${keyId} ${keyCreated ? 'written to' : 'read from'} ${keyFile}; back it up, but never next to a copy of the dataset`,
    ...(publisherFile === undefined
      ? []
      : [`publisher's key ${publisherCreated ? 'written to' : 'read from'} ${publisherFile}; keep it off the servers`]),
    ...(trust === null ? [] : [`line for clients to pin: ${trust}`]),
    ...(suite === 'hmac'
      ? [
          `clients ${trust === null ? '' : 'also '}hold the secret line that this prints: credveil key pin ${shellWord(folder)}`,
        ]
      : []),
    ...(users === undefined ? [] : [users]),
  ].join('\n');
}

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description('create a dataset and its key')
    .argument('<dataset>', 'folder to create')
    .requiredOption('--suite <suite>', 'hmac: clients hold the key; oprf: only the server does')
    .addOption(
      new Option('--index <list>', `indexes to build, from ${SECTION_NAMES.join(',')}`).default(
        INDEX_NAMES.join(','),
        INDEX_NAMES.join(','),
      ),
    )
    .option('--key-file <file>', 'key file to create, or an existing one to use (default: <dataset>.key)')
    .option('--sign', 'sign snapshots, so that holders of the key cannot forge them (always under oprf)')
    .option(
      '--publisher-key <file>',
      'key of the publisher to create, or an existing one (default: <dataset>.publisher)',
    )
    .addOption(
      new Option('--bucket-floor <n>', 'minimum average usernames, or passwords, per bucket').default(
        String(DEFAULT_BUCKET_FLOOR),
        String(DEFAULT_BUCKET_FLOOR),
      ),
    );
  addUserOptions(command)
    .option(
      '--split-roles',
      'oprf: another server than the evaluator answers for buckets, which lifts the cap of 12 bits',
    )
    .option('--record-source', 'let verdicts name the source of a leak (2 more bytes per entry)')
    .option(
      '--hash-plaintext',
      'also add plaintext passwords to the sha1 and ntlm indexes, which are unsalted and unkeyed',
    )
    .option(
      '--similar',
      'also find passwords similar to a leaked one (up to 5 more entries per pair; guessing gets easier)',
    )
    .option(
      '--username-rules <list>',
      `spellings of an address that are one username, from ${USERNAME_RULES.join(',')}`,
    )
    .option(
      '--filter-one-in <n>',
      `false positive rate of the password filter, 1 in n (default: ${DEFAULT_FILTER_ONE_IN}; 0: no filter)`,
    )
    .option('--json', 'print the result as JSON')
    .action((folder: string, options: InitOptions) => {
      const created = initDataset(folder, options);
      const { parameters, ...shown } = created;
      const { users = null, usersPerPrefix = null } = parameters;
      printResult(options, { ...shown, users, usersPerPrefix }, () => describe(created));
    });
}
