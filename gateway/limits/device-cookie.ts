// The cookie of a known browser.

import { randomBytes } from 'node:crypto';
import { DEVICE_TTL_MS } from './known-devices.ts';

const NONCE_BYTES = 32;
const NONCE = /^[A-Za-z0-9_-]{43}$/;
const SECURE_NAME = '__Host-credveil-device';
const PLAIN_NAME = 'credveil-device';

export const drawDevice = (): string => randomBytes(NONCE_BYTES).toString('base64url');

/** Among the gateway's cookies of a request. Undefined for anything else than a whole one. */
export function deviceIn(own: ReadonlyMap<string, string>, isSecure: boolean): string | undefined {
  const value = own.get(isSecure ? SECURE_NAME : PLAIN_NAME);
  return value !== undefined && NONCE.test(value) ? value : undefined;
}

/** @returns the value of Set-Cookie */
export function formatDeviceCookie(value: string, isSecure: boolean): string {
  const name = isSecure ? SECURE_NAME : PLAIN_NAME;
  const secure = isSecure ? ' Secure;' : '';
  return `${name}=${value}; Path=/; Max-Age=${DEVICE_TTL_MS / 1000}; HttpOnly;${secure} SameSite=Lax`;
}
