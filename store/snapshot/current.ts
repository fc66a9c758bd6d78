// CURRENT names the snapshot to serve. One line, `<sequence> <sha256 of its facts>`, replaced by
// renaming: CURRENT authenticates the facts, and the facts authenticate the other files.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { currentFile, type Dataset, snapshotsFolder } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { isMissing, readRegularFile, writeFileAtomically } from '../files.ts';
import { parseFacts } from './facts-bounds.ts';
import { layersOf, type SnapshotFacts } from './layout/snapshot-facts.ts';
import { corruptSnapshot } from './layout/snapshot-files.ts';

export const factsPath = (dataset: Dataset, name: string): string =>
  path.join(snapshotsFolder(dataset), `${name}.json`);

export interface CurrentSnapshot {
  readonly name: string;
  readonly sequence: number;
  readonly facts: SnapshotFacts;
}

const MAX_POINTER_BYTES = 1024;
/** Facts list up to 65,535 sources. */
const MAX_FACTS_BYTES = 1 << 24;

/** @throws StoreError `SNAPSHOT_CORRUPT`, and the system's error for a file that cannot be read */
export function readFacts(dataset: Dataset, name: string): string {
  return readRegularFile(factsPath(dataset, name), MAX_FACTS_BYTES, (why) =>
    corruptSnapshot(`${name}: its facts: ${why}`),
  );
}

/** Reads the line of CURRENT, a cheap test for a change. Undefined before the first publish. */
export function readCurrent(dataset: Dataset): string | undefined {
  try {
    return readRegularFile(currentFile(dataset), MAX_POINTER_BYTES, (why) =>
      corruptSnapshot(`pointer CURRENT: ${why}`),
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Reads the facts of the current snapshot.
 * @throws StoreError `SNAPSHOT_MISSING` before the first publish; `SNAPSHOT_CORRUPT`
 */
export function openPublishedFacts(dataset: Dataset): CurrentSnapshot {
  const current = openCurrent(dataset);
  if (!current)
    throw new StoreError(
      'SNAPSHOT_MISSING',
      `dataset ${dataset.folder} has not been published yet`,
      `Run: credveil publish ${dataset.folder}`,
    );
  return current;
}

/**
 * Reads the facts of the current snapshot. Undefined before the first publish.
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
export function openCurrent(dataset: Dataset): CurrentSnapshot | undefined {
  const line = readCurrent(dataset);
  if (line === undefined) return undefined;
  const match = /^(\d{6,12}) ([0-9a-f]{64})\n$/.exec(line);
  if (!match) throw corruptSnapshot('pointer CURRENT is invalid');
  const [, name, sha256] = match as unknown as [string, string, string];
  return openFacts(dataset, name, sha256);
}

/**
 * Reads the facts of a snapshot, which CURRENT need not name.
 * @param sha256 their digest, if CURRENT has it
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
export function openFacts(dataset: Dataset, name: string, sha256?: string): CurrentSnapshot {
  let text: string;
  try {
    text = readFacts(dataset, name);
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw corruptSnapshot(`${name}: its facts cannot be read`, cause);
  }
  if (sha256 !== undefined && createHash('sha256').update(text).digest('hex') !== sha256)
    throw corruptSnapshot(`${name}: checksum mismatch of its facts`);
  try {
    return { name, sequence: Number(name), facts: parseFacts(JSON.parse(text), name) };
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw corruptSnapshot(`${name}: invalid facts`, cause);
  }
}

/** Makes the snapshot of this name current for all readers. */
export function writeCurrent(dataset: Dataset, name: string): void {
  const sha256 = createHash('sha256').update(readFacts(dataset, name)).digest('hex');
  writeFileAtomically(currentFile(dataset), `${name} ${sha256}\n`);
}

/** The names of the files that a snapshot has its layers in. */
const layerNames = (dataset: Dataset, name: string): string[] =>
  layersOf(parseFacts(JSON.parse(readFacts(dataset, name)), name)).map((layer) => layer.name);

/**
 * Deletes all but the newest `keep` snapshots. A server with one of them open can still read it.
 * @param replaced the snapshot that was current before: one between them never was
 * @throws what reading the facts of the current one throws; nothing is deleted then
 */
export function pruneSnapshots(dataset: Dataset, current: string, keep: number, replaced = current): void {
  const files = fs.readdirSync(snapshotsFolder(dataset));
  // Only a snapshot with facts was ever current: a crash left other files behind.
  const complete = files.filter((file) => file.endsWith('.json')).map((file) => path.parse(file).name);
  const wereCurrent = complete.filter((name) => Number(name) < Number(current) && Number(name) <= Number(replaced));
  const older = wereCurrent.sort((a, b) => Number(b) - Number(a));
  const kept = new Set([current, ...older.slice(0, Math.max(0, keep - 1))]);
  for (const name of [...kept])
    try {
      for (const layer of layerNames(dataset, name)) kept.add(layer);
    } catch (error) {
      // An older one that cannot be read is of no use. The current one has files to lose.
      if (name === current) throw error;
    }
  for (const file of files) {
    const place = path.join(snapshotsFolder(dataset), file);
    if (!kept.has(path.parse(file).name) && !fs.lstatSync(place, { throwIfNoEntry: false })?.isDirectory())
      fs.rmSync(place, { force: true });
  }
}
