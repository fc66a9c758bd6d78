// The candidates in a file: passwords, and so encrypted. The key is derived from the user table,
// which every run reads again, and is in no file.
//
// A frame is u32 length | 12 bytes of nonce | ciphertext | 16 bytes of tag, of up to 64 KiB of
// candidates: u32 account | u16 source | u16 length | password. AES-256-GCM authenticates the
// number of the frame with it.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { writeFully } from '../../store/run/run.ts';
import { MatchError } from '../errors.ts';

export interface SpooledCandidate {
  /** The place in the order of verification. */
  readonly sequence: number;
  readonly account: number;
  readonly source: number;
  readonly password: Buffer;
}

const FRAME_BYTES = 1 << 16;
const HEADER_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
export const PRIVATE_FILE = 0o600;

export class SpoolWriter {
  readonly #handle: number;
  readonly #key: Buffer;
  #frame = Buffer.alloc(FRAME_BYTES);
  #end = 0;
  #frames = 0;

  constructor(file: string, key: Buffer) {
    fs.rmSync(file, { force: true });
    this.#handle = fs.openSync(file, 'wx', PRIVATE_FILE);
    this.#key = key;
  }

  add(account: number, source: number, password: Uint8Array): void {
    if (this.#end + HEADER_BYTES + password.length > FRAME_BYTES) this.#flush();
    const at = this.#end;
    this.#frame.writeUInt32LE(account, at);
    this.#frame.writeUInt16LE(source, at + 4);
    this.#frame.writeUInt16LE(password.length, at + 6);
    this.#frame.set(password, at + HEADER_BYTES);
    this.#end = at + HEADER_BYTES + password.length;
  }

  #flush(): void {
    if (this.#end === 0) return;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    cipher.setAAD(frameNumber(this.#frames++));
    const sealed = Buffer.concat([nonce, cipher.update(this.#frame.subarray(0, this.#end)), cipher.final()]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(sealed.length + TAG_BYTES);
    const frame = Buffer.concat([length, sealed, cipher.getAuthTag()]);
    writeFully(this.#handle, frame, frame.length);
    this.#frame.fill(0);
    this.#end = 0;
  }

  /** Makes all of it durable. */
  finish(): void {
    this.#flush();
    fs.fsyncSync(this.#handle);
    fs.closeSync(this.#handle);
  }

  abandon(): void {
    fs.closeSync(this.#handle);
  }
}

function frameNumber(frame: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(frame);
  return bytes;
}

/**
 * @param total the number of candidates
 * @throws MatchError `STATE_CORRUPT`
 */
export function* readSpool(file: string, key: Buffer, total: number): Generator<SpooledCandidate> {
  if (!fs.existsSync(file)) throw damaged();
  const handle = fs.openSync(file, 'r');
  try {
    let sequence = 0;
    for (let frame = 0; ; frame++) {
      const length = readExactly(handle, 4);
      if (length.length === 0) {
        if (sequence !== total) throw damaged();
        return;
      }
      const sealed = readExactly(handle, length.length < 4 ? 0 : Math.min(length.readUInt32LE(), 2 * FRAME_BYTES));
      const plain = openFrame(sealed, key, frame);
      for (let at = 0; at < plain.length; ) {
        const passwordAt = at + HEADER_BYTES;
        const end = passwordAt + plain.readUInt16LE(at + 6);
        const password = plain.subarray(passwordAt, end);
        yield { sequence: sequence++, account: plain.readUInt32LE(at), source: plain.readUInt16LE(at + 4), password };
        at = end;
      }
    }
  } finally {
    fs.closeSync(handle);
  }
}

function readExactly(handle: number, bytes: number): Buffer {
  const found = Buffer.alloc(bytes);
  let at = 0;
  while (at < bytes) {
    const read = fs.readSync(handle, found, at, bytes - at, null);
    if (read === 0) break;
    at += read;
  }
  return found.subarray(0, at);
}

function openFrame(sealed: Buffer, key: Buffer, frame: number): Buffer {
  try {
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(frameNumber(frame));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw damaged(cause);
  }
}

export const stateCorrupt = (what: string, cause?: unknown): MatchError =>
  new MatchError('STATE_CORRUPT', what, 'Delete the state folder and run the same command again.', { cause });

const damaged = (cause?: unknown): MatchError => stateCorrupt('the candidates in the state folder are damaged', cause);
