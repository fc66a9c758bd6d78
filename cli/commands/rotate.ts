// credveil rotate: guides a key rotation. Each run prints the current state and the next step.

import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { clientFileFor } from '../../access/client-file.ts';
import type { DatasetId } from '../../protocol/brands.ts';
import { archivePath, createDataset, type Dataset, openDataset } from '../../store/dataset.ts';
import { createDatasetKey } from '../../store/dataset-key.ts';
import { StoreError } from '../../store/errors.ts';
import { assertOutside, writeKeyFile } from '../../store/key-file.ts';
import { lockDataset } from '../../store/lock.ts';
import { type ExpiringSource, expiryOf, readExpiries, splitExpired } from '../../store/retention/expiry.ts';
import { readListedNames, readNameList, writeNameList } from '../../store/retention/name-file.ts';
import { NameList } from '../../store/retention/name-list.ts';
import { openRuns } from '../../store/run/run.ts';
import type { RunFacts } from '../../store/run/run-facts.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { UsageError } from '../exit.ts';
import { namedBy, openKeyFile } from '../key-files.ts';
import { openNewPublisher } from '../key-place.ts';
import { keyFileFor } from '../open.ts';
import { printResult } from '../output.ts';
import { shellWord } from '../printable.ts';
import { formatCounted } from '../units.ts';
import { describePublicPart, type PublicPart, publicPart } from './key.ts';

interface MissingSource extends Pick<RunFacts, 'source' | 'date' | 'format' | 'files'> {
  /** Path of its archive, if there is one. */
  readonly archive?: string;
  /** The day of its expiry, if it has one. */
  readonly expires?: string;
}

interface RotationState {
  readonly created: boolean;
  readonly newDataset: DatasetId;
  readonly newKey: PublicPart;
  readonly newKeyFile: string;
  /** Sources of the old dataset that the new one lacks. */
  readonly missing: readonly MissingSource[];
  readonly published: boolean;
  /** The old dataset's list of clients, if there is one. */
  readonly clientsFile: string | null;
  /** Sources of the old dataset that have expired: the new one does without them. */
  readonly expired: readonly ExpiringSource[];
  /** Suppressed names and planted accounts that both datasets have. */
  readonly names: number;
}

interface RotateOptions {
  keyFile?: string;
  oldKeyFile?: string;
  json?: boolean;
}

/** Creates a dataset with the parameters of `old` and a new key. */
function createSuccessor(old: Dataset, folder: string, keyFile: string): Dataset {
  assertOutside(keyFile, folder);
  // All parameters except those that belong to the key.
  const { keyId: _, suite, normalization: __, auth, publisher: ___, ...options } = old.parameters;
  if (fs.existsSync(keyFile) && openKeyFile(keyFile).keyId === old.parameters.keyId)
    throw new StoreError('KEY_FILE_EXISTS', 'the new key file contains the old key', 'Pass another --key-file.');
  const key = fs.existsSync(keyFile) ? openKeyFile(keyFile) : createDatasetKey(suite);
  const signing = auth === 'signature' ? openNewPublisher(folder) : undefined;
  if (!fs.existsSync(keyFile)) writeKeyFile(keyFile, key);
  if (signing?.created) writeKeyFile(signing.file, signing.key);
  const publisher = signing && { publisher: Buffer.from(signing.key.publicKey).toString('hex') };
  return createDataset(folder, key, { ...options, ...publisher });
}

/** The last step deletes the old dataset: neither its path nor a copy of it is a successor. */
function assertSuccessor(old: Dataset, { folder, id, parameters: { keyId } }: Dataset): void {
  if (id === old.id)
    throw new UsageError(
      `${folder} is the dataset to rotate, or a copy of it`,
      'Name a folder to create as the new one.',
    );
  if (keyId === old.parameters.keyId)
    throw new UsageError(`${folder} has the key of the old dataset`, 'Name a folder to create as the new one.');
}

/**
 * Takes over the names that the old dataset leaves out, so that every ingest into the new one does.
 * @returns the number of names
 */
function takeOverNames(old: Dataset, successor: Dataset, newKeyFile: string, oldKeyFile: string): number {
  if (!readListedNames(old)) return 0;
  const names = namedBy('--old-key-file', () => readNameList(old, openKeyFile(oldKeyFile)));
  if (!names) return 0;
  const unlock = lockDataset(successor.folder);
  try {
    const key = openKeyFile(newKeyFile);
    const taken = readNameList(successor, key) ?? new NameList(names.revealKey());
    if (taken.id !== names.id)
      throw new UsageError(
        `${successor.folder} has suppressed names of its own`,
        'Add the suppressed addresses of the old dataset with `credveil suppress add`, and rotate again without them.',
      );
    if (taken.takeOver(names.names) > 0 || !readListedNames(successor)) writeNameList(successor, key, taken);
    return taken.names.length;
  } finally {
    unlock();
  }
}

