// A login that succeeded and is held back: the application's whole answer, sealed for the state.

import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { JarContents } from './jar.ts';

export interface HeldLogin {
  readonly app: string;
  /** Of the application, as the browser sees it. */
  readonly origin: string;
  /** Path and query of the login. */
  readonly target: string;
  /** As the application itself names them; undefined if it did not say. */
  readonly user: string | undefined;
  readonly login: string;
  readonly status: number;
  /** Names and values in turn, none of them sealed. */
  readonly headers: readonly string[];
  /** Base64; undefined for one that was too long to be kept. */
  readonly body: string | undefined;
  /** What the browser's jar had. */
  readonly jar: JarContents;
  /** Where it goes on instead, such as to a new password. */
  readonly location: string | undefined;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function sealLogin(key: KeyObject, browser: string, login: HeldLogin): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(browser));
  const sealed = [nonce, cipher.update(JSON.stringify(login), 'utf8'), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64url');
}

/** Undefined for what was not sealed for this browser. */
export function openLogin(key: KeyObject, browser: string, text: string): HeldLogin | undefined {
  const bytes = Buffer.from(text, 'base64url');
  const end = bytes.length - TAG_BYTES;
  if (end < NONCE_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(browser)).setAuthTag(bytes.subarray(end));
  try {
    const opened = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]);
    return JSON.parse(opened.toString('utf8')) as HeldLogin;
  } catch {
    return undefined;
  }
}
