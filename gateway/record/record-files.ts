// The record on the disk: files that follow each other, of which the oldest is deleted for the
// newest. One process writes them; readers need none of its help.

import fs from 'node:fs';
import path from 'node:path';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import type { RecordConfig } from './record-schema.ts';

const FOLDER = 'record';
const FILE = /^decisions-(\d{12})\.jsonl$/;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** Space and time are freed in so many parts. */
const PARTS = 16;
/** What waits while the disk is slow. */
const MAX_WAITING_BYTES = 2 ** 24;
const HOUR_MS = 3_600_000;

export const recordFolder = (stateDirectory: string): string => path.join(stateDirectory, FOLDER);

/** Paths of the files, the oldest first; none without a folder. */
export function recordFiles(folder: string): string[] {
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => FILE.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}

export class RecordFiles {
  readonly #folder: string;
  readonly #bounds: Exclude<RecordConfig, 'off'>;
  readonly #onEvent: OnEvent;
  #handle: number | undefined;
  #bytes = 0;
  #openedAt = 0;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #isFailing = false;

  constructor(stateDirectory: string, bounds: Exclude<RecordConfig, 'off'>, onEvent: OnEvent) {
    this.#folder = recordFolder(stateDirectory);
    this.#bounds = bounds;
    this.#onEvent = onEvent;
    try {
      this.#prune();
    } catch (error) {
      this.#report(error);
    }
  }

  /** @param lines of which each is at most `MAX_LINE_BYTES` long */
  append(lines: readonly string[]): void {
    for (const line of lines) {
      if (this.#waitingBytes + line.length >= MAX_WAITING_BYTES) break;
      this.#waiting.push(`${line}\n`);
      this.#waitingBytes += line.length + 1;
    }
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves once what was appended is written, or has failed to be. */
  async written(): Promise<void> {
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#handle !== undefined) fs.closeSync(this.#handle);
    this.#handle = undefined;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      try {
        const handle = this.#open();
        const bytes = this.#take(this.#bounds.maxBytes / PARTS - this.#bytes);
        await write(handle, bytes);
        this.#bytes += bytes.length;
        this.#isFailing = false;
      } catch (error) {
        this.#report(error);
        this.#waiting = [];
        this.#waitingBytes = 0;
        this.#drop();
      }
    }
  }

  /** Lines that wait, until they are enough. */
  #take(enough: number): Buffer {
    let count = 0;
    for (let length = 0; length < enough && count < this.#waiting.length; count++)
      length += this.#waiting[count]?.length ?? 0;
    const text = this.#waiting.splice(0, count).join('');
    this.#waitingBytes -= text.length;
    return Buffer.from(text);
  }

  /** The gateway decides without its record, and says once that there is none. */
  #report(error: unknown): void {
    if (!this.#isFailing) this.#onEvent({ event: 'record-failed', ...nameError(error) });
    this.#isFailing = true;
  }

  /** The file to write to: a new one when the last is large or old enough. */
  #open(): number {
    const { maxBytes, hours } = this.#bounds;
    const isFull = this.#bytes >= maxBytes / PARTS || Date.now() - this.#openedAt >= (hours * HOUR_MS) / PARTS;
    if (this.#handle !== undefined && !isFull) return this.#handle;
    this.#drop();
    fs.mkdirSync(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
    const last = FILE.exec(path.basename(recordFiles(this.#folder).at(-1) ?? ''));
    const next = String(Number(last?.[1] ?? 0) + 1).padStart(12, '0');
    this.#handle = fs.openSync(path.join(this.#folder, `decisions-${next}.jsonl`), 'ax', PRIVATE_FILE);
    this.#bytes = 0;
    this.#openedAt = Date.now();
    this.#prune();
    return this.#handle;
  }

  #drop(): void {
    if (this.#handle !== undefined) fs.closeSync(this.#handle);
    this.#handle = undefined;
  }

  /** Deletes what is too old, and the oldest files that are too much. */
  #prune(): void {
    const { maxBytes, hours } = this.#bounds;
    let bytes = 0;
    for (const file of recordFiles(this.#folder).reverse()) {
      const { size, mtimeMs } = fs.statSync(file);
      bytes += size;
      // Room for the next part, whose last line may begin before its end.
      const isKept = bytes <= maxBytes - (2 * maxBytes) / PARTS && Date.now() - mtimeMs <= hours * HOUR_MS;
      if (!isKept) fs.rmSync(file, { force: true });
    }
  }
}

const write = (handle: number, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    fs.writeFile(handle, bytes, (error) => (error ? reject(error) : resolve()));
  });
