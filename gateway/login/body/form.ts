// Forms and queries: pairs of names and values, as every server reads them or not at all.

import { urlDecode } from '../../rules/functions/text.ts';
import { type Field, type Fields, fieldsNamed, problemIn } from './fields.ts';
import { textsOfBytes } from './texts.ts';

const ESCAPES = /%(?![\da-f]{2})/i;

/**
 * @param text the body or query; each character is one byte
 */
export function readForm(text: string): Fields {
  const fields: Field[] = [];
  let hasSemicolon = false;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    fields.push(...fieldsOf(pair));
    // Older servers take it for an ampersand.
    if (!pair.includes(';')) continue;
    hasSemicolon = true;
    for (const part of pair.split(';')) if (part !== '') fields.push(...fieldsOf(part));
  }
  return { fields, problem: problemOf(text, fields, hasSemicolon) };
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
    return fieldsNamed(name, textsOf(raw));
  });
}
