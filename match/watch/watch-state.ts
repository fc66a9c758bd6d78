// What earlier runs of `watch open` compared and found: each of these tags was compared with each
// of these sources. It names no person, account or password. A file of its user alone, under a MAC
// of the watch key: who could alter it could hide an account.

import { createHmac, hkdfSync } from 'node:crypto';
import type { KeyId } from '../../protocol/brands.ts';
import { compareBytes, equalTexts } from '../../protocol/bytes.ts';
import { isMissing, PRIVATE_FILE, readRegularBytes, writeFileAtomically } from '../../store/files.ts';
import { MatchError } from '../errors.ts';
import type { TagDataset } from './tag-opener.ts';
import { FINGERPRINT_BYTES, type TagTable } from './tag-table.ts';
import type { WatchKey } from './watch-key.ts';

const FORMAT = 1;
const FINDING_BYTES = 16;
/** Places of tag and run, and the finding. */
const HIT_BYTES = 8 + FINDING_BYTES;
const MAX_STATE_BYTES = 2 ** 29;

/** A tag, and a run with one of its entries. */
export interface TagHit {
  readonly tag: number;
  /** SHA-256 of the run, and of the suppressed names if it has some. */
  readonly run: string;
  /**
   * Names account, entry and source for whoever has the watch key, in hex: the same for every tag
   * of the same password, and every edition of the source.
   */
  readonly finding: string;
}

/** What is known of the tags of a table. */
export interface Remembered {
  /** Compared with all of `runs`. */
  isKnown(tag: number): boolean;
  readonly runs: ReadonlySet<string>;
  readonly hits: readonly TagHit[];
  /** Also of tags that are gone. */
  readonly findings: ReadonlySet<string>;
}

interface StateFile {
  readonly format: number;
  readonly dataset: string;
  readonly keyId: KeyId;
  readonly watchKey: KeyId;
  /** SHA-256 of each run, in hex. */
  readonly runs: readonly string[];
  /** Fingerprints, ascending, base64. */
  readonly tags: string;
  /** Places in `tags` and `runs`, u32 each, and the finding, base64. */
  readonly hits: string;
}

const NOTHING: Remembered = { isKnown: () => false, runs: new Set(), hits: [], findings: new Set() };

const subkey = (key: WatchKey, use: 'state' | 'finding'): Buffer =>
  Buffer.from(hkdfSync('sha256', key.revealSecret(), '', `credveil watch ${use}`, 32));
const macOf = (key: WatchKey, body: string): string =>
  createHmac('sha256', subkey(key, 'state')).update(body).digest('hex');

export type NameFinding = (account: string, entry: Uint8Array, source: string) => string;

export function createFindings(key: WatchKey): NameFinding {
  const secret = subkey(key, 'finding');
  return (account, entry, source) =>
    createHmac('sha256', secret)
      .update(entry)
      .update(`${source} ${account}`)
      .digest('hex')
      .slice(0, 2 * FINDING_BYTES);
}

const corrupt = (file: string, why: string, cause?: unknown): MatchError =>
  new MatchError('STATE_CORRUPT', `${file}: ${why}`, 'Delete it: then everything is compared again.', { cause });

/**
 * The state of another dataset or watch key counts as none.
 * @throws MatchError `STATE_CORRUPT`
 */
export function readWatchState(file: string, key: WatchKey, of: TagDataset, table: TagTable): Remembered {
  let text: string;
  try {
    text = readRegularBytes(file, MAX_STATE_BYTES, (why) => corrupt(file, why)).toString('latin1');
  } catch (error) {
    if (isMissing(error) || isMissing((error as Error).cause)) return NOTHING;
    throw error;
  }
  const [body = '', mac = '', end] = text.split('\n');
  const state = parseState(body);
  if (typeof state?.watchKey !== 'string') throw corrupt(file, 'no state of `watch open`, or damaged');
  // Only its own key can tell whether it was altered.
  if (state.watchKey !== key.keyId) return NOTHING;
  if (end !== '' || !equalTexts(mac, macOf(key, body))) throw corrupt(file, 'altered or damaged');
  if (state.format !== FORMAT || state.dataset !== of.dataset || state.keyId !== of.keyId) return NOTHING;
  return remember(state, table);
}

