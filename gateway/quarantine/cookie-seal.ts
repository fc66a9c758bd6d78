// Values of cookies, sealed for one browser: AES-256-GCM under a key of its handle, so that what is
// copied to another browser, or written by anybody else, does not open.

import { createHmac, type KeyObject } from 'node:crypto';
import { BOX_BYTES, closeBox, openBox } from '../state/sealed-box.ts';
import type { Generation } from './generation.ts';

const PREFIX = 'cv1.';
const TIME_BYTES = 4;
/** More than any browser keeps. */
const MAX_LENGTH = 16_384;

export interface SealPlace {
  readonly app: string;
  /** Of the browser. */
  readonly handle: string;
  /** Of the cookie, letter by letter. */
  readonly name: string;
  /**
   * For which dead handles are remembered: what was sealed under another one may be of a handle
   * that is forgotten.
   */
  readonly lifeMs: number;
}

export interface OpenedCookie {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly sealedAt: number;
}

export class CookieSeal {
  readonly #key: KeyObject;
  readonly #generation: Pick<Generation, 'current'>;

  /** @param key of 32 bytes, derived for this alone */
  constructor(key: KeyObject, generation: Pick<Generation, 'current'>) {
    this.#key = key;
    this.#generation = generation;
  }

  /** @param text of which each character is one byte */
  close(place: SealPlace, text: string, now: number): string {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeUInt32BE(Math.floor(now / 1_000));
    const content = Buffer.concat([time, Buffer.from(text, 'latin1')]);
    return PREFIX + closeBox(this.#keyOf(place), this.#dataOf(place), content).toString('base64url');
  }

  /** Undefined for anything that this gateway did not seal for this place. */
  open(place: SealPlace, value: string): OpenedCookie | undefined {
    if (!value.startsWith(PREFIX) || value.length > MAX_LENGTH) return undefined;
    const text = value.slice(PREFIX.length);
    const bytes = Buffer.from(text, 'base64url');
    // Of several spellings of the same bytes, the gateway writes one.
    if (bytes.length < BOX_BYTES + TIME_BYTES || bytes.toString('base64url') !== text) return undefined;
    try {
      const opened = openBox(this.#keyOf(place), this.#dataOf(place), bytes);
      return { text: opened.toString('latin1', TIME_BYTES), sealedAt: opened.readUInt32BE() * 1_000 };
    } catch {
      return undefined;
    }
  }

  #keyOf({ handle }: SealPlace): Buffer {
    return createHmac('sha256', this.#key).update(`cookie\0${handle}`).digest();
  }

  #dataOf({ app, name, lifeMs }: SealPlace): Buffer {
    return Buffer.from(`${app}\0${name}\0${lifeMs}\0${this.#generation.current}`);
  }
}
