// A dataset folder: dataset.json and the paths of its runs and snapshots. PROTOCOL.md §12.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { DatasetId } from '../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES, type RangeName } from '../protocol/bucket-id.ts';
import { isDatasetId, isName } from '../protocol/ids.ts';
import type { MetadataBytes } from '../protocol/metadata.ts';
import { NORMALIZATION_VERSION, USERNAME_RULES, type UsernameRule } from '../protocol/normalize.ts';
import { MAX_SOURCES } from '../protocol/signed/sources.ts';
import { SUITE_NAMES, type SuiteName } from '../protocol/suite.ts';
import type { DatasetKey } from './dataset-key.ts';
import { datasetMissing } from './dataset-missing.ts';
import { type DatasetParameters, isParameters, strangeMember } from './dataset-parameters.ts';
import { StoreError } from './errors.ts';
import { isMissing, readRegularFile, syncFolder, writeFileAtomically } from './files.ts';
import { datasetAround } from './inside-dataset.ts';
import { DEFAULT_BUCKET_FLOOR, DEFAULT_USERS_PER_PREFIX } from './prefix-parameters.ts';

export const DATASET_FORMAT = 2;

export interface Dataset {
  readonly folder: string;
  readonly id: DatasetId;
  readonly parameters: DatasetParameters;
}

export interface DatasetOptions {
  /** Default: a random one. */
  readonly id?: DatasetId;
  /**
   * Public key of the publisher, 64 hex digits: snapshots are signed. Required under `oprf`;
   * without it the key of the suite `hmac` authenticates them.
   */
  readonly publisher?: string;
  readonly indexes: readonly IndexName[];
  readonly ranges?: readonly RangeName[];
  readonly hashPlaintext?: boolean;
  /** Ignored without an account index. */
  readonly similar?: boolean;
  readonly usernameRules?: readonly UsernameRule[];
  readonly metadataBytes?: MetadataBytes;
  readonly bucketFloor?: number;
  readonly users?: number;
  /** Default 16. Ignored without `users`. */
  readonly usersPerPrefix?: number;
  /** Ignored under `hmac`. */
  readonly splitRoles?: boolean;
  readonly filterOneIn?: number;
}

export const runsFolder = (dataset: Dataset): string => path.join(dataset.folder, 'runs');
export const snapshotsFolder = (dataset: Dataset): string => path.join(dataset.folder, 'snapshots');
/** Archives are encrypted to a recipient who is elsewhere, under the names of their sources. */
export const archivePath = ({ folder }: Dataset, source: string): string =>
  path.join(folder, 'archives', `${source}.age`);
/** What the files of mirrors were when they were ingested: a memory of this machine. */
export const mirrorPath = ({ folder }: Dataset, source: string): string => path.join(folder, 'mirrors', source);
export const currentFile = (dataset: Dataset): string => path.join(dataset.folder, 'CURRENT');
/** Unfinished work of the lock's holder. The next holder may delete it. */
export const workFolder = (dataset: Dataset): string => path.join(dataset.folder, 'work');

/**
 * Of runs and unfinished work: the entries of single sources, of which only publishing has need.
 */
export const PRIVATE_FOLDER = { recursive: true, mode: 0o700 } as const;
/** Of unsalted hashes: a server that runs as another user reads them through its group. */
const SHARED_FOLDER = { mode: 0o750 } as const;
/** The mode of a snapshot's buckets: unsalted hashes are not for every user of the machine. */
export const snapshotMode = ({ ranges }: DatasetParameters): number => (ranges ? 0o640 : 0o644);

/** @throws StoreError `DATASET_EXISTS` unless it is missing or empty, and outside of datasets */
export function assertNoDataset(folder: string): void {
  const around = datasetAround(folder);
  if (around !== undefined)
    throw new StoreError('DATASET_EXISTS', `${folder} is inside the dataset ${around}`, 'Choose a folder beside it.');
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return;
    throw new StoreError('DATASET_EXISTS', `${folder} is not a folder`, 'Choose another name.', { cause: error });
  }
  if (names.length > 0)
    throw new StoreError(
      'DATASET_EXISTS',
      `${folder} is not empty`,
      'Choose a folder that does not exist yet. To add a source to an existing dataset, run `credveil ingest`.',
    );
}

export function createDatasetId(): DatasetId {
  return randomBytes(8).toString('hex') as DatasetId;
}

