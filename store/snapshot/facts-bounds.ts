// Form and bounds of a snapshot's facts: a server allocates by them, and shows them.
//
// Checksums tell only that the facts are those of a publisher.

import { MAX_BUCKET_ENTRIES } from '../../protocol/bucket.ts';
import { type IndexName, RANGES, type RangeName } from '../../protocol/bucket-id.ts';
import { HEX64, SNAPSHOT_ID, SNAPSHOT_SEQUENCE } from '../../protocol/ids.ts';
import type { HistogramBin } from '../../protocol/service-status.ts';
import { array, type Members, object, parseMembers, required, text } from '../../protocol/signed/members.ts';
import { MAX_SOURCES, SOURCE_MEMBERS } from '../../protocol/signed/sources.ts';
import { LAYER_MEMBERS, MAX_LAYERS, STATEMENT_MEMBERS } from '../../protocol/signed/statement.ts';
import { slotFileBytes } from '../../protocol/snapshot/slots.ts';
import { joinLayers } from './joined-facts.ts';
import {
  type IndexFacts,
  LAYERED_FORMAT,
  LAYOUTS,
  type RangeFacts,
  type SnapshotFacts,
  type SuppressedFacts,
} from './layout/snapshot-facts.ts';
import { corruptSnapshot } from './layout/snapshot-files.ts';

const { dataset, suite, normalization, keyId, publicKey, canary } = STATEMENT_MEMBERS;

/** The members that clients get in a statement or a list of sources; the others are numbers. */
const PUBLIC_MEMBERS = {
  ...{ dataset, suite, normalization, keyId, publicKey, canary },
  snapshot: required(text(SNAPSHOT_ID)),
  layer: LAYER_MEMBERS.id,
  statement: required(text(HEX64)),
  indexes: LAYER_MEMBERS.indexes,
  similar: LAYER_MEMBERS.similar,
  filter: LAYER_MEMBERS.filter,
  sources: required(array(object(SOURCE_MEMBERS), 0, MAX_SOURCES)),
} satisfies Members<object>;

const MAX_BINS = 16;
/** Seal or path of a body, its header, and rounding. */
const BODY_OVERHEAD_BYTES = 1024;
/** A tag takes at most 7 bytes, metadata 3. */
const MAX_ENTRY_BYTES = 10;
/** A short tag of the publisher's takes at most 15 bits. */
const MAX_FORM_BYTES = 2;
/** Below the shortest tag. */
const MIN_ENTRY_BYTES = 1;
/** A suffix of NTLM and its count. */
const MIN_RANGE_ENTRY_BYTES = 15;
/** Digits of SHA-1 after the prefix, a colon, ten digits and a line break. */
const MAX_ROW_BYTES = 48;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isBits = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/**
 * Checks the form of facts, and that they could be those of files of their length.
 * @param name of the snapshot
 * @returns them, with the figures of all layers
 * @throws StoreError `SNAPSHOT_CORRUPT` for another format; Error that does not say more than which
 *   member is wrong
 */
export function parseFacts(json: unknown, name: string): SnapshotFacts {
  const facts = json as SnapshotFacts;
  if (facts.format !== LAYERED_FORMAT) {
    if (!Object.values<number>(LAYOUTS).includes(facts.format)) throw corruptSnapshot(`${name}: unsupported format`);
    if (facts.layers !== undefined) throw new Error('the facts have layers, which their format has not');
    assertFacts(facts);
    return facts;
  }
  const { layers } = facts;
  if (!Array.isArray(layers) || layers.length < 2 || layers.length > MAX_LAYERS)
    throw new Error('the facts have another number of layers');
  for (const layer of layers) {
    if (!SNAPSHOT_SEQUENCE.test(layer?.name)) throw new Error('a layer has no name');
    if (!Array.isArray(layer.numbers) || !layer.numbers.every(isCount)) throw new Error('a layer names no sources');
    if (!Object.values<number>(LAYOUTS).includes(layer.format)) throw corruptSnapshot(`${name}: unsupported format`);
    assertFacts({ ...facts, ...layer, layers: undefined } as unknown as SnapshotFacts);
  }
  return joinLayers(facts, layers);
}

function assertFacts(facts: SnapshotFacts): void {
  parseMembers(facts, 'the facts', PUBLIC_MEMBERS);
  if (!areBounded(facts)) throw new Error('the facts are out of bounds');
}

