// The `hmac` suite for ingest: messages are written straight into the batch kernel. PROTOCOL.md §3, §4, §11.

import { HmacKernel, MAX_KERNEL_MESSAGE_BYTES } from '../../accel/hmac-kernel.ts';
import type { HmacKey, NormalizedPassword, NormalizedUsername } from '../../protocol/brands.ts';
import { createHmacSuite, hmacSubkey } from '../../protocol/hmac-suite.ts';
import { EntryKind, INPUT_OVERHEAD_BYTES } from '../../protocol/private-input.ts';
import { isOneRepeated, MAX_SIMILAR_FORMS, similarRanges } from '../../protocol/similar.ts';
import { deriveRecords } from '../../store/run/credential-records.ts';
import { KIND_AT, PAD_AT, writeTimes } from '../../store/run/record.ts';
import type { RecordSorter } from '../sort/record-sorter.ts';
import type { Sorters } from '../sort/sorters.ts';
import type { Deriver } from './deriver.ts';

const BATCH = 2048;
const NONE = 0xffff_ffff;

/** A credential that waits for its digests: its times, and the places of account, pair, username, password and forms. */
const FORMS_AT = 5;
const FIELDS = FORMS_AT + MAX_SIMILAR_FORMS;

/** @param similar makes entries of similarity forms too */
export function createHmacDeriver(key: HmacKey, sorters: Sorters, similar = false): Deriver {
  const suite = createHmacSuite(key);
  const accounts = new HmacKernel(hmacSubkey(key, 'account'), BATCH);
  const entries = new HmacKernel(hmacSubkey(key, 'entry'), (similar ? 3 + MAX_SIMILAR_FORMS : 3) * BATCH);
  const waiting = new Uint32Array(BATCH * FIELDS);
  let count = 0;
  const { account, password: passwords } = sorters;

  /** Writes a PrivateInput to the kernel. @returns its place in the batch */
  function input(
    kind: EntryKind,
    u: Uint8Array,
    uFrom: number,
    uTo: number,
    p: Uint8Array,
    pFrom: number,
    pTo: number,
  ): number {
    const out = entries.bytes;
    let at = entries.messageAt;
    const uBytes = uTo - uFrom;
    const pBytes = pTo - pFrom;
    out[at++] = kind;
    out[at++] = 0;
    out[at++] = uBytes;
    for (let i = uFrom; i < uTo; i++) out[at++] = u[i] as number;
    out[at++] = 0;
    out[at++] = pBytes;
    for (let i = pFrom; i < pTo; i++) out[at++] = p[i] as number;
    return entries.commitMessage(INPUT_OVERHEAD_BYTES + uBytes + pBytes);
  }

  function commitUsername(username: Uint8Array, from: number, to: number): number {
    const out = accounts.bytes;
    const at = accounts.messageAt;
    for (let i = from; i < to; i++) out[at + i - from] = username[i] as number;
    return accounts.commitMessage(to - from);
  }

  /** The password is ASCII. */
  function enqueueForms(
    at: number,
    u: Uint8Array,
    uFrom: number,
    uTo: number,
    p: Uint8Array,
    pFrom: number,
    pTo: number,
  ): void {
    lowerCase(p, pFrom, pTo, folded);
    const text = folded.subarray(0, pTo - pFrom);
    const ranges = similarRanges(text.length, isOneRepeated(text));
    for (let i = 0; i < ranges.length; i++) {
      const [from, to] = ranges[i] as (typeof ranges)[number];
      waiting[at + FORMS_AT + i] = input(EntryKind.similar, u, uFrom, uTo, folded, from, to);
    }
  }

  /** All lengths fit the kernel. The fields are normalized, the password is ASCII where forms are wanted. */
  function enqueue(
    u: Uint8Array,
    uFrom: number,
    uTo: number,
    p: Uint8Array,
    pFrom: number,
    pTo: number,
    times: number,
  ): void {
    const at = FIELDS * count++;
    waiting[at] = times;
    for (let i = at + 1; i < at + FIELDS; i++) waiting[i] = NONE;
    if (account && uFrom >= 0) {
      waiting[at + 1] = commitUsername(u, uFrom, uTo);
      waiting[at + 2] = input(EntryKind.pair, u, uFrom, uTo, p, pFrom, pTo);
      if (uTo > uFrom) waiting[at + 3] = input(EntryKind.username, u, uFrom, uTo, p, 0, 0);
      if (similar) enqueueForms(at, u, uFrom, uTo, p, pFrom, pTo);
    }
    if (passwords && pTo > pFrom) waiting[at + 4] = input(EntryKind.password, u, 0, 0, p, pFrom, pTo);
    if (count === BATCH) flush();
  }

  function record(
    sorter: RecordSorter,
    hashes: Uint8Array,
    hashAt: number,
    digestAt: number,
    kind: EntryKind,
    times: number,
  ): void {
    const at = sorter.reserve();
    const out = sorter.records;
    const digest = entries.bytes;
    for (let i = 0; i < 4; i++) out[at + i] = hashes[hashAt + i] as number;
    for (let i = 0; i < 6; i++) out[at + 4 + i] = digest[digestAt + i] as number;
    out[at + KIND_AT] = kind;
    for (let i = 0; i < 3; i++) out[at + PAD_AT + i] = digest[digestAt + 6 + i] as number;
    writeTimes(out, at, times);
  }

  function flush(): void {
    accounts.run();
    entries.run();
    for (let at = 0; at < FIELDS * count; at += FIELDS) {
      const times = waiting[at] as number;
      const pair = waiting[at + 2] as number;
      const username = waiting[at + 3] as number;
      const password = waiting[at + 4] as number;
      if (account && pair !== NONE) {
        const hashAt = accounts.digestAt(waiting[at + 1] as number);
        record(account, accounts.bytes, hashAt, entries.digestAt(pair), EntryKind.pair, times);
        if (username !== NONE)
          record(account, accounts.bytes, hashAt, entries.digestAt(username), EntryKind.username, times);
        for (let i = at + FORMS_AT; i < at + FIELDS && waiting[i] !== NONE; i++)
          record(account, accounts.bytes, hashAt, entries.digestAt(waiting[i] as number), EntryKind.similar, times);
      }
      if (passwords && password !== NONE) {
        const digestAt = entries.digestAt(password);
        record(passwords, entries.bytes, digestAt + 16, digestAt, EntryKind.password, times);
      }
    }
    count = 0;
  }

  const slow = deriveRecords(suite, sorters.indexes, similar);
  const lower = new Uint8Array(MAX_KERNEL_MESSAGE_BYTES);
  const folded = new Uint8Array(MAX_KERNEL_MESSAGE_BYTES);

  return {
    addAscii(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times) {
      const uBytes = usernameFrom < 0 ? 0 : usernameTo - usernameFrom;
      if (uBytes + passwordTo - passwordFrom + INPUT_OVERHEAD_BYTES > MAX_KERNEL_MESSAGE_BYTES) {
        const username = usernameFrom < 0 ? undefined : bytes.slice(usernameFrom, usernameTo);
        if (username) lowerCase(username, 0, username.length, username);
        slow(
          username as NormalizedUsername | undefined,
          bytes.slice(passwordFrom, passwordTo) as NormalizedPassword,
          times,
          sorters.emit,
        );
        return;
      }
      if (usernameFrom >= 0) lowerCase(bytes, usernameFrom, usernameTo, lower);
      enqueue(lower, usernameFrom < 0 ? -1 : 0, uBytes, bytes, passwordFrom, passwordTo, times);
    },
    add(username, password, times) {
      const fits = (username?.length ?? 0) + password.length + INPUT_OVERHEAD_BYTES <= MAX_KERNEL_MESSAGE_BYTES;
      if (fits && !(similar && hasNonAscii(password))) {
        enqueue(username ?? lower, username ? 0 : -1, username?.length ?? 0, password, 0, password.length, times);
        return true;
      }
      return slow(username as NormalizedUsername | undefined, password as NormalizedPassword, times, sorters.emit);
    },
    flush,
  };
}

function hasNonAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return true;
  return false;
}

/** ASCII letters alone. */
export function lowerCase(from: Uint8Array, start: number, end: number, to: Uint8Array): void {
  for (let i = start; i < end; i++) {
    const byte = from[i] as number;
    to[i - start] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
  }
}
