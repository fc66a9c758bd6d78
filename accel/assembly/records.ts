// Sorts keyed records (PROTOCOL.md §11) by key and merges equal keys. AssemblyScript; `npm run build:kernel`.
//
// Keys are pseudo-random, so counting sorts by their leading bits do nearly all of the work: records are dealt into
// parts that fit the processor's cache, then the entries of a part (key and place) into groups of about one. Only an
// account with very many entries makes large groups, which are dealt again by the bits that differ.

const RECORD: usize = 23;
const TIMES: usize = 19;
/** Key and place: { u64 the first 8 bytes of the key; u64 its last 2 << 48 | place }. */
const ENTRY: usize = 16;
/** Records that are sorted at once. */
const CAP: u32 = 1 << 14;
/** A part has about this many records. */
const PART: u32 = 1 << 12;
const MAX_PARTS: u32 = 1 << 10;
const MAX_INNER_PARTS: u32 = 1 << 6;
/** Larger groups are dealt again. */
const LARGE: u32 = 48;

/** Working memory, as one address: two lists of entries, groups of both kinds, and the ends of parts. */
let entries: usize = 0;
let other: usize = 0;
let groups: usize = 0;

/** Bytes of working memory. Each inner level has at most a quarter of the range of its outer one: at most 40. */
export function sortScratchBytes(): usize {
  return 2 * CAP * ENTRY + 3 * CAP * 4 + (MAX_PARTS + 40 * MAX_INNER_PARTS) * 4;
}

@inline function keyOf(record: usize): u64 {
  return bswap<u64>(load<u64>(record));
}

@inline function endOf(record: usize): u64 {
  return <u64>bswap<u16>(load<u16>(record, 8));
}

@inline function copyRecord(from: usize, to: usize): void {
  const last = load<u64>(from, 15);
  v128.store(to, v128.load(from));
  store<u64>(to, last, 15);
}

/** The factor for groupOf. Slightly less than `count`, so that the largest key does not fall beyond the last group. */
@inline function scaleOf(min: u64, max: u64, count: u32): f64 {
  return (<f64>count - 0.001) / (<f64><i64>((max - min) >> 1) + 1.0);
}

@inline function groupOf(key: u64, min: u64, scale: f64): u32 {
  return <u32><i32>(<f64><i64>((key - min) >> 1) * scale);
}

/** The smallest power of two that is not less. */
@inline function powerOf(n: u32): u32 {
  return n <= 1 ? 1 : 1 << (32 - clz(n - 1));
}

function addTimes(from: usize, to: usize): void {
  const sum = <u64>bswap<u32>(load<u32>(from, TIMES)) + <u64>bswap<u32>(load<u32>(to, TIMES));
  store<u32>(to, bswap<u32>(<u32>min<u64>(sum, 0xffffffff)), TIMES);
}

@inline function isBefore(key: u64, rest: u64, otherKey: u64, otherRest: u64): bool {
  return key < otherKey || (key == otherKey && rest < otherRest);
}

/** Orders `count` entries at `list` by groups of their keys. @param at memory for groups */
function spread(list: usize, scratch: usize, count: u32, at: usize, level: u32): void {
  const end = list + count * ENTRY;
  let min: u64 = -1, max: u64 = 0;
  for (let e = list; e < end; e += ENTRY) {
    const key = load<u64>(e);
    if (key < min) min = key;
    if (key > max) max = key;
  }
  // Equal, or different in their last bytes alone: left to the insertion sort.
  if (min == max) return;
  deal(list, scratch, count, min, max, at, level);
  memory.copy(list, scratch, count * ENTRY);
}

/** Copies entries to `to`, ordered by group; large groups are ordered further. */
function deal(list: usize, to: usize, count: u32, low: u64, high: u64, at: usize, level: u32): void {
  const end = list + count * ENTRY;
  // Half as many at each level, so that those of all levels fit.
  const n = max<u32>(2, powerOf(count) >> level);
  const scale = scaleOf(low, high, n);
  memory.fill(at, 0, n << 2);
  for (let e = list; e < end; e += ENTRY) {
    const g = at + (groupOf(load<u64>(e), low, scale) << 2);
    store<u32>(g, load<u32>(g) + 1);
  }
  let place = <u32>to, most: u32 = 0;
  for (let g = at; g < at + (n << 2); g += 4) {
    const size = load<u32>(g);
    if (size > most) most = size;
    store<u32>(g, place);
    place += size * <u32>ENTRY;
  }
  for (let e = list; e < end; e += ENTRY) {
    const g = at + (groupOf(load<u64>(e), low, scale) << 2);
    const into = load<u32>(g);
    store<u32>(g, into + <u32>ENTRY);
    v128.store(into, v128.load(e));
  }
  if (most <= LARGE || level > 8) return;
  let from = <u32>to;
  for (let g = at; g < at + (n << 2); g += 4) {
    const until = load<u32>(g);
    const size = (until - from) / <u32>ENTRY;
    // The groups of this level are no longer needed below g, but those of the next begin behind them all.
    if (size > LARGE && size < count) spread(from, list + (from - <u32>to), size, at + (n << 2), level + 1);
    from = until;
  }
}

