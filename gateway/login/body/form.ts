// Forms and queries: pairs of names and values, as every server reads them or not at all.

import { urlDecode } from '../../rules/functions/text.ts';
import { type Field, type Fields, fieldsNamed, problemIn } from './fields.ts';
import { textsOfBytes } from './texts.ts';

const ESCAPES = /%(?![\da-f]{2})/i;

/**
 * @param text the body or query; each character is one byte
 * @param max after so many pairs the rest is not read
 */
export function readForm(text: string, max: number = Number.POSITIVE_INFINITY): Fields {
  const pairs = text.split('&').filter((pair) => pair !== '');
  const hasSemicolon = text.includes(';');
  // Older servers take it for an ampersand.
  const all = hasSemicolon ? pairs.flatMap(partsOf) : pairs;
  const fields = all.slice(0, max).flatMap(fieldsOf);
  return { fields, problem: problemOf(text, fields, hasSemicolon), ...(all.length > max && { isBroken: true }) };
}

function partsOf(pair: string): readonly string[] {
  return pair.includes(';') ? [pair, ...pair.split(';').filter((part) => part !== '')] : [pair];
}

function problemOf(text: string, fields: readonly Field[], hasSemicolon: boolean): string | undefined {
  if (ESCAPES.test(text)) return 'an escape is malformed';
  if (hasSemicolon) return 'a semicolon stands between its fields';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a form has none, and readers drop or keep them
  if (/[\0-\x1f\x7f]/.test(text)) return 'it has control characters';
  return problemIn(fields);
}

function fieldsOf(pair: string): readonly Field[] {
  const equals = pair.indexOf('=');
  const name = nameOf(equals < 0 ? pair : pair.slice(0, equals));
  const raw = equals < 0 ? '' : pair.slice(equals + 1);
  return fieldsNamed(name, textsOf(raw));
}

/** ASP.NET decodes `%u0061` too. */
function textsOf(raw: string): readonly string[] {
  const texts = textsOfBytes(urlDecode(raw), raw);
  return /%u/i.test(raw) ? [...texts, ...textsOfBytes(urlDecode(raw, 'u'))] : texts;
}

/** Of a field, as it stands there. */
export const nameOf = (raw: string): string => Buffer.from(urlDecode(raw, 'u'), 'latin1').toString('utf8');

/** Of the header Cookie, which some servers read as fields too. */
export function readCookies(header: string): readonly Field[] {
  return header.split(';').flatMap((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 0) return [];
    const name = nameOf(pair.slice(0, equals).trim());
    const raw = pair.slice(equals + 1).trim();
    // Tomcat, Go and Python take quotes off.
    const bare = /^"(.*)"$/.exec(raw)?.[1];
    return fieldsNamed(name, [...textsOf(raw), ...(bare === undefined ? [] : textsOf(bare))]);
  });
}