/** @throws StoreError `DATASET_EXISTS`, `PUBLISHER_KEY_REQUIRED` */
export function createDataset(folder: string, key: DatasetKey, options: DatasetOptions): Dataset {
  assertNoDataset(folder);
  const { publisher } = options;
  if (key.suite === 'oprf' && publisher === undefined)
    throw new StoreError(
      'PUBLISHER_KEY_REQUIRED',
      'a dataset of the suite oprf is signed, and needs the key of a publisher',
      'Name its key file with --publisher-key.',
    );
  const ranges = RANGE_NAMES.filter((name) => options.ranges?.includes(name));
  const hasAccount = options.indexes.includes('account');
  const usernameRules = USERNAME_RULES.filter((rule) => hasAccount && options.usernameRules?.includes(rule));
  const dataset: Dataset = {
    folder,
    id: options.id ?? createDatasetId(),
    parameters: {
      suite: key.suite,
      keyId: key.keyId,
      normalization: NORMALIZATION_VERSION,
      auth: publisher === undefined ? 'mac' : 'signature',
      ...(publisher === undefined ? {} : { publisher }),
      indexes: INDEX_NAMES.filter((name) => options.indexes.includes(name)),
      ...(ranges.length > 0 ? { ranges } : {}),
      ...(options.hashPlaintext && ranges.length > 0 ? { hashPlaintext: true } : {}),
      ...(options.similar && hasAccount ? { similar: true } : {}),
      ...(usernameRules.length > 0 && { usernameRules }),
      metadataBytes: options.metadataBytes ?? 1,
      bucketFloor: options.bucketFloor ?? DEFAULT_BUCKET_FLOOR,
      ...(options.users !== undefined && {
        users: options.users,
        usersPerPrefix: options.usersPerPrefix ?? DEFAULT_USERS_PER_PREFIX,
      }),
      ...(options.splitRoles && key.suite === 'oprf' && { splitRoles: true }),
      ...(options.filterOneIn === undefined ? {} : { filterOneIn: options.filterOneIn }),
    },
  };
  fs.mkdirSync(folder, { recursive: true });
  fs.mkdirSync(runsFolder(dataset), PRIVATE_FOLDER);
  fs.mkdirSync(snapshotsFolder(dataset), ranges.length > 0 ? SHARED_FOLDER : {});
  // Written last: a folder with a dataset.json is complete.
  writeDataset(dataset, []);
  syncFolder(path.dirname(path.resolve(folder)));
  return dataset;
}

/** @param sources names of all sources that ever were published: the first has number 1 */
function writeDataset({ folder, id, parameters }: Dataset, sources: readonly string[]): void {
  const json = { format: DATASET_FORMAT, dataset: id, ...parameters, sources };
  writeFileAtomically(path.join(folder, 'dataset.json'), `${JSON.stringify(json, null, 2)}\n`);
}

/** The number of each source that ever was published. */
export function sourceNumbers({ folder }: Dataset): ReadonlyMap<string, number> {
  return new Map(readDataset(folder).sources.map((name, place) => [name, place + 1]));
}

/**
 * Numbers sources, and records those that are new. The caller holds the lock. A number is given
 * once: an entry's metadata names it, in snapshots and caches that nobody can change any more.
 * @param names new ones get the next numbers in this order
 * @returns the number of each source that ever was published
 * @throws StoreError `TOO_MANY_SOURCES`
 */
export function numberSources(dataset: Dataset, names: readonly string[]): ReadonlyMap<string, number> {
  const { sources } = readDataset(dataset.folder);
  const known = new Set(sources);
  const added = names.filter((name) => !known.has(name));
  const all = [...sources, ...added];
  if (all.length > MAX_SOURCES)
    throw new StoreError(
      'TOO_MANY_SOURCES',
      `more than ${MAX_SOURCES} sources, with those that were removed`,
      'Init a new dataset, and ingest small corpora together as one source.',
    );
  if (added.length > 0) writeDataset(dataset, all);
  return new Map(all.map((name, place) => [name, place + 1]));
}

/** As long as the longest list of sources. */
const MAX_DATASET_JSON_BYTES = 8 << 20;

/** @throws StoreError `DATASET_MISSING`, `DATASET_MALFORMED`, `DATASET_VERSION` */
export function openDataset(folder: string): Dataset {
  return readDataset(folder).dataset;
}

function readDataset(folder: string): { readonly dataset: Dataset; readonly sources: readonly string[] } {
  const file = path.join(folder, 'dataset.json');
  let text: string;
  try {
    text = readRegularFile(file, MAX_DATASET_JSON_BYTES, (why) => malformed(file, why));
  } catch (cause) {
    if (!isMissing(cause) && (cause as NodeJS.ErrnoException).code !== 'ENOTDIR') throw cause;
    throw datasetMissing(folder, cause);
  }
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw malformed(file, 'not JSON', cause);
  }
  if (
    json?.format !== DATASET_FORMAT ||
    json.normalization !== NORMALIZATION_VERSION ||
    !SUITE_NAMES.includes(json.suite as SuiteName)
  )
    throw new StoreError(
      'DATASET_VERSION',
      `${folder}: this version does not support its format, suite or normalization`,
      'Init a new dataset and ingest the corpora again, or use the version of credveil that created it.',
    );
  const { format, dataset: id, sources, ...parameters } = json;
  const unknown = strangeMember(parameters);
  // The names that the id of a layer gives to what it leaves out would pass for that.
  if (unknown !== undefined) throw malformed(file, `its member ${JSON.stringify(unknown)} is unknown`);
  if (!isDatasetId(id) || !isParameters(parameters) || !isSourceNames(sources))
    throw malformed(file, 'a member is missing or out of range');
  return { dataset: { folder, id, parameters }, sources };
}

const isSourceNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= MAX_SOURCES && value.every(isName) && new Set(value).size === value.length;

function malformed(file: string, why: string, cause?: unknown): StoreError {
  return new StoreError('DATASET_MALFORMED', `${file}: ${why}`, 'Restore dataset.json from a backup.', { cause });
}

/** @throws StoreError `KEY_MISMATCH` */
export function assertKeyBelongs(dataset: Dataset, key: DatasetKey): void {
  if (key.keyId !== dataset.parameters.keyId)
    throw new StoreError(
      'KEY_MISMATCH',
      `the key has id ${key.keyId}, the dataset needs ${dataset.parameters.keyId}`,
      'Name the key file of this dataset with --key-file.',
    );
}
