// Names of headers and arguments as applications read them, in place of as they were sent.

import type { RequestHead } from '../request/head.ts';
import { urlDecode } from '../rules/functions/text.ts';

const ODD_HEADER = /[^a-z0-9-]/gi;
const ODD_ARGUMENT = /[%+. [;]/;

/** Whether an application may read another name than was sent. */
export const hasOtherNames = ({ headers, reserved, query = '' }: RequestHead): boolean =>
  (ODD_ARGUMENT.test(query) && partsOf(query).some(isOddPart)) || [headers, reserved].some(hasOddHeader);

const isOddPart = (part: string): boolean => part.includes(';') || ODD_ARGUMENT.test(cut(part)[0]);

const hasOddHeader = (headers: readonly string[]): boolean =>
  headers.some((name, i) => i % 2 === 0 && name.search(ODD_HEADER) >= 0);

/** CGI makes HTTP_X_KEY of `X-Key`, `X_Key` and `X.Key`. @param name in lower case */
export const readHeaderName = (name: string): string => name.replace(ODD_HEADER, '-');

export function partsOf(query: string): string[] {
  return query.split('&').filter((part) => part !== '');
}

/** Name and value. */
export function cut(part: string): readonly [string, string] {
  const equals = part.indexOf('=');
  return equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
}

/** Decoded, each with all names that it may have; `;` separates as `&` does to some servers. */
export function readArguments(query: string): [name: string, value: string][] {
  return partsOf(query)
    .flatMap((part) => [part, ...part.split(';').slice(1)])
    .map(cut)
    .flatMap(([name, value]) => [...readNames(name)].map((read): [string, string] => [read, value]));
}

/** PHP takes `page[]` and `+page` for `page`, and `a.b` for `a_b`. */
function readNames(sent: string): Set<string> {
  const decoded = urlDecode(sent);
  const name = decoded.replace(/^ +/, '');
  const open = name.indexOf('[');
  const isArray = open > 0 && name.indexOf(']', open) > 0;
  const base = isArray ? name.slice(0, open) : name.replace('[', '_');
  return new Set([decoded, base, base.replace(/[. ]/g, '_')]);
}
