// The file of a dataset's name list: `retention/names.json`, mode 0600.
//
//   { "format": 2, "names": [{ "kind", "added", "id" }], "sealed": base64 of SealedNames }
//
//   struct SealedNames {             // AES-256-GCM; its additional data are dataset id and names
//     u8 nonce[12];
//     u8 content[];                  // NameContent, encrypted
//     u8 tag[16];
//   }
//   struct NameContent {
//     u8 key[32];                    // of the marks
//     struct {
//       u8 mark[16];
//       u8 pairMark[16];             // planted: of the pair; others: zeros
//       u8 entry[18];                // hash, tag and seed of the name's entry, or zeros
//       u8 pairEntry[18];            // planted: the same of the pair, or zeros
//     } names[];
//   }

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { isName } from '../../protocol/ids.ts';
import { type Dataset, PRIVATE_FOLDER } from '../dataset.ts';
import type { DatasetKey } from '../dataset-key.ts';
import { isDay } from '../day.ts';
import { StoreError } from '../errors.ts';
import { PRIVATE_FILE, readJsonFile, writeFileAtomically } from '../files.ts';
import { ENTRY_BYTES } from '../run/record.ts';
import { type KeptName, LIST_KEY_BYTES, type ListedName, MARK_BYTES, NameList } from './name-list.ts';

const FORMAT = 2;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NAME_BYTES = 2 * MARK_BYTES + 2 * ENTRY_BYTES;
export const MAX_NAMES = 100_000;
const MAX_FILE_BYTES = 32 << 20;

export const retentionFolder = ({ folder }: Dataset): string => path.join(folder, 'retention');
export const namesPath = (dataset: Dataset): string => path.join(retentionFolder(dataset), 'names.json');

interface NamesFile {
  readonly names: readonly ListedName[];
  readonly sealed: Buffer;
}

/**
 * The names as they show without a key. Undefined if the dataset has no list.
 * @throws StoreError `NAMES_CORRUPT`
 */
export const readListedNames = (dataset: Dataset): readonly ListedName[] | undefined => readNamesFile(dataset)?.names;

/**
 * Undefined if the dataset has no list.
 * @throws StoreError `NAMES_CORRUPT`
 */
export function readNameList(dataset: Dataset, key: DatasetKey): NameList | undefined {
  const file = readNamesFile(dataset);
  if (!file) return undefined;
  const content = unseal(dataset, key, file);
  const names = file.names.map((listed, place) => keptName(listed, content, LIST_KEY_BYTES + place * NAME_BYTES));
  return new NameList(content.subarray(0, LIST_KEY_BYTES), names);
}

/** To be changed: an empty list if the dataset has none. @throws StoreError `NAMES_CORRUPT` */
export const openNameList = (dataset: Dataset, key: DatasetKey): NameList =>
  readNameList(dataset, key) ?? new NameList();

/** The caller holds the lock of the dataset. @throws StoreError `TOO_MANY_NAMES` */
export function writeNameList(dataset: Dataset, key: DatasetKey, list: NameList): void {
  if (list.names.length > MAX_NAMES)
    throw new StoreError('TOO_MANY_NAMES', `more than ${MAX_NAMES} names`, 'Remove names that are no longer needed.');
  const names = list.names.map(({ kind, added, id }): ListedName => ({ kind, added, ...(id !== undefined && { id }) }));
  const content = Buffer.concat([
    list.revealKey(),
    ...list.names.flatMap(({ mark, pairMark, entry, pairEntry }) => [
      mark,
      pairMark ?? Buffer.alloc(MARK_BYTES),
      entry ?? Buffer.alloc(ENTRY_BYTES),
      pairEntry ?? Buffer.alloc(ENTRY_BYTES),
    ]),
  ]);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.deriveSecret('names'), nonce).setAAD(additional(dataset, names));
  const sealed = Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  fs.mkdirSync(retentionFolder(dataset), PRIVATE_FOLDER);
  const json = { format: FORMAT, names, sealed: sealed.toString('base64') };
  writeFileAtomically(namesPath(dataset), `${JSON.stringify(json)}\n`, PRIVATE_FILE);
}

function keptName(listed: ListedName, content: Buffer, at: number): KeptName {
  const field = (from: number, bytes: number): Uint8Array | undefined => {
    const part = content.subarray(at + from, at + from + bytes);
    return part.some((byte) => byte !== 0) ? part : undefined;
  };
  const pairMark = field(MARK_BYTES, MARK_BYTES);
  const entry = field(2 * MARK_BYTES, ENTRY_BYTES);
  const pairEntry = field(2 * MARK_BYTES + ENTRY_BYTES, ENTRY_BYTES);
  const mark = content.subarray(at, at + MARK_BYTES);
  return { ...listed, mark, ...(pairMark && { pairMark }), ...(entry && { entry }), ...(pairEntry && { pairEntry }) };
}

const additional = ({ id }: Dataset, names: readonly ListedName[]): Buffer =>
  Buffer.from(JSON.stringify(['credveil names 2', id, names]));

function unseal(dataset: Dataset, key: DatasetKey, { names, sealed }: NamesFile): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key.deriveSecret('names'), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additional(dataset, names)).setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw corrupt(dataset, 'it was altered, or belongs to another key or dataset', cause);
  }
}

function readNamesFile(dataset: Dataset): NamesFile | undefined {
  const refuse = (why: string): StoreError => corrupt(dataset, why);
  const json = readJsonFile(namesPath(dataset), MAX_FILE_BYTES, refuse) as Record<string, unknown> | null | undefined;
  if (json === undefined) return undefined;
  const { format, names, sealed: text } = json ?? {};
  const sealed = Buffer.from(typeof text === 'string' ? text : '', 'base64');
  if (
    format !== FORMAT ||
    !Array.isArray(names) ||
    names.length > MAX_NAMES ||
    !names.every(isListed) ||
    sealed.toString('base64') !== text ||
    sealed.length !== NONCE_BYTES + LIST_KEY_BYTES + names.length * NAME_BYTES + TAG_BYTES
  )
    throw corrupt(dataset, 'a member is missing or malformed');
  return { names, sealed };
}

function isListed(name: Record<string, unknown> | null): boolean {
  if (typeof name !== 'object' || name === null || !isDay(name.added)) return false;
  return name.kind === 'planted' ? isName(name.id) : name.kind === 'suppressed' && name.id === undefined;
}

function corrupt(dataset: Dataset, why: string, cause?: unknown): StoreError {
  return new StoreError(
    'NAMES_CORRUPT',
    `${namesPath(dataset)}: ${why}`,
    'Restore it from a backup: without it, suppressed persons would come back.',
    { cause },
  );
}
