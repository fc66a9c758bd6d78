// The candidates in a file: passwords, and so encrypted. The key is derived from the user table,
// which every run reads again, and is in no file.
//
// A frame is u8 turn | u32 length | 12 bytes of nonce | ciphertext | 16 bytes of tag, of up to
// 64 KiB of candidates: u32 account | u16 source | u16 length | password. AES-256-GCM authenticates
// the turn and the number of the frame with it. All frames of the first turn are read before those
// of the second, whose accounts have more than their share of candidates.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { PRIVATE_FILE, writeFully } from '../../store/files.ts';
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
/** Turn and length in front of each frame. */
const START_BYTES = 5;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

export const TURNS = [0, 1] as const;
/** When a candidate is verified. */
export type Turn = (typeof TURNS)[number];

interface Frame {
  readonly bytes: Buffer;
  end: number;
}

export class SpoolWriter {
  readonly #handle: number;
  readonly #key: Buffer;
  /** The open one of each turn. */
  readonly #open: readonly Frame[] = TURNS.map(() => ({ bytes: Buffer.alloc(FRAME_BYTES), end: 0 }));
  #frames = 0;

  constructor(file: string, key: Buffer) {
    fs.rmSync(file, { force: true });
    this.#handle = fs.openSync(file, 'wx', PRIVATE_FILE);
    this.#key = key;
  }

  add(account: number, source: number, password: Uint8Array, turn: Turn = 0): void {
    const frame = this.#open[turn] as Frame;
    if (frame.end + HEADER_BYTES + password.length > FRAME_BYTES) this.#flush(turn, frame);
    const { bytes, end: at } = frame;
    bytes.writeUInt32LE(account, at);
    bytes.writeUInt16LE(source, at + 4);
    bytes.writeUInt16LE(password.length, at + 6);
    bytes.set(password, at + HEADER_BYTES);
    frame.end = at + HEADER_BYTES + password.length;
  }

  #flush(turn: number, frame: Frame): void {
    if (frame.end === 0) return;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    cipher.setAAD(additionalData(turn, this.#frames++));
    const sealed = Buffer.concat([nonce, cipher.update(frame.bytes.subarray(0, frame.end)), cipher.final()]);
    const start = Buffer.alloc(START_BYTES);
    start.writeUInt8(turn);
    start.writeUInt32LE(sealed.length + TAG_BYTES, 1);
    const all = Buffer.concat([start, sealed, cipher.getAuthTag()]);
    writeFully(this.#handle, all, all.length);
    frame.bytes.fill(0);
    frame.end = 0;
  }

  /** Makes all of it durable. */
  finish(): void {
    for (const [turn, frame] of this.#open.entries()) this.#flush(turn, frame);
    fs.fsyncSync(this.#handle);
    fs.closeSync(this.#handle);
  }

  abandon(): void {
    fs.closeSync(this.#handle);
  }
}

function additionalData(turn: number, frame: number): Buffer {
  const bytes = Buffer.alloc(START_BYTES);
  bytes.writeUInt8(turn);
  bytes.writeUInt32LE(frame, 1);
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
    for (const turn of TURNS)
      for (const plain of readFrames(handle, key, turn))
        for (let at = 0; at < plain.length; ) {
          const passwordAt = at + HEADER_BYTES;
          const end = passwordAt + plain.readUInt16LE(at + 6);
          const password = plain.subarray(passwordAt, end);
          yield { sequence: sequence++, account: plain.readUInt32LE(at), source: plain.readUInt16LE(at + 4), password };
          at = end;
        }
    if (sequence !== total) throw damaged();
  } finally {
    fs.closeSync(handle);
  }
}

/** Those of a turn, opened. */
function* readFrames(handle: number, key: Buffer, turn: Turn): Generator<Buffer> {
  let at = 0;
  for (let number = 0; ; number++) {
    const start = readAt(handle, at, START_BYTES);
    if (start.length === 0) return;
    if (start.length < START_BYTES) throw damaged();
    const length = start.readUInt32LE(1);
    if (length > 2 * FRAME_BYTES) throw damaged();
    if (start[0] === turn) yield openFrame(readAt(handle, at + START_BYTES, length), key, turn, number);
    at += START_BYTES + length;
  }
}

function readAt(handle: number, position: number, bytes: number): Buffer {
  const found = Buffer.alloc(bytes);
  let at = 0;
  while (at < bytes) {
    const read = fs.readSync(handle, found, at, bytes - at, position + at);
    if (read === 0) break;
    at += read;
  }
  return found.subarray(0, at);
}

function openFrame(sealed: Buffer, key: Buffer, turn: Turn, number: number): Buffer {
  try {
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(turn, number));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw damaged(cause);
  }
}

export const stateCorrupt = (what: string, cause?: unknown): MatchError =>
  new MatchError('STATE_CORRUPT', what, 'Delete the state folder and run the same command again.', { cause });

const damaged = (cause?: unknown): MatchError => stateCorrupt('the candidates in the state folder are damaged', cause);
