// Credentials of the header Authorization: Basic, as every server reads them or not at all.

import { type Credential, credentialOf } from './credential.ts';

const SCHEME = /^\s*basic/i;
const BASIC = /^basic ([A-Za-z0-9+/]*={0,2})$/i;

/** @param header the value of Authorization; undefined if there is none */
export function readBasic(header: string | undefined): Credential | 'none' | 'malformed' {
  if (header === undefined || !SCHEME.test(header)) return 'none';
  const [, text] = BASIC.exec(header) ?? [];
  if (text === undefined) return 'malformed';
  const decoded = Buffer.from(text, 'base64');
  // Decoders differ in what they make of anything else.
  if (decoded.toString('base64') !== text) return 'malformed';
  const bytes = decoded.toString('latin1');
  const colon = bytes.indexOf(':');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 7617 §2 allows none
  if (colon < 0 || /[\0-\x1f\x7f]/.test(bytes)) return 'malformed';
  return credentialOf(bytes.slice(0, colon), [bytes.slice(colon + 1)]);
}
