// What the gateway gives a browser to bring back: sealed with AES-256-GCM, so that nobody else can
// read, make or change it, and only for one purpose and a while.

import type { KeyObject } from 'node:crypto';
import { closeBox, openBox } from '../../state/sealed-box.ts';

const MAX_LENGTH = 8_192;
/** Of a form that was kept. */
const MAX_FORM_LENGTH = 2 ** 18;

/** What sealed text is for. One of another purpose does not open. */
export type SealPurpose = 'sign-in' | 'provider' | 'pin' | 'pin-code' | 'form' | 'step-up' | 'challenge' | 'enrolment';

export interface Opened {
  readonly value: unknown;
  /** It is the gateway's, and too old. */
  readonly isExpired: boolean;
}

export class Seal {
  readonly #key: KeyObject;

  /** @param key of 32 bytes, derived for this alone */
  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** @returns base64url */
  close(purpose: SealPurpose, value: unknown, ttlMs: number): string {
    const text = JSON.stringify([Date.now() + ttlMs, value]);
    return closeBox(this.#key, Buffer.from(purpose), Buffer.from(text)).toString('base64url');
  }

  /** Undefined for anything that this gateway did not close for this purpose. */
  open(purpose: SealPurpose, text: string): Opened | undefined {
    if (text.length > (purpose === 'form' ? MAX_FORM_LENGTH : MAX_LENGTH)) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    // Of several spellings of the same bytes, the gateway writes one.
    if (bytes.toString('base64url') !== text) return undefined;
    try {
      const opened = openBox(this.#key, Buffer.from(purpose), bytes);
      const [untilMs, value] = JSON.parse(opened.toString('utf8')) as [number, unknown];
      return { value, isExpired: untilMs <= Date.now() };
    } catch {
      return undefined;
    }
  }
}
