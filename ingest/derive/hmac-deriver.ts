// Derives records under the `hmac` suite, writing messages straight into the batch kernel.
// PROTOCOL.md §3, §4, §11.

import { HmacKernel, MAX_KERNEL_MESSAGE_BYTES } from '../../accel/hmac-kernel.ts';
import type { HmacKey, NormalizedPassword, NormalizedUsername } from '../../protocol/brands.ts';
import { TAG_AND_SEED_BYTES } from '../../protocol/entry.ts';
import { createHmacSuite, hmacSubkey } from '../../protocol/hmac-suite.ts';
import { EntryKind, INPUT_OVERHEAD_BYTES, MAX_SIMILAR_FORMS } from '../../protocol/private-input.ts';
import { copyLetters, foldSimilar, isOneRepeated, similarRanges } from '../../protocol/similar.ts';
import { deriveRecords } from '../../store/run/credential-records.ts';
import { KIND_AT, TAG_AT, writeTimes } from '../../store/run/record.ts';
import type { RecordSorter } from '../sort/record-sorter.ts';
import type { Sorters } from '../sort/sorters.ts';
import type { Deriver } from './deriver.ts';

const BATCH = 2048;
const NONE = 0xffff_ffff;

/**
 * A pending credential is a row of u32: its times seen, then the places in the kernels' batches of
 * its username and of each of its inputs. NONE where it has no such input.
 */
const TIMES = 0;
const ACCOUNT = 1;
const PAIR = 2;
const USERNAME = 3;
const PASSWORD = 4;
const FORMS = 5;
const ROW = FORMS + MAX_SIMILAR_FORMS;

/** @param similar also derives an entry for each similarity form */
export function createHmacDeriver(key: HmacKey, sorters: Sorters, similar = false): Deriver {
  return new HmacDeriver(key, sorters, similar);
}

class HmacDeriver implements Deriver {
  /** Digests usernames: the first bytes are the bucket hash of the account index. */
  readonly #accounts: HmacKernel;
  /** Digests PrivateInputs. */
  readonly #entries: HmacKernel;
  readonly #sorters: Sorters;
  readonly #similar: boolean;
  /** Takes the credentials that do not fit the kernel. */
  readonly #deriveOne: ReturnType<typeof deriveRecords>;
  readonly #pending = new Uint32Array(BATCH * ROW);
  #count = 0;
  readonly #username = new Uint8Array(MAX_KERNEL_MESSAGE_BYTES);
  readonly #folded = new Uint8Array(MAX_KERNEL_MESSAGE_BYTES);
  readonly #letters = new Uint8Array(MAX_KERNEL_MESSAGE_BYTES);

  constructor(key: HmacKey, sorters: Sorters, similar: boolean) {
    this.#accounts = new HmacKernel(hmacSubkey(key, 'account'), BATCH);
    this.#entries = new HmacKernel(hmacSubkey(key, 'entry'), (similar ? 3 + MAX_SIMILAR_FORMS : 3) * BATCH);
    this.#sorters = sorters;
    this.#similar = similar;
    this.#deriveOne = deriveRecords(createHmacSuite(key), sorters.indexes, similar);
  }

