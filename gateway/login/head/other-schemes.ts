// A name and a password behind another scheme than Basic, or behind none.
//
// Many applications decode what stands behind the scheme and look at the scheme never, or find
// `Basic` anywhere in the value: `preg_match('/Basic\s+(.*)$/i')`, `substr($value, 6)`,
// `value.split(' ')[1]`, with decoders that pass over what is no base64. Tokens pass: nearly none
// is base64 of text with a colon, and what begins as an object of JSON (a JWT) is no name.

import { isUtf8 } from 'node:buffer';
import { trimmed } from '../body/texts.ts';
import { type Credential, credentialOf } from './credential.ts';

/** @param value of a header, of which each character is one byte */
export function readOtherSchemes(value: string): readonly Credential[] {
  const encoded = new Set([...new Set(encodedIn(trimmed(value)))].flatMap(decodings));
  return [...encoded].flatMap((letters) => credentialIn(letters) ?? []);
}

const BLANKS = /\s+/;
const FIRST_BASIC = /basic\s*/i;
const LAST_BASIC = /^.*basic\s*/is;

/** What applications take for the encoded part, each in its way. */
function encodedIn(value: string): readonly string[] {
  const blank = value.search(BLANKS);
  const basic = FIRST_BASIC.exec(value);
  return [
    value,
    // As long as `Basic ` and `Bearer `.
    value.slice(6),
    value.slice(7),
    ...(blank < 0 ? [] : [value.slice(blank), value.split(BLANKS, 2)[1], value.split(' ', 2)[1]]),
    value.slice(value.lastIndexOf(' ') + 1),
    ...(basic ? [value.slice(basic.index + basic[0].length), value.replace(LAST_BASIC, '')] : []),
  ].flatMap((text = '') => (text === '' ? [] : [trimmed(text)]));
}

/**
 * Decoders pass over what is none of their letters (PHP, Node), end at a `=` (Ruby, Perl) or at
 * anything else, and know the letters of base64url or not.
 */
function decodings(text: string): readonly string[] {
  const end = text.search(END);
  const parts = end < 0 ? [text] : [text, text.slice(0, end), text.split('=', 1)[0] ?? ''];
  const all = parts.flatMap((part) => (URL_LETTERS.test(part) ? [part, withUrlLetters(part)] : [part]));
  return all.map((part) => part.replace(OTHERS, '').slice(0, MAX_LETTERS));
}

const END = /[^\w+/-]/;
const OTHERS = /[^A-Za-z0-9+/]+/g;
const URL_LETTERS = /[-_]/;
const withUrlLetters = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/');
/** More than a name and a password that people have (`isTypeable`). */
const MAX_LETTERS = 8_192;

const decode = (letters: string): string => Buffer.from(letters, 'base64').toString('latin1');

/** An object of JSON begins so, such as that of a JWT, and what NTLM sends. */
const NO_NAME = /^(?:\{|NTLMSSP\0)/;
/** A shorter one may be chance. */
const MIN_CUT = 4;

function credentialIn(letters: string): Credential | undefined {
  // Long tokens cost little: it is rare that one begins as a text.
  const start = decode(letters.slice(0, 32));
  if (NO_NAME.test(start) || !mayBegin(start.split(':', 1)[0] ?? '')) return undefined;
  const bytes = decode(letters);
  const colon = bytes.indexOf(':');
  if (colon < 0) return undefined;
  const name = bytes.slice(0, colon);
  const secret = bytes.slice(colon + 1);
  // For bcrypt a NUL ends a password, and for `explode(':', …)` a colon.
  const cuts = ['\0', ':'].map((end) => secret.split(end, 1)[0] ?? '').filter((cut) => cut.length >= MIN_CUT);
  const all = [...new Set([secret, ...cuts])];
  const secrets = all.filter((each) => each !== '' && isText(trimmed(name) + trimmed(each)));
  return secrets.length === 0 ? undefined : credentialOf(name, secrets);
}

/** The first member of the header of a JWT: RFC 7515 §4.1, RFC 7516 §4.1. */
const JWT = /^\{\s*"(?:alg|b64|crit|cty|enc|jku|jwk|kid|typ|x5[a-zA-Z0-9#]+|zip)"\s*:/;

/**
 * Whether what is decoded behind six characters has a colon, as `list($name, $password) =
 * explode(':', base64_decode(substr($value, 6)))` of PHP looks for it, and is neither read as a
 * credential nor the beginning of a JWT.
 */
export function hasUnreadCredential(value: string): boolean {
  const letters = value.slice(6).replace(OTHERS, '');
  return (
    decode(letters).includes(':') && !isJwt(value.slice(6)) && credentialIn(letters.slice(0, MAX_LETTERS)) === undefined
  );
}

/** Its header is JSON as a whole: nobody has what stands behind the first colon as a password. */
function isJwt(text: string): boolean {
  const header = decode(text.split('.', 1)[0] ?? '');
  if (!JWT.test(header)) return false;
  try {
    JSON.parse(header);
    return true;
  } catch {
    return false;
  }
}

const mayBegin = (bytes: string): boolean =>
  !NO_LETTERS.test(bytes) || isUtf8Text(bytes.replace(CONTROLS, '').replace(INCOMPLETE, ''));

/**
 * Some applications take controls out. What is no UTF-8 may be of a code page. Both only if most of
 * its characters are ASCII: else one in 30 tokens of hexadecimal digits would be text.
 */
function isText(text: string): boolean {
  const plain = text.replace(CONTROLS, '');
  const isMostlyAscii = plain.replace(ASCII, '').length * 4 <= plain.length;
  if (isUtf8Text(plain)) return plain === text || isMostlyAscii;
  return isMostlyAscii && !NO_LETTERS.test(text);
}

const isUtf8Text = (bytes: string): boolean => isUtf8(Buffer.from(bytes, 'latin1'));

const ASCII = /[\0-\x7f]+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const [CONTROLS, NO_LETTERS] = [/[\0-\x1f]+/g, /[\0-\x1f\x7f-\x9f]/];
/** The beginning of a character of UTF-8. */
const INCOMPLETE = /[\xc2-\xf4][\x80-\xbf]{0,2}$/;
