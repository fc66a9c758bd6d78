// What the gateway gives a browser to bring back: sealed with AES-256-GCM, so that nobody else can
// read, make or change it, and only for one purpose and a while.

import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
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
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(purpose));
    const text = JSON.stringify([Date.now() + ttlMs, value]);
    const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString('base64url');
  }

  /** Undefined for anything that this gateway did not close for this purpose. */
  open(purpose: SealPurpose, text: string): Opened | undefined {
    if (text.length > (purpose === 'form' ? MAX_FORM_LENGTH : MAX_LENGTH)) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    // Of several spellings of the same bytes, the gateway writes one.
    if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined;
    const end = bytes.length - TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(end));
    try {
      const opened = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]);
      const [untilMs, value] = JSON.parse(opened.toString('utf8')) as [number, unknown];
      return { value, isExpired: untilMs <= Date.now() };
    } catch {
      return undefined;
    }
  }
}
