// The same login with a password that nobody has: what the application answers to it is what a
// wrong password gets.

import { randomInt } from 'node:crypto';
import { headerValues, pairsOf } from '../header-pairs.ts';
import { urlDecode } from '../rules/functions/text.ts';

/** What of a request has a password. */
export interface LoginParts {
  /** Path and query. */
  readonly target: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Of which each character is one byte. */
  readonly body: string;
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/**
 * All that a login needs. By any other one, such as `Idempotency-Key`, an application may give the
 * answer again that the right password has got.
 */
const HEADERS_KEPT: ReadonlySet<string> = new Set([
  ...['accept', 'accept-language', 'accept-charset', 'content-type', 'user-agent', 'x-requested-with'],
  ...['referer', 'origin', 'cookie', 'authorization'],
]);

/**
 * @param passwords all that the application may have read as the password
 * @returns undefined if there is none to replace: whatever is overlooked has to be read again
 */
export function createDecoy(
  { target, headers, body }: LoginParts,
  passwords: readonly string[],
): LoginParts | undefined {
  const known = new Map<string, string>();
  for (const password of passwords) {
    const drawn = drawLike(password);
    // Characters, or the bytes of UTF-8.
    for (const text of [password, Buffer.from(password).toString('latin1')]) known.set(text, drawn);
  }
  let replaced = 0;
  const swap = (text: string): string | undefined => {
    const drawn = known.get(text) ?? known.get(text.trim());
    if (drawn !== undefined) replaced++;
    return drawn;
  };
  const [path = '', query] = target.split(/\?(.*)/s);
  const type = headerValues(headers, 'content-type').join().toLowerCase();
  const decoy = {
    target: query === undefined ? path : `${path}?${inForm(query, swap)}`,
    headers: pairsOf(headers).flatMap(([name, value]) => {
      const lower = name.toLowerCase();
      return HEADERS_KEPT.has(lower) ? [name, inHeader(lower, value, swap)] : [];
    }),
    body: inBody(type, body, swap),
  };
  return replaced === 0 ? undefined : decoy;
}

type Swap = (text: string) => string | undefined;

/** As long, so that nothing else of the answer depends on it. */
const drawLike = (password: string): string =>
  Array.from({ length: Math.max(1, [...password].length) }, () => LETTERS[randomInt(LETTERS.length)]).join('');

/** Each expression ends where the text does at the latest: no character is read twice. */
function inBody(type: string, body: string, swap: Swap): string {
  if (type.includes('json')) return inJson(body, swap);
  if (type.includes('xml')) return body.replace(/>([^<]*)/g, (all, text: string) => replaceIn(all, text, swap));
  if (type.startsWith('multipart/'))
    return body.replace(/\r\n\r\n([\s\S]*?)(?=\r\n--|$)/g, (all, text: string) => replaceIn(all, text, swap));
  return inForm(body, swap);
}

function replaceIn(all: string, text: string, swap: Swap): string {
  const drawn = swap(unescapeXml(text));
  return drawn === undefined ? all : all.slice(0, all.length - text.length) + drawn;
}

const inForm = (form: string, swap: Swap, values = /=([^&]*)/g): string =>
  form.replace(values, (all, value: string) => {
    const drawn = swap(urlDecode(value));
    return drawn === undefined ? all : `=${drawn}`;
  });

function inHeader(name: string, value: string, swap: Swap): string {
  if (name === 'authorization') return inBasic(value, swap);
  return name === 'cookie' ? inForm(value, swap, /=([^;]*)/g) : value;
}

const inJson = (json: string, swap: Swap): string =>
  json.replace(/"(?:[^"\\]|\\[\s\S]|\\$)*(?:"|$)/g, (literal) => {
    let text: unknown;
    try {
      text = JSON.parse(Buffer.from(literal, 'latin1').toString('utf8'));
    } catch {
      return literal;
    }
    const drawn = typeof text === 'string' ? swap(text) : undefined;
    return drawn === undefined ? literal : JSON.stringify(drawn);
  });

function inBasic(authorization: string, swap: Swap): string {
  const [, scheme = '', given = ''] = /^(basic +)(\S+)$/i.exec(authorization) ?? [];
  const text = Buffer.from(given, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const drawn = colon < 0 ? undefined : swap(text.slice(colon + 1));
  return drawn === undefined
    ? authorization
    : scheme + Buffer.from(`${text.slice(0, colon)}:${drawn}`).toString('base64');
}

const ENTITIES: { readonly [entity: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const unescapeXml = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|apos);/g, (_, entity: string) => ENTITIES[entity] as string);
