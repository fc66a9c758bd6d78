// Multipart forms that every parser reads alike. Of another one the names are found that may stand
// in it.

import { isPlainMultipart, splitPart } from '../../../client-sdk/adapter/plain-multipart.ts';
import { type Field, type Fields, fieldsNamed, problemIn } from './fields.ts';
import { textsOfBytes } from './texts.ts';

const BOUNDARY = /boundary=(?:"([^"]*)"|([^\s;]*))/i;
const NAME = /name\*?\s*=\s*(?:[\w-]*'[\w-]*')?(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;,]*))/gi;
const MALFORMED = 'it is not a plain multipart form';

/**
 * @param type the header Content-Type
 * @param body each character is one byte
 */
export function readMultipart(type: string, body: string): Fields {
  const text = Buffer.from(body, 'latin1').toString('utf8');
  if (!isPlainMultipart(type, text)) return { fields: namesIn(body), problem: MALFORMED, isBroken: true };
  const [, quoted, token = ''] = BOUNDARY.exec(type) ?? [];
  const parts = body.split(`--${quoted ?? token}`).slice(1, -1);
  const fields = parts.flatMap(fieldsOfPart);
  // Java decodes the words of RFC 2047.
  if (fields.some(({ name }) => name.startsWith('=?'))) return { fields, problem: MALFORMED, isBroken: true };
  return { fields, problem: problemIn(fields) };
}

function fieldsOfPart(part: string): readonly Field[] {
  const { head, value } = splitPart(part) ?? { head: '', value: '' };
  const name = namesOf(head)[0] ?? '';
  // A file is no field to most servers, and one to some.
  return /filename=/i.test(head) ? fieldsNamed(name, []) : fieldsNamed(name, textsOfBytes(value));
}

/** Every name that a parser may find, in whatever is said to be multipart. */
export const namesIn = (body: string): readonly Field[] => namesOf(body).flatMap((name) => fieldsNamed(name, []));

const namesOf = (head: string): readonly string[] =>
  [...head.matchAll(NAME)].map(([, quoted, single, token]) =>
    Buffer.from(quoted ?? single ?? token ?? '', 'latin1')
      .toString('utf8')
      .replaceAll('\\', ''),
  );
