// The same login with a password that nobody has: what the application answers to it is what a
// wrong password gets.

import { randomInt } from 'node:crypto';
import { urlDecode } from '../rules/functions/text.ts';

/** What of a request has a password. */
export interface LoginParts {
  /** Path and query. */
  readonly target: string;
  readonly authorization: string | undefined;
  /** Of the header Content-Type, in lower case. */
  readonly type: string;
  /** Of which each character is one byte. */
  readonly body: string;
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/**
 * @param passwords all that the application may have read as the password
 * @returns undefined if there is none to replace; whatever is overlooked shows in the answer
 */
export function createDecoy(parts: LoginParts, passwords: readonly string[]): LoginParts | undefined {
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
  const [path = '', query] = parts.target.split(/\?(.*)/s);
  const decoy = {
    ...parts,
    target: query === undefined ? path : `${path}?${inForm(query, swap)}`,
    authorization: parts.authorization && inBasic(parts.authorization, swap),
    body: inBody(parts, swap),
  };
  return replaced === 0 ? undefined : decoy;
}

type Swap = (text: string) => string | undefined;

/** As long, so that nothing else of the answer depends on it. */
const drawLike = (password: string): string =>
  Array.from({ length: Math.max(1, [...password].length) }, () => LETTERS[randomInt(LETTERS.length)]).join('');

/** Each expression ends where the text does at the latest: no character is read twice. */
function inBody({ type, body }: LoginParts, swap: Swap): string {
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

const inForm = (form: string, swap: Swap): string =>
  form.replace(/=([^&]*)/g, (all, value: string) => {
    const drawn = swap(urlDecode(value));
    return drawn === undefined ? all : `=${drawn}`;
  });

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