function rotate(oldFolder: string, newFolder: string, { keyFile: named, oldKeyFile }: RotateOptions): RotationState {
  const old = openDataset(oldFolder);
  const newKeyFile = keyFileFor(newFolder, named);
  const created = !fs.existsSync(path.join(newFolder, 'dataset.json'));
  const successor = created ? createSuccessor(old, newFolder, newKeyFile) : openDataset(newFolder);
  assertSuccessor(old, successor);
  const names = takeOverNames(old, successor, newKeyFile, keyFileFor(oldFolder, oldKeyFile));
  const there = new Set(openRuns(successor).map(({ facts }) => facts.source));
  const { live, expired } = splitExpired(old, openRuns(old), Date.now());
  const expiries = readExpiries(old);
  const missing = live
    .filter(({ facts }) => !there.has(facts.source))
    .map((run): MissingSource => {
      const { source, date, format, files } = run.facts;
      const expires = expiryOf(expiries, run);
      const archive = archivePath(old, source);
      return {
        source,
        ...(date && { date }),
        format,
        files,
        ...(fs.existsSync(archive) && { archive }),
        ...(expires !== undefined && { expires }),
      };
    });
  const newKey = publicPart(openKeyFile(newKeyFile));
  const list = clientFileFor(oldFolder);
  return {
    ...{ created, newDataset: successor.id, newKey, newKeyFile, missing, expired, names },
    published: openCurrent(successor) !== undefined,
    clientsFile: fs.existsSync(list) ? list : null,
  };
}

/** The command that ingests one source into the successor. */
function ingestCommand(ingest: string, { source, date, expires, format, files, archive }: MissingSource): string {
  const until = expires === undefined ? '' : ` --expires ${expires}`;
  if (archive !== undefined) return `${ingest} --from-archive ${shellWord(archive)} --identity …${until} --no-publish`;
  const names = files.map(({ name }) => shellWord(name)).join(' ');
  const dated = date === undefined ? '' : ` --date ${date}`;
  const columns = format === 'csv' ? ' --columns …' : '';
  return `${ingest} ${names} --source ${source}${dated} --format ${shellWord(format)}${columns}${until} --no-publish`;
}

/** Old clients keep their URL. The new dataset answers below the same path first and last. */
function lastSteps(
  from: string,
  to: string,
  keyed: string,
  { newKey, newDataset, clientsFile }: RotationState,
): string[] {
  // --also takes the key beside the dataset.
  const isElsewhere = newKey.suite === 'oprf' && keyed !== to;
  return [
    `  1. serve both: credveil serve ${from} --also ${to}${isElsewhere ? `, with a copy of the key in ${to}.key` : ''}`,
    `  2. renew both heads every hour: credveil publish ${from} --renew, and credveil publish ${keyed} --renew`,
    `  3. give clients the line of credveil key pin ${keyed}, and the URL of the server with /d/${newDataset};`,
    '     those with the old line keep working meanwhile',
    ...(clientsFile === null ? [] : [`  4. copy the list of clients: cp ${shellWord(clientsFile)} ${to}.clients.json`]),
    `  ${clientsFile === null ? 4 : 5}. once no client uses the old dataset, run credveil serve ${newKey.suite === 'oprf' ? keyed : to}, which also answers`,
    `     under /d/${newDataset}, and delete ${from} with its key`,
  ];
}

function describe(oldFolder: string, newFolder: string, named: string | undefined, state: RotationState): string {
  const [from, to] = [shellWord(oldFolder), shellWord(newFolder)];
  const keyed = named === undefined ? to : `${to} --key-file ${shellWord(named)}`;
  const text = [`${newFolder}: ${state.created ? 'created' : 'exists'}, ${describePublicPart(state.newKey)}`];
  if (state.names > 0) text.push(`${formatCounted(state.names, 'name')} left out of every ingest, as in ${oldFolder}`);
  text.push(...state.expired.map(({ source, expires }) => `source ${source} expired on ${expires}: left behind`));
  if (state.missing.length > 0)
    text.push(
      '',
      'Entries cannot be converted to another key, so ingest each archive or corpus again:',
      ...state.missing.map((source) => `  ${ingestCommand(`credveil ingest ${keyed}`, source)}`),
      `Then run credveil publish ${keyed}, and this command again.`,
    );
  else if (!state.published)
    text.push('', `All sources are ingested. Run credveil publish ${keyed}, and this command again.`);
  else text.push('', 'The new dataset is complete. Next steps:', ...lastSteps(from, to, keyed, state));
  return text.join('\n');
}

export function addRotate(program: Command): void {
  program
    .command('rotate')
    .description('rotate a dataset to a new key, step by step: create its successor and show what is left to do')
    .argument('<old>', 'folder of the dataset')
    .argument('<new>', 'folder of its successor')
    .option('--key-file <file>', 'key of the successor (default: <new>.key)')
    .option('--old-key-file <file>', 'key of the dataset, if it suppresses names (default: <old>.key)')
    .option('--json', 'print the state as JSON')
    .action((oldFolder: string, newFolder: string, options: RotateOptions) => {
      printResult(options, rotate(oldFolder, newFolder, options), (state) =>
        describe(oldFolder, newFolder, options.keyFile, state),
      );
    });
}
