// Derives records under the `hmac` suite, writing fields straight into the batch kernel.
// PROTOCOL.md §3, §4, §11.

import { EntryKernel, MAX_ENTRY_BYTES } from '../../accel/entry-kernel.ts';
import type { HmacKey, NormalizedPassword, NormalizedUsername } from '../../protocol/brands.ts';
import { createHmacSuite, hmacSubkey } from '../../protocol/hmac-suite.ts';
import { copyLetters, foldSimilar, isOneRepeated, similarForms, similarRanges } from '../../protocol/similar.ts';
import { deriveRecords } from '../../store/run/credential-records.ts';
import type { Sorters } from '../sort/sorters.ts';
import type { Deriver } from './deriver.ts';

/** @param similar also derives an entry for each similarity form */
export function createHmacDeriver(key: HmacKey, sorters: Sorters, similar = false): Deriver {
  return new HmacDeriver(key, sorters, similar);
}

class HmacDeriver implements Deriver {
  readonly #kernel: EntryKernel;
  readonly #sorters: Sorters;
  readonly #similar: boolean;
  /** Takes the credentials that do not fit the kernel. */
  readonly #deriveOne: ReturnType<typeof deriveRecords>;

  readonly #folded = new Uint8Array(MAX_ENTRY_BYTES);
  readonly #letters = new Uint8Array(MAX_ENTRY_BYTES);

  constructor(key: HmacKey, sorters: Sorters, similar: boolean) {
    const { account, password, indexes } = sorters;
    this.#kernel = new EntryKernel(
      { account: hmacSubkey(key, 'account'), entry: hmacSubkey(key, 'entry') },
      { account: account !== undefined, password: password !== undefined },
    );
    this.#sorters = sorters;
    this.#similar = similar && account !== undefined;
    this.#deriveOne = deriveRecords(createHmacSuite(key), indexes, similar);
  }

  addBytes(bytes: Uint8Array, uFrom: number, uTo: number, pFrom: number, pTo: number, times: number): void {
    const uBytes = uFrom < 0 ? 0 : uTo - uFrom;
    const isOther = this.#similar && uBytes > 0 && hasNonAscii(bytes, pFrom, pTo);
    if (isOther || uBytes + pTo - pFrom > MAX_ENTRY_BYTES) {
      const username = uFrom < 0 ? undefined : bytes.slice(uFrom, uTo);
      if (username) lowerCase(username, 0, username.length, username);
      this.add(username, bytes.slice(pFrom, pTo), times);
      return;
    }
    const { bytes: out, end } = this.#kernel;
    for (let i = 0; i < uBytes; i++) out[end + i] = lower(bytes[uFrom + i] as number);
    const passwordAt = end + uBytes;
    for (let i = pFrom; i < pTo; i++) out[passwordAt + i - pFrom] = bytes[i] as number;
    this.#kernel.add(uBytes, pTo - pFrom, times);
    if (this.#similar && uBytes > 0) this.#addAsciiForms(passwordAt, pTo - pFrom);
    if (this.#kernel.isFull) this.flush();
  }

  add(username: Uint8Array | undefined, password: Uint8Array, times: number): boolean {
    const uBytes = username?.length ?? 0;
    if (uBytes + password.length > MAX_ENTRY_BYTES) return this.#addOne(username, password, times);
    const hasForms = this.#similar && uBytes > 0;
    const isOther = hasForms && hasNonAscii(password, 0, password.length);
    const forms = isOther ? similarForms(password as NormalizedPassword) : [];
    // Lower case may be longer in UTF-8.
    if (forms.some(({ length }) => uBytes + length > MAX_ENTRY_BYTES)) return this.#addOne(username, password, times);
    const { bytes: out, end } = this.#kernel;
    for (let i = 0; i < uBytes; i++) out[end + i] = username?.[i] as number;
    const passwordAt = end + uBytes;
    for (let i = 0; i < password.length; i++) out[passwordAt + i] = password[i] as number;
    this.#kernel.add(uBytes, password.length, times);
    if (hasForms && !isOther) this.#addAsciiForms(passwordAt, password.length);
    for (const form of forms) {
      const at = this.#kernel.end;
      out.set(form, at);
      this.#kernel.addForm(at, form.length, at + form.length);
    }
    if (this.#kernel.isFull) this.flush();
    return true;
  }

  /** Digests the batch and hands its records to the sorters. */
  flush(): void {
    const { account, password } = this.#kernel.run();
    this.#sorters.account?.add(account);
    this.#sorters.password?.add(password);
  }

  #addOne(username: Uint8Array | undefined, password: Uint8Array, times: number): boolean {
    const { emit } = this.#sorters;
    return this.#deriveOne(username as NormalizedUsername | undefined, password as NormalizedPassword, times, emit);
  }

  /** Adds the forms of the last credential, whose password at `passwordAt` is plain ASCII. */
  #addAsciiForms(passwordAt: number, passwordBytes: number): void {
    const kernel = this.#kernel;
    const { bytes: out, end } = kernel;
    const folded = this.#folded;
    for (let i = 0; i < passwordBytes; i++) folded[i] = lower(out[passwordAt + i] as number);
    const count = foldSimilar(folded, passwordBytes);
    for (let i = 0; i < count; i++) out[end + i] = folded[i] as number;
    const ranges = similarRanges(count, isOneRepeated(folded, count));
    for (const [from, to] of ranges) kernel.addForm(end + from, to - from, end + count);
    const length = copyLetters(folded, count, this.#letters);
    if (length === 0) return;
    const at = kernel.end;
    for (let i = 0; i < length; i++) out[at + i] = this.#letters[i] as number;
    kernel.addForm(at, length, at + length);
  }
}

function hasNonAscii(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((bytes[i] as number) > 0x7f) return true;
  return false;
}

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

/** Folds ASCII letters and copies every other byte. */
export function lowerCase(from: Uint8Array, start: number, end: number, to: Uint8Array): void {
  for (let i = start; i < end; i++) to[i - start] = lower(from[i] as number);
}
