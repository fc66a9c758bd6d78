// Derives the records of many credentials: composes PrivateInputs (PROTOCOL.md §3), digests them four at a time whatever
// their index and kind, and writes records (§11). A username that comes again in a batch is digested once.
// AssemblyScript; `npm run build:kernel`.

import { be, digestLanes, LANES, STATE } from './hmac-sha256';

/** Of the caller: { u32 usernameAt, usernameBytes, passwordAt, passwordBytes, times, forms }. */
const CREDENTIAL: usize = 24;
/** Of the caller: { u32 at, bytes }, those of each credential in turn. */
const FORM: usize = 8;
/** { u32 at, bytes, hash, times }. Times are those of all credentials with this username. */
const NAME: usize = 16;
/** { u32 usernameAt, passwordAt, usernameBytes | passwordBytes << 8 | kind << 16, name, times }. */
const MESSAGE: usize = 20;
const RECORD: usize = 23;
const OVERHEAD: u32 = 5;
const MAX_FORMS: u32 = 5;
/** An input of up to this many bytes takes one block. */
const SHORT: u32 = 55;
/** Look-ups of a username end after this many others: a hostile list must not make them long. */
const MAX_PROBES: u32 = 16;

const PAIR: u32 = 1;
const USERNAME: u32 = 2;
const PASSWORD: u32 = 3;
const SIMILAR: u32 = 4;

/** Bytes of working memory for a batch of `capacity` credentials, a power of two. */
export function entryScratchBytes(capacity: u32): usize {
  return capacity * (2 * 4 + NAME + (3 + MAX_FORMS) * MESSAGE);
}

@inline function sumTimes(a: u32, b: u32): u32 {
  return <u32>min<u64>(<u64>a + <u64>b, 0xffffffff);
}

@inline function tail(at: usize, length: usize): u64 {
  return load<u64>(at) & ~(<u64>-1 << (<u64>length << 3));
}

function hashName(at: usize, length: usize): u32 {
  let hash: u64 = length;
  const end = at + (length & ~7);
  for (; at < end; at += 8) {
    hash = (hash ^ load<u64>(at)) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  hash = (hash ^ tail(at, length & 7)) * 0x9e3779b97f4a7c15;
  return <u32>(hash >> 32);
}

function equalNames(a: usize, b: usize, length: usize): bool {
  const end = a + (length & ~7);
  for (; a < end; a += 8, b += 8) if (load<u64>(a) != load<u64>(b)) return false;
  return tail(a, length & 7) == tail(b, length & 7);
}

@inline function copyField(from: usize, length: u32, to: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}

@inline function clearLane(lane: usize, length: u32): void {
  const zero = i64x2.splat(0);
  for (let i: usize = 0; i < 64; i += 16) v128.store(lane + i, zero);
  if (length > SHORT) for (let i: usize = 64; i < 128; i += 16) v128.store(lane + i, zero);
}

/** Adds SHA-256's padding after a first block of key. What vectors wrote beyond the message is overwritten. */
@inline function endLane(lane: usize, length: u32): void {
  v128.store(lane + length, i64x2(0x80, 0));
  store<u32>(lane + (length > SHORT ? 124 : 60), bswap<u32>((64 + length) << 3));
}

/** Lanes are written in ascending order: a vector may reach into the next one. */
function placeName(lane: usize, name: usize): u32 {
  const length = load<u32>(name, 4);
  clearLane(lane, length);
  copyField(load<u32>(name), length, lane);
  endLane(lane, length);
  return length;
}

function placeMessage(lane: usize, message: usize): u32 {
  const fields = load<u32>(message, 8);
  const u = fields & 0xff, p = (fields >> 8) & 0xff;
  const length = OVERHEAD + u + p;
  clearLane(lane, length);
  copyField(load<u32>(message), u, lane + 3);
  const at = lane + 3 + u;
  copyField(load<u32>(message, 4), p, at + 2);
  store<u8>(lane, fields >> 16);
  store<u16>(lane, u << 8, 1);
  store<u16>(at, p << 8);
  endLane(lane, length);
  return length;
}

/** The hash of each username. Lanes without one take empty ones, for which there is room. */
function digestNames(keys: usize, names: usize, end: usize): void {
  for (let name = names; name < end; name += 4 * NAME) {
    for (let n = max<usize>(name, end); n < name + 4 * NAME; n += NAME) store<u64>(n, 0);
    const l0 = placeName(LANES, name), l1 = placeName(LANES + 128, name + NAME);
    const l2 = placeName(LANES + 256, name + 2 * NAME), l3 = placeName(LANES + 384, name + 3 * NAME);
    digestLanes(keys, i32x4(l0, l1, l2, l3));
    const hashes = be(STATE);
    store<i32>(name, i32x4.extract_lane(hashes, 0), 8);
    store<i32>(name + NAME, i32x4.extract_lane(hashes, 1), 8);
    store<i32>(name + 2 * NAME, i32x4.extract_lane(hashes, 2), 8);
    store<i32>(name + 3 * NAME, i32x4.extract_lane(hashes, 3), 8);
  }
}

/** Where the next record of each index goes. */
let account: usize = 0;
let password: usize = 0;

/** @param digest the first 16 bytes @param word the next 4 */
function writeRecord(message: usize, digest: v128, word: i32): void {
  const kind = load<u32>(message, 8) >> 16;
  const isPassword = kind == PASSWORD;
  const at = isPassword ? password : account;
  store<i32>(at, isPassword ? word : load<i32>(load<u32>(message, 12), 8));
  v128.store(at, digest, 4);
  store<u8>(at, kind, 18);
  store<u32>(at, bswap<u32>(load<u32>(message, 16)), 19);
  if (isPassword) password += RECORD;
  else account += RECORD;
}

function digestMessages(keys: usize, messages: usize, end: usize): void {
  for (let m = messages; m < end; m += 4 * MESSAGE) {
    const left = <u32>((end - m) / MESSAGE);
    // Lanes that are left over repeat the first one.
    const m1 = left > 1 ? m + MESSAGE : m, m2 = left > 2 ? m + 2 * MESSAGE : m, m3 = left > 3 ? m + 3 * MESSAGE : m;
    const l0 = placeMessage(LANES, m), l1 = placeMessage(LANES + 128, m1);
    const l2 = placeMessage(LANES + 256, m2), l3 = placeMessage(LANES + 384, m3);
    digestLanes(keys, i32x4(l0, l1, l2, l3));
    const a = be(STATE), b = be(STATE + 16), c = be(STATE + 32), d = be(STATE + 48), e = be(STATE + 64);
    const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5), ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5), cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
    writeRecord(m, i64x2.shuffle(ab0, cd0, 0, 2), i32x4.extract_lane(e, 0));
    if (left > 1) writeRecord(m1, i64x2.shuffle(ab0, cd0, 1, 3), i32x4.extract_lane(e, 1));
    if (left > 2) writeRecord(m2, i64x2.shuffle(ab1, cd1, 0, 2), i32x4.extract_lane(e, 2));
    if (left > 3) writeRecord(m3, i64x2.shuffle(ab1, cd1, 1, 3), i32x4.extract_lane(e, 3));
  }
}

