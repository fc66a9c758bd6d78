// The file of observed addresses: a line for each observation, appended, and rewritten once most of
// its lines are out of date. One process writes it.

import path from 'node:path';
import { type Address, formatAddress, parseAddress } from '../../addresses/address.ts';
import { appendToPrivateFile, readWholeFile, writePrivateFile } from '../copies/private-file.ts';
import type { ObservedAddresses } from './observed-addresses.ts';

/** What a killed gateway loses. */
const FLUSH_MS = 1000;
/** An address, a space, a time in seconds. */
const LINE = /^([\da-f:.]{2,45}) (\d{1,12})$/;
const MAX_LINE_BYTES = 64;
/** Lines out of date, besides as many as there are entries. */
const SPARE_LINES = 1000;

export const observedFile = (folder: string, name: string): string => path.join(folder, `${name}.observed`);

/** Adds the entries of the file. @returns the number of its lines, and of those that are damaged */
export async function readObserved(
  file: string,
  observed: ObservedAddresses,
  maxEntries: number,
): Promise<{ readonly lines: number; readonly damaged: number }> {
  const read = await readWholeFile(file, MAX_LINE_BYTES * (2 * maxEntries + 2 * SPARE_LINES));
  const lines = Buffer.from(read?.bytes ?? [])
    .toString('latin1')
    .split('\n');
  // After the last line end: nothing, or a line that was being written.
  const torn = lines.pop() === '' ? 0 : 1;
  let damaged = torn;
  for (const line of lines) {
    const [, text = '', seconds] = LINE.exec(line) ?? [];
    const address = parseAddress(text);
    if (!address) damaged++;
    else if (Number(seconds) * 1000 > Date.now()) observed.add(address, Number(seconds) * 1000);
  }
  return { lines: lines.length, damaged };
}

export class ObservedLog {
  readonly #file: string;
  readonly #observed: ObservedAddresses;
  readonly #onFailure: (error: unknown) => void;
  #unwritten: string[] = [];
  #lines = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string, observed: ObservedAddresses, onFailure: (error: unknown) => void) {
    this.#file = file;
    this.#observed = observed;
    this.#onFailure = onFailure;
  }

  /**
   * After `readObserved`. A damaged file is written anew, so that nothing is appended to half a
   * line.
   */
  async open({ lines, damaged }: { readonly lines: number; readonly damaged: number }): Promise<void> {
    this.#lines = lines;
    if (damaged > 0) await this.#compact();
  }

  append(address: Address, untilMs: number): void {
    this.#unwritten.push(lineOf(address, untilMs));
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Writes what is not written yet. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write()).catch(this.#onFailure);
    return this.#writing;
  }

  async #write(): Promise<void> {
    const lines = this.#unwritten;
    if (lines.length === 0) return;
    this.#unwritten = [];
    this.#lines += lines.length;
    if (this.#lines > 2 * this.#observed.size + SPARE_LINES) await this.#compact();
    else await appendToPrivateFile(this.#file, lines.join(''));
  }

  async #compact(): Promise<void> {
    const now = Date.now();
    const lines: string[] = [];
    for (const { address, untilMs } of this.#observed.entries())
      if (untilMs > now) lines.push(lineOf(address, untilMs));
    await writePrivateFile(this.#file, lines.join(''));
    this.#lines = lines.length;
  }
}

const lineOf = (address: Address, untilMs: number): string =>
  `${formatAddress(address)} ${Math.ceil(untilMs / 1000)}\n`;