function areBounded(facts: SnapshotFacts): boolean {
  const { indexes, ranges = {}, sources, filter, sqlite, files = {}, suppressed } = facts;
  const bytesOf = (name: IndexName | RangeName): number => sqlite?.bytes ?? files[name] ?? 0;
  return (
    isLaidOut(facts) &&
    entriesOf<IndexName, IndexFacts>(indexes).every(([name, index]) => isIndexBounded(index, bytesOf(name))) &&
    entriesOf<RangeName, RangeFacts>(ranges).every(([name, range]) => isRangeBounded(range, bytesOf(name))) &&
    sources.every((one) => isCount(one.credentials) && isCount(one.records) && HEX64.test(one.sha256)) &&
    (suppressed === undefined || isSuppressed(suppressed)) &&
    (filter === undefined ||
      (isCount(filter.entries) && isCount(filter.blocks) && /^[0-9a-f]{64}$/.test(filter.sha256)))
  );
}

const entriesOf = <Name extends string, Value>(members: { readonly [name in Name]?: Value }): [Name, Value][] =>
  Object.entries(members) as [Name, Value][];

/** Whether the members of the layout are there: either those of SQLite, or those of files. */
function isLaidOut({ format, sqlite, files, parts, indexes, ranges, filter }: SnapshotFacts): boolean {
  if (format === LAYOUTS.sqlite)
    return files === undefined && parts === undefined && isCount(sqlite?.bytes) && HEX64.test(sqlite.sha256);
  if (sqlite !== undefined || typeof files !== 'object' || files === null || !HEX64.test(parts ?? '')) return false;
  const wanted = [...Object.keys(indexes), ...Object.keys(ranges ?? {}), ...(filter ? ['filter'] : [])];
  return (
    wanted.length === Object.keys(files).length &&
    wanted.every((name) => isCount(files[name as keyof typeof files])) &&
    (!filter || files.filter === filter.bytes) &&
    entriesOf<IndexName, IndexFacts>(indexes).every(([name, index]) => files[name] === slotFileBytes(index))
  );
}

const isSuppressed = (facts: SuppressedFacts | null): boolean =>
  [facts?.names, facts?.records, facts?.kept].every(isCount) && HEX64.test(facts?.digest ?? '');

function isIndexBounded(facts: IndexFacts, fileBytes: number): boolean {
  const { forms = 0, maxForms = 0 } = facts;
  const { entries, usernames = 0, contentBytes, metadataTotalBytes, leastBits, sizeBits, bodyBytes } = facts;
  return (
    hasSizes(facts, fileBytes / MIN_ENTRY_BYTES) &&
    isCount(usernames) &&
    usernames <= entries &&
    isCount(forms) &&
    forms <= fileBytes / MIN_ENTRY_BYTES &&
    isCount(maxForms) &&
    maxForms <= Math.min(MAX_BUCKET_ENTRIES, forms) &&
    isCount(contentBytes) &&
    contentBytes <= fileBytes &&
    isCount(metadataTotalBytes) &&
    isBits(leastBits) &&
    isBits(sizeBits) &&
    // They ascend.
    (bodyBytes.at(-1) ?? 0) <= BODY_OVERHEAD_BYTES + MAX_ENTRY_BYTES * facts.maxEntries + MAX_FORM_BYTES * maxForms
  );
}

function isRangeBounded(facts: RangeFacts, fileBytes: number): boolean {
  const { ranges, contentBytes, maxEntries, maxTextBytes = 0, gaps = 0 } = facts;
  return (
    hasSizes(facts, fileBytes / MIN_RANGE_ENTRY_BYTES) &&
    isCount(ranges) &&
    ranges <= RANGES &&
    isCount(gaps) &&
    gaps <= RANGES &&
    isCount(contentBytes) &&
    contentBytes <= fileBytes &&
    isCount(maxTextBytes) &&
    maxTextBytes <= MAX_ROW_BYTES * maxEntries
  );
}

/** @param mostEntries that the file has room for */
function hasSizes(
  { entries, minEntries, maxEntries, histogram }: IndexFacts | RangeFacts,
  mostEntries: number,
): boolean {
  return (
    [entries, minEntries, maxEntries].every(isCount) &&
    minEntries <= maxEntries &&
    maxEntries <= Math.min(MAX_BUCKET_ENTRIES, entries) &&
    entries <= mostEntries &&
    (histogram === undefined || isHistogram(histogram))
  );
}

function isHistogram(bins: readonly HistogramBin[]): boolean {
  return (
    Array.isArray(bins) &&
    bins.length <= MAX_BINS &&
    bins.every((bin) => [bin?.from, bin?.to, bin?.buckets].every(isCount) && bin.from <= bin.to)
  );
}