/** Sorts up to CAP records into `out`, equal keys merged. @returns the end of the output */
function sortSmall(from: usize, count: u32, out: usize): usize {
  if (count == 0) return out;
  let min: u64 = -1, max: u64 = 0;
  for (let i: u32 = 0, p = from, e = entries; i < count; i++, p += RECORD, e += ENTRY) {
    const key = keyOf(p);
    if (key < min) min = key;
    if (key > max) max = key;
    store<u64>(e, key);
    store<u64>(e, (endOf(p) << 48) | <u64>i, 8);
  }
  deal(entries, other, count, min, max, groups, 0);
  const end = other + count * ENTRY;
  for (let e = other + ENTRY; e < end; e += ENTRY) {
    const key = load<u64>(e), rest = load<u64>(e, 8);
    let at = e;
    while (at > other && isBefore(key, rest, load<u64>(at - ENTRY), load<u64>(at - ENTRY, 8))) {
      v128.store(at, v128.load(at - ENTRY));
      at -= ENTRY;
    }
    if (at != e) {
      store<u64>(at, key);
      store<u64>(at, rest, 8);
    }
  }
  let lastKey: u64 = 0, lastEnd: u64 = 0;
  const first = out;
  for (let e = other; e < end; e += ENTRY) {
    const key = load<u64>(e), rest = load<u64>(e, 8);
    const record = from + <usize>(<u32>rest) * RECORD;
    if (key == lastKey && rest >> 48 == lastEnd && out != first) {
      addTimes(record, out - RECORD);
      continue;
    }
    lastKey = key;
    lastEnd = rest >> 48;
    copyRecord(record, out);
    out += RECORD;
  }
  return out;
}

/** Deals records into `parts` parts by their keys, or by the last bytes of these. Leaves their ends at `ends`. */
function dealRecords(from: usize, count: u32, to: usize, byEnd: bool, min: u64, max: u64, ends: usize, parts: u32): void {
  const end = from + count * RECORD;
  const scale = scaleOf(min, max, parts);
  memory.fill(ends, 0, parts << 2);
  for (let p = from; p < end; p += RECORD) {
    const g = ends + (groupOf(byEnd ? endOf(p) << 40 : keyOf(p), min, scale) << 2);
    store<u32>(g, load<u32>(g) + 1);
  }
  let place = <u32>to;
  for (let g = ends; g < ends + (parts << 2); g += 4) {
    const size = load<u32>(g);
    store<u32>(g, place);
    place += size * <u32>RECORD;
  }
  for (let p = from; p < end; p += RECORD) {
    const g = ends + (groupOf(byEnd ? endOf(p) << 40 : keyOf(p), min, scale) << 2);
    const into = load<u32>(g);
    store<u32>(g, into + <u32>RECORD);
    copyRecord(p, into);
  }
}

/**
 * Sorts the records at `from` into `out`. `spare` has as much room, and no output reaches the part of it that
 * belongs to records which are not sorted yet.
 * @param isOuter true if the records are where the output goes: they are dealt into `spare` and stay there
 */
function sortParts(from: usize, count: u32, spare: usize, out: usize, ends: usize, isOuter: bool): usize {
  if (count <= CAP) {
    if (!isOuter) return sortSmall(from, count, out);
    memory.copy(spare, from, count * RECORD);
    return sortSmall(spare, count, out);
  }
  const end = from + count * RECORD;
  let low: u64 = -1, high: u64 = 0;
  for (let p = from; p < end; p += RECORD) {
    const key = keyOf(p);
    if (key < low) low = key;
    if (key > high) high = key;
  }
  const byEnd = low == high;
  if (byEnd) {
    low = -1;
    high = 0;
    for (let p = from; p < end; p += RECORD) {
      const key = endOf(p) << 40;
      if (key < low) low = key;
      if (key > high) high = key;
    }
    if (low == high) {
      copyRecord(from, out);
      for (let p = from + RECORD; p < end; p += RECORD) addTimes(p, out);
      return out + RECORD;
    }
  }
  const most = isOuter ? MAX_PARTS : MAX_INNER_PARTS;
  const parts = max<u32>(4, min<u32>(most, powerOf(count / PART)));
  dealRecords(from, count, spare, byEnd, low, high, ends, parts);
  const dealt = isOuter ? spare : from;
  if (!isOuter) memory.copy(from, spare, count * RECORD);
  const room = isOuter ? from : spare;
  let at = <u32>spare;
  for (let g = ends; g < ends + (parts << 2); g += 4) {
    const until = load<u32>(g);
    const offset = at - <u32>spare;
    out = sortParts(dealt + offset, (until - at) / <u32>RECORD, room + offset, out, ends + (parts << 2), false);
    at = until;
  }
  return out;
}

/**
 * Sorts `count` records in place, in ascending order of their keys. Of equal ones the first stays, with their times
 * added up.
 * @param spare as much room as the records take
 * @param scratch sortScratchBytes, a multiple of 16
 * @returns the number of records that are left
 */
export function sortRecords(from: usize, count: u32, spare: usize, scratch: usize): u32 {
  entries = scratch;
  other = entries + CAP * ENTRY;
  groups = other + CAP * ENTRY;
  return <u32>((sortParts(from, count, spare, from, groups + 3 * CAP * 4, true) - from) / RECORD);
}
