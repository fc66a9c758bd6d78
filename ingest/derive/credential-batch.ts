// Packs the credentials of other than line formats for a worker.

import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { isTooLong, normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import type { Credential } from '../../store/run/credential-records.ts';
import { NO_USERNAME, PACKED_HEADER_BYTES } from '../archive/packed-credential.ts';
import { reasonNoPassword } from '../formats/no-password.ts';
import type { RejectCounter } from '../rejects.ts';
import type { SignCounter } from '../report/signs.ts';
import type { Deriver } from './deriver.ts';

/** Batches depend on the credentials only, not on the blocks of the corpus. */
export class CredentialPacker {
  readonly #newBuffer: () => Uint8Array<ArrayBuffer>;
  #full: Uint8Array<ArrayBuffer>[] = [];
  /** Taken with the first credential of a text, and given back with its last batch. */
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #end = 0;

  /** @param newBuffer returns empty buffers of the size of a segment */
  constructor(newBuffer: () => Uint8Array<ArrayBuffer>) {
    this.#newBuffer = newBuffer;
  }

  add({ username, password, times }: Credential): void {
    const name = username === undefined ? undefined : Buffer.from(username.toWellFormed());
    const secret = Buffer.from(password.toWellFormed());
    const length = PACKED_HEADER_BYTES + (name?.length ?? 0) + secret.length;
    if (this.#end + length > this.#bytes.length) {
      if (this.#end > 0) this.#full.push(this.#bytes.subarray(0, this.#end));
      const next = this.#newBuffer();
      this.#bytes = length <= next.length ? next : new Uint8Array(length);
      this.#end = 0;
    }
    const view = new DataView(this.#bytes.buffer, this.#end);
    view.setUint32(0, Math.min(MAX_TIMES_SEEN, times), true);
    view.setUint32(4, name?.length ?? NO_USERNAME, true);
    view.setUint32(8, secret.length, true);
    if (name) this.#bytes.set(name, this.#end + PACKED_HEADER_BYTES);
    this.#bytes.set(secret, this.#end + length - secret.length);
    this.#end += length;
  }

  /** Takes the full batches. */
  takeFull(): Uint8Array<ArrayBuffer>[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** Takes all remaining batches, at the end of a stream. */
  takeAll(): Uint8Array<ArrayBuffer>[] {
    if (this.#end > 0) {
      this.#full.push(this.#bytes.subarray(0, this.#end));
      this.#bytes = new Uint8Array(0);
      this.#end = 0;
    }
    return this.takeFull();
  }
}

/** @returns the number of credentials that made records */
export function deriveCredentials(
  packed: Uint8Array,
  deriver: Deriver,
  rejects: RejectCounter,
  signs?: SignCounter,
): number {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const text = new TextDecoder('utf-8', { ignoreBOM: true });
  let credentials = 0;
  for (let at = 0; at < packed.length; ) {
    const times = view.getUint32(at, true);
    const usernameBytes = view.getUint32(at + 4, true);
    const passwordBytes = view.getUint32(at + 8, true);
    const passwordAt = at + PACKED_HEADER_BYTES + (usernameBytes === NO_USERNAME ? 0 : usernameBytes);
    const username =
      usernameBytes === NO_USERNAME ? undefined : text.decode(packed.subarray(at + PACKED_HEADER_BYTES, passwordAt));
    const password = text.decode(packed.subarray(passwordAt, passwordAt + passwordBytes));
    at = passwordAt + passwordBytes;
    if (isTooLong(password) || (username !== undefined && isTooLong(username))) {
      rejects.add('too-long');
      continue;
    }
    const reason = username === undefined ? undefined : reasonNoPassword(password);
    if (reason !== undefined) {
      if (username !== undefined) deriver.seeName?.(normalizeUsername(username));
      rejects.add(reason);
      continue;
    }
    if (signs?.isDue) signs.observe(username, password);
    const name = username === undefined ? undefined : normalizeUsername(username);
    if (deriver.add(name, normalizePassword(password), times)) credentials++;
    else rejects.add('too-long');
  }
  return credentials;
}