/** Short messages stand at the start of their memory, long ones at its end: four lanes of short ones take one block. */
let short: usize = 0;
let long: usize = 0;

function addMessage(uAt: u32, uBytes: u32, pAt: u32, pBytes: u32, kind: u32, name: u32, times: u32): void {
  const isShort = OVERHEAD + uBytes + pBytes <= SHORT;
  if (!isShort) long -= MESSAGE;
  const m = isShort ? short : long;
  store<u32>(m, uAt);
  store<u32>(m, pAt, 4);
  store<u32>(m, uBytes | (pBytes << 8) | (kind << 16), 8);
  store<u32>(m, name, 12);
  store<u32>(m, times, 16);
  if (isShort) short += MESSAGE;
}

/**
 * @param keys states of SHA-256 (8 u32 each): inner and outer of the key for usernames, then of that for inputs
 * @param list `count` credentials, of which none has an input of more than 119 bytes
 * @param wants 1 for records of the index account, 2 for those of password
 * @param scratch entryScratchBytes
 * @param accountOut room for all records of the index, as at `passwordOut`
 * @returns records of the account index, and << 16 those of the password index
 */
export function deriveEntries(
  keys: usize, list: usize, count: u32, capacity: u32, forms: usize, wants: u32, scratch: usize,
  accountOut: usize, passwordOut: usize,
): u32 {
  const table = scratch, names = table + capacity * 8, messages = names + capacity * NAME;
  const messagesEnd = messages + capacity * (3 + MAX_FORMS) * MESSAGE;
  const mask = 2 * capacity - 1;
  memory.fill(table, 0, capacity * 8);
  let lastName = names;
  short = messages;
  long = messagesEnd;
  for (let c = list; c < list + count * CREDENTIAL; c += CREDENTIAL) {
    const uAt = load<u32>(c), uBytes = load<u32>(c, 4), pAt = load<u32>(c, 8), pBytes = load<u32>(c, 12);
    const times = load<u32>(c, 16), formCount = load<u32>(c, 20);
    if (wants & 1 && uBytes > 0) {
      let slot = hashName(uAt, uBytes) & mask, name: usize = 0;
      for (let probe: u32 = 0; probe < MAX_PROBES; probe++, slot = (slot + 1) & mask) {
        const other = <usize>load<u32>(table + (slot << 2));
        if (other == 0) break;
        if (load<u32>(other, 4) == uBytes && equalNames(load<u32>(other), uAt, uBytes)) {
          name = other;
          break;
        }
      }
      if (name == 0) {
        name = lastName;
        lastName += NAME;
        store<u32>(table + (slot << 2), name);
        store<u32>(name, uAt);
        store<u32>(name, uBytes, 4);
        store<u32>(name, times, 12);
      } else store<u32>(name, sumTimes(load<u32>(name, 12), times), 12);
      addMessage(uAt, uBytes, pAt, pBytes, PAIR, <u32>name, times);
      for (let f = forms; f < forms + formCount * FORM; f += FORM)
        addMessage(uAt, uBytes, load<u32>(f), load<u32>(f, 4), SIMILAR, <u32>name, times);
    }
    forms += formCount * FORM;
    if (wants & 2 && pBytes > 0) addMessage(0, 0, pAt, pBytes, PASSWORD, 0, times);
  }
  for (let name = names; name < lastName; name += NAME)
    addMessage(load<u32>(name), load<u32>(name, 4), 0, 0, USERNAME, <u32>name, load<u32>(name, 12));
  account = accountOut;
  password = passwordOut;
  digestNames(keys, names, lastName);
  digestMessages(keys + 64, messages, short);
  digestMessages(keys + 64, long, messagesEnd);
  return <u32>((account - accountOut) / RECORD) | (<u32>((password - passwordOut) / RECORD) << 16);
}