function parseState(body: string): StateFile | null | undefined {
  try {
    return JSON.parse(body) as StateFile | null;
  } catch {
    return undefined;
  }
}

function remember({ runs, tags, hits }: StateFile, table: TagTable): Remembered {
  const fingerprints = Buffer.from(tags, 'base64');
  const places = fingerprints.length / FINGERPRINT_BYTES;
  const isKnown = new Uint8Array(table.tags);
  /** From 1; 0 is none. */
  const tagAt = new Uint32Array(places);
  for (let tag = 0; tag < table.tags; tag++) {
    const place = placeOf(table.fingerprintOf(tag), fingerprints);
    if (place === undefined) continue;
    isKnown[tag] = 1;
    tagAt[place] = tag + 1;
  }
  const packed = Buffer.from(hits, 'base64');
  const remembered: TagHit[] = [];
  const findings = new Set<string>();
  for (let at = 0; at < packed.length; at += HIT_BYTES) {
    const tag = tagAt[packed.readUInt32LE(at)] ?? 0;
    const run = runs[packed.readUInt32LE(at + 4)];
    const finding = packed.toString('hex', at + 8, at + HIT_BYTES);
    findings.add(finding);
    if (tag !== 0 && run !== undefined) remembered.push({ tag: tag - 1, run, finding });
  }
  return { isKnown: (tag) => isKnown[tag] === 1, runs: new Set(runs), hits: remembered, findings };
}

/** By halving: they ascend. */
function placeOf(fingerprint: Buffer, fingerprints: Buffer): number | undefined {
  let [low, high] = [0, fingerprints.length / FINGERPRINT_BYTES];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareBytes(fingerprint, 0, fingerprints, middle * FINGERPRINT_BYTES, FINGERPRINT_BYTES);
    if (order === 0) return middle;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return undefined;
}

/** Durable when it returns. @param runs with all of which all current tags were compared */
export function writeWatchState(
  file: string,
  key: WatchKey,
  of: TagDataset,
  table: TagTable,
  runs: readonly string[],
  hits: readonly TagHit[],
): void {
  const current = Uint32Array.from({ length: table.tags }, (_, tag) => tag).filter((tag) => table.isCurrent(tag));
  current.sort((a, b) => Buffer.compare(table.fingerprintOf(a), table.fingerprintOf(b)));
  const fingerprints = Buffer.alloc(current.length * FINGERPRINT_BYTES);
  const places = new Uint32Array(table.tags);
  for (const [place, tag] of current.entries()) {
    table.fingerprintOf(tag).copy(fingerprints, place * FINGERPRINT_BYTES);
    places[tag] = place;
  }
  const runPlaces = new Map(runs.map((run, place) => [run, place]));
  const packed = Buffer.alloc(hits.length * HIT_BYTES);
  for (const [i, { tag, run, finding }] of hits.entries()) {
    packed.writeUInt32LE(places[tag] as number, i * HIT_BYTES);
    packed.writeUInt32LE(runPlaces.get(run) as number, i * HIT_BYTES + 4);
    packed.write(finding, i * HIT_BYTES + 8, 'hex');
  }
  const state: StateFile = {
    ...{ format: FORMAT, dataset: of.dataset, keyId: of.keyId, watchKey: key.keyId, runs },
    ...{ tags: fingerprints.toString('base64'), hits: packed.toString('base64') },
  };
  const body = JSON.stringify(state);
  writeFileAtomically(file, `${body}\n${macOf(key, body)}\n`, PRIVATE_FILE);
}
