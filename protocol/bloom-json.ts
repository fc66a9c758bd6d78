// The password filter as JSON of the npm package bloom-filters. PROTOCOL.md §17.
//
// The package reads and writes the members of its own; ours name what the filter belongs to. An
// element is the tag of an entry. The JSON is not authenticated: who reads it compares its digest.

import type { DatasetId, EntryTag, LayerId } from './brands.ts';
import { formatTag } from './entry.ts';
import { ProtocolError } from './errors.ts';
import { isDatasetId, isLayerId } from './ids.ts';

/** The package hashes to 32 bits: above some ten million elements its filters err more often. */
export const MAX_BLOOM_ENTRIES = 10_000_000;
/** Of the bits; at one false positive in a million a filter of MAX_BLOOM_ENTRIES has 2.9e8. */
export const MAX_BLOOM_BITS = 2 ** 29;
/** More than base64 of MAX_BLOOM_BITS, and the other members. */
export const MAX_BLOOM_JSON_BYTES = 90_000_000;
const MAX_HASHES = 64;

/** Our member of the JSON. */
export interface BloomOwner {
  readonly dataset: DatasetId;
  readonly layer: LayerId;
  /** Number of passwords in the filter. */
  readonly entries: number;
}

/** The package's members, after `saveAsJSON`, and ours. */
export interface BloomJson {
  readonly type: 'BloomFilter';
  readonly _size: number;
  readonly _nbHashes: number;
  readonly _filter: { readonly size: number; readonly content: string };
  readonly _seed: number;
  readonly credveil: BloomOwner;
}

/** The element that stands for an entry of the password index. */
export const bloomElement = (tag: EntryTag): string => formatTag(tag);

function malformed(what: string, cause?: unknown): ProtocolError {
  return new ProtocolError(
    'FILTER_MALFORMED',
    `filter: ${what}`,
    'Use the whole file that `credveil export --filter FILE --as bloom-filters` wrote.',
    { cause },
  );
}

const isInteger = (value: unknown, min: number, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;

type Members = { readonly [name: string]: unknown };

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Parses a whole file, whose digest has been compared with the one that its reader trusts.
 * @throws ProtocolError `FILTER_MALFORMED`
 */
export function parseBloomJson(bytes: Uint8Array): BloomJson {
  if (bytes.length > MAX_BLOOM_JSON_BYTES) throw malformed('it is too long');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed('it is no JSON', cause);
  }
  if (!isObject(value) || value.type !== 'BloomFilter') throw malformed('it is no BloomFilter of bloom-filters');
  const { _size, _nbHashes, _filter, _seed, credveil } = value;
  if (!isInteger(_size, 1, MAX_BLOOM_BITS) || !isInteger(_nbHashes, 1, MAX_HASHES))
    throw malformed('its size or number of hashes is out of range');
  if (!isInteger(_seed, 0, Number.MAX_SAFE_INTEGER)) throw malformed('it has no seed');
  assertBits(_filter, Math.ceil(_size / 8));
  if (!isOwner(credveil)) throw malformed('it does not name its dataset and layer');
  return value as unknown as BloomJson;
}

/** Asserts that the bits are base64 of exactly this many bytes. */
function assertBits(filter: unknown, bytes: number): void {
  if (!isObject(filter) || filter.size !== bytes * 8 || typeof filter.content !== 'string')
    throw malformed('its bits are missing');
  const { content } = filter;
  const padding = (3 - (bytes % 3)) % 3;
  const digits = content.length - padding;
  if (content.length !== Math.ceil(bytes / 3) * 4 || content.slice(digits) !== '='.repeat(padding))
    throw malformed('its bits are truncated');
  // A pattern with a quantifier would keep a state for each of the characters.
  if (/[^A-Za-z0-9+/]/.test(padding > 0 ? content.slice(0, digits) : content))
    throw malformed('its bits are no base64');
}

function isOwner(value: unknown): value is BloomOwner {
  if (!isObject(value)) return false;
  const { dataset, layer, entries } = value;
  return isDatasetId(dataset) && isLayerId(layer) && isInteger(entries, 0, MAX_BLOOM_ENTRIES);
}
