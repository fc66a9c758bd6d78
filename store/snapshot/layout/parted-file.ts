// A file with a digest for each part of it, so that a server reads a long one at once: a part is
// checked when it is first read, and `verify` checks all. PROTOCOL.md §12.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { openRegularFile, readFully } from '../../files.ts';
import { corruptSnapshot } from './snapshot-files.ts';

/** Checking one takes a third of a millisecond. */
export const PART_BYTES = 2 ** 19;
export const DIGEST_BYTES = 32;

export const countParts = (bytes: number): number => Math.ceil(bytes / PART_BYTES);

export class PartedFile {
  readonly bytes: number;
  readonly #what: string;
  readonly #handle: number;
  readonly #digests: Uint8Array | undefined;
  readonly #checked: Uint8Array;
  readonly #endsEarly = (): Error => corruptSnapshot(`${this.#what}: it ends early`);

  /**
   * @param what names the file in errors
   * @param digests of its parts, in order; undefined if the file was checked already
   * @throws StoreError `SNAPSHOT_CORRUPT` for a file of another length
   */
  constructor(file: string, what: string, bytes: number, digests: Uint8Array | undefined) {
    this.bytes = bytes;
    this.#what = what;
    this.#digests = digests;
    this.#checked = new Uint8Array(countParts(bytes)).fill(digests ? 0 : 1);
    this.#handle = openPart(file, what);
    const { size } = fs.fstatSync(this.#handle);
    if (size === bytes) return;
    this.close();
    throw corruptSnapshot(`${what}: ${size} bytes instead of ${bytes}`);
  }

  /**
   * Fills `target` with the bytes from `at`.
   * @throws StoreError `SNAPSHOT_CORRUPT` if a part of them does not have its digest
   */
  read(target: Buffer, length: number, at: number): void {
    const last = Math.floor((at + length - 1) / PART_BYTES);
    for (let part = Math.floor(at / PART_BYTES); part <= last; part++) if (this.#checked[part] === 0) this.#check(part);
    readFully(this.#handle, target, length, at, this.#endsEarly);
  }

  /** Checks every part. @throws StoreError `SNAPSHOT_CORRUPT` */
  verify(): void {
    for (let part = 0; part < this.#checked.length; part++) if (this.#checked[part] === 0) this.#check(part);
  }

  close(): void {
    fs.closeSync(this.#handle);
  }

  #check(part: number): void {
    const at = part * PART_BYTES;
    const content = Buffer.allocUnsafe(Math.min(PART_BYTES, this.bytes - at));
    readFully(this.#handle, content, content.length, at, this.#endsEarly);
    const digest = createHash('sha256').update(content).digest();
    const expected = this.#digests?.subarray(part * DIGEST_BYTES, (part + 1) * DIGEST_BYTES);
    if (!expected || !digest.equals(expected))
      throw corruptSnapshot(`${this.#what}: checksum mismatch of part ${part}`);
    this.#checked[part] = 1;
  }
}

function openPart(file: string, what: string): number {
  try {
    return openRegularFile(file, (why) => corruptSnapshot(`${what}: ${why}`));
  } catch (cause) {
    throw corruptSnapshot(`${what}: cannot be read`, cause);
  }
}

/** Makes the digests of a file's parts while its bytes pass. */
export class PartHasher {
  readonly #digests: Buffer[] = [];
  #hash = createHash('sha256');
  #inPart = 0;

  add(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + PART_BYTES - this.#inPart);
      this.#hash.update(bytes.subarray(from, to));
      this.#inPart += to - from;
      from = to;
      if (this.#inPart === PART_BYTES) this.#endPart();
    }
  }

  /** The digests of whole parts, one after another. */
  whole(): Buffer {
    return Buffer.concat(this.#digests);
  }

  /** The digests, one after another. */
  finish(): Buffer {
    if (this.#inPart > 0) this.#endPart();
    return this.whole();
  }

  #endPart(): void {
    this.#digests.push(this.#hash.digest());
    this.#hash = createHash('sha256');
    this.#inPart = 0;
  }
}
