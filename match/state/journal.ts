// The journal of a match: what is settled, a line each. Whoever could alter it could hide an
// account, so each line is `MAC JSON`, where the MAC covers the line before too. The key comes from
// the user table and is in no file. A journal that is cut off after a line costs work alone.

import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import type { LeftOutGroup } from '../../ingest/input/left-out.ts';
import { equalTexts } from '../../protocol/bytes.ts';
import { isMissing, PRIVATE_FILE, writeFully } from '../../store/files.ts';
import { stateCorrupt } from './spool.ts';

const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW = 0 } = fs.constants;
const SYNC_MS = 1000;
const MAC_DIGITS = 64;
const LF = 0x0a;

/** A result of verification: the candidate that fits an account's hash. */
export interface Hit {
  readonly account: number;
  readonly source: number;
  /** The place of the candidate, and of its variant if it is not the password itself. */
  readonly sequence: number;
}

export type PassName = 'exact' | 'similar';

/** A line of the journal. */
export type JournalEntry =
  | { readonly scanned: unknown; readonly leftOut: readonly LeftOutGroup[] }
  | {
      readonly pass: PassName;
      /** The half-open range of sequences that is settled. */
      readonly from: number;
      readonly to: number;
      readonly hits: readonly Hit[];
      /** Accounts whose hash could not be computed. */
      readonly failed?: readonly number[];
    }
  /** Absolute paths of files that the process is about to write. */
  | { readonly outputs: readonly string[] };

export class Journal {
  /** What earlier processes wrote. */
  readonly earlier: readonly JournalEntry[];
  readonly #file: string;
  readonly #key: Buffer;
  /** Of the lines that earlier processes ended. */
  readonly #wholeBytes: number;
  #handle: number | undefined;
  /** Of the last line. */
  #mac: string;
  #syncedMs = Number.NEGATIVE_INFINITY;

  /**
   * @param job a digest that names the job: the MAC before the first line
   * @throws MatchError `STATE_CORRUPT`
   */
  constructor(file: string, key: Buffer, job: string) {
    this.#file = file;
    this.#key = key;
    this.#mac = job;
    const whole = readWholeLines(file);
    this.#wholeBytes = whole.length;
    this.earlier = whole
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => this.#open(line));
  }

  #open(line: string): JournalEntry {
    const text = line.slice(MAC_DIGITS + 1);
    const mac = this.#seal(text);
    if (!equalTexts(line.slice(0, MAC_DIGITS + 1), `${mac} `)) throw stateCorrupt('the journal is damaged or altered');
    this.#mac = mac;
    return JSON.parse(text) as JournalEntry;
  }

  #seal(text: string): string {
    return createHmac('sha256', this.#key).update(`${this.#mac} ${text}`).digest('hex');
  }

  append(entry: JournalEntry): void {
    this.#handle ??= openToAppend(this.#file, this.#wholeBytes);
    const text = JSON.stringify(entry);
    this.#mac = this.#seal(text);
    const line = Buffer.from(`${this.#mac} ${text}\n`);
    writeFully(this.#handle, line, line.length);
    // What a power failure takes is done again; files that are there would be refused.
    const now = performance.now();
    if (now - this.#syncedMs < SYNC_MS && !('outputs' in entry)) return;
    this.#syncedMs = now;
    fs.fsyncSync(this.#handle);
  }

  close(): void {
    if (this.#handle !== undefined) fs.closeSync(this.#handle);
    this.#handle = undefined;
  }
}

/** A line that a killed process did not finish does not count. */
function readWholeLines(file: string): Buffer {
  try {
    const bytes = fs.readFileSync(file);
    return bytes.subarray(0, bytes.lastIndexOf(LF) + 1);
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  }
}

/** Cuts off an unfinished line, which the next one would be joined to. */
function openToAppend(file: string, wholeBytes: number): number {
  const handle = fs.openSync(file, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, PRIVATE_FILE);
  fs.ftruncateSync(handle, wholeBytes);
  return handle;
}