  addAscii(bytes: Uint8Array, uFrom: number, uTo: number, pFrom: number, pTo: number, times: number): void {
    const uBytes = uFrom < 0 ? 0 : uTo - uFrom;
    if (uBytes + pTo - pFrom + INPUT_OVERHEAD_BYTES > MAX_KERNEL_MESSAGE_BYTES) {
      const username = uFrom < 0 ? undefined : bytes.slice(uFrom, uTo);
      if (username) lowerCase(username, 0, username.length, username);
      this.#addOne(username, bytes.slice(pFrom, pTo), times);
      return;
    }
    if (uFrom >= 0) lowerCase(bytes, uFrom, uTo, this.#username);
    this.#enqueue(this.#username, uFrom < 0 ? -1 : 0, uBytes, bytes, pFrom, pTo, times);
  }

  add(username: Uint8Array | undefined, password: Uint8Array, times: number): boolean {
    const uBytes = username?.length ?? 0;
    const fits = uBytes + password.length + INPUT_OVERHEAD_BYTES <= MAX_KERNEL_MESSAGE_BYTES;
    if (!fits || (this.#similar && hasNonAscii(password))) return this.#addOne(username, password, times);
    this.#enqueue(username ?? this.#username, username ? 0 : -1, uBytes, password, 0, password.length, times);
    return true;
  }

  /** Digests the batch and hands its records to the sorters. */
  flush(): void {
    this.#accounts.run();
    this.#entries.run();
    const { account, password } = this.#sorters;
    for (let row = 0; row < ROW * this.#count; row += ROW) {
      if (account) this.#recordAccount(account, row);
      if (password) this.#recordPassword(password, row);
    }
    this.#count = 0;
  }

  #addOne(username: Uint8Array | undefined, password: Uint8Array, times: number): boolean {
    const { emit } = this.#sorters;
    return this.#deriveOne(username as NormalizedUsername | undefined, password as NormalizedPassword, times, emit);
  }

  /**
   * Requires normalized fields whose lengths fit the kernel, and an ASCII password if similarity
   * forms are derived.
   * @param uFrom negative if there is no username; an empty one counts as none
   */
  #enqueue(u: Uint8Array, uFrom: number, uTo: number, p: Uint8Array, pFrom: number, pTo: number, times: number): void {
    const pending = this.#pending;
    const entries = this.#entries;
    const row = ROW * this.#count++;
    pending[row + TIMES] = times;
    for (let i = row + ACCOUNT; i < row + ROW; i++) pending[i] = NONE;
    if (this.#sorters.account && uFrom >= 0 && uTo > uFrom) {
      pending[row + ACCOUNT] = commitBytes(this.#accounts, u, uFrom, uTo);
      pending[row + PAIR] = commitInput(entries, EntryKind.pair, u, uFrom, uTo, p, pFrom, pTo);
      pending[row + USERNAME] = commitInput(entries, EntryKind.username, u, uFrom, uTo, p, 0, 0);
      if (this.#similar) this.#enqueueForms(row, u, uFrom, uTo, p, pFrom, pTo);
    }
    if (this.#sorters.password && pTo > pFrom)
      pending[row + PASSWORD] = commitInput(entries, EntryKind.password, u, 0, 0, p, pFrom, pTo);
    if (this.#count === BATCH) this.flush();
  }

  #enqueueForms(
    row: number,
    u: Uint8Array,
    uFrom: number,
    uTo: number,
    p: Uint8Array,
    pFrom: number,
    pTo: number,
  ): void {
    const folded = this.#folded;
    lowerCase(p, pFrom, pTo, folded);
    const count = foldSimilar(folded, pTo - pFrom);
    const add = (place: number, form: Uint8Array, from: number, to: number): void => {
      this.#pending[row + FORMS + place] = commitInput(this.#entries, EntryKind.similar, u, uFrom, uTo, form, from, to);
    };
    const ranges = similarRanges(count, isOneRepeated(folded, count));
    for (let i = 0; i < ranges.length; i++) {
      const [from, to] = ranges[i] as (typeof ranges)[number];
      add(i, folded, from, to);
    }
    const letters = copyLetters(folded, count, this.#letters);
    if (letters > 0) add(ranges.length, this.#letters, 0, letters);
  }

  #recordAccount(sorter: RecordSorter, row: number): void {
    const pending = this.#pending;
    const pair = pending[row + PAIR] as number;
    if (pair === NONE) return;
    const { bytes: hashes } = this.#accounts;
    const { bytes: digests } = this.#entries;
    const hashAt = this.#accounts.digestAt(pending[row + ACCOUNT] as number);
    const times = pending[row + TIMES] as number;
    writeRecord(sorter, hashes, hashAt, digests, this.#entries.digestAt(pair), EntryKind.pair, times);
    const username = pending[row + USERNAME] as number;
    if (username !== NONE)
      writeRecord(sorter, hashes, hashAt, digests, this.#entries.digestAt(username), EntryKind.username, times);
    for (let i = row + FORMS; i < row + ROW && pending[i] !== NONE; i++) {
      const digestAt = this.#entries.digestAt(pending[i] as number);
      writeRecord(sorter, hashes, hashAt, digests, digestAt, EntryKind.similar, times);
    }
  }

  #recordPassword(sorter: RecordSorter, row: number): void {
    const password = this.#pending[row + PASSWORD] as number;
    if (password === NONE) return;
    const { bytes: digests } = this.#entries;
    const digestAt = this.#entries.digestAt(password);
    const times = this.#pending[row + TIMES] as number;
    writeRecord(sorter, digests, digestAt + 16, digests, digestAt, EntryKind.password, times);
  }
}

/**
 * Adds a PrivateInput of the fields u[uFrom, uTo) and p[pFrom, pTo).
 * @returns its place in the batch
 */
function commitInput(
  kernel: HmacKernel,
  kind: EntryKind,
  u: Uint8Array,
  uFrom: number,
  uTo: number,
  p: Uint8Array,
  pFrom: number,
  pTo: number,
): number {
  const out = kernel.bytes;
  let at = kernel.messageAt;
  const uBytes = uTo - uFrom;
  const pBytes = pTo - pFrom;
  out[at++] = kind;
  out[at++] = 0;
  out[at++] = uBytes;
  for (let i = uFrom; i < uTo; i++) out[at++] = u[i] as number;
  out[at++] = 0;
  out[at++] = pBytes;
  for (let i = pFrom; i < pTo; i++) out[at++] = p[i] as number;
  return kernel.commitMessage(INPUT_OVERHEAD_BYTES + uBytes + pBytes);
}

/** Adds bytes[from, to). @returns its place in the batch */
function commitBytes(kernel: HmacKernel, bytes: Uint8Array, from: number, to: number): number {
  const out = kernel.bytes;
  const at = kernel.messageAt;
  for (let i = from; i < to; i++) out[at + i - from] = bytes[i] as number;
  return kernel.commitMessage(to - from);
}

/** The bucket hash is hashes[hashAt, +4); tag and seed are digests[digestAt, +14). */
function writeRecord(
  sorter: RecordSorter,
  hashes: Uint8Array,
  hashAt: number,
  digests: Uint8Array,
  digestAt: number,
  kind: EntryKind,
  times: number,
): void {
  const at = sorter.reserve();
  const out = sorter.records;
  for (let i = 0; i < 4; i++) out[at + i] = hashes[hashAt + i] as number;
  for (let i = 0; i < TAG_AND_SEED_BYTES; i++) out[at + TAG_AT + i] = digests[digestAt + i] as number;
  out[at + KIND_AT] = kind;
  writeTimes(out, at, times);
}

function hasNonAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return true;
  return false;
}

/** Folds ASCII letters and copies every other byte. */
export function lowerCase(from: Uint8Array, start: number, end: number, to: Uint8Array): void {
  for (let i = start; i < end; i++) {
    const byte = from[i] as number;
    to[i - start] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
  }
}
