// What of a request may name a session to its application, in any way that servers read.

import type { Exchange } from '../exchange.ts';
import { headerValues } from '../header-pairs.ts';
import { urlDecode } from '../rules/functions/text.ts';

interface SentName {
  readonly name: string;
  readonly value: string;
}

/** Some servers end a cookie at a comma too (RFC 2965 §3.2.2). */
const COOKIE_ENDS = /[;,]/;

/** All cookies that any server reads, under the names that are written and those that PHP makes. */
export const sentCookies = ({ head }: Pick<Exchange, 'head'>): readonly SentName[] =>
  headerValues(head?.headers ?? [], 'cookie').flatMap((value) => value.split(COOKIE_ENDS).flatMap(readPair));

/** Arguments of the query, and parameters of the path: `/login;jsessionid=1`. */
export function sentInTarget({ head }: Pick<Exchange, 'head'>): readonly SentName[] {
  const { target = '' } = head ?? {};
  const end = target.indexOf('?');
  const path = end < 0 ? target : target.slice(0, end);
  const pieces = [...(end < 0 ? [] : target.slice(end + 1).split(/[&;]/)), ...path.split(/[;/]/)];
  // Servlets write the cookie JSESSIONID as jsessionid here.
  return pieces.flatMap(readPair).flatMap((pair) => [pair, { ...pair, name: pair.name.toUpperCase() }]);
}

function readPair(text: string): SentName[] {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(0, equals)).trim();
  if (name === '') return [];
  const value = text.slice(equals + 1).trim();
  const ofPhp = urlDecode(name).trim().replace(/[ .[]/g, '_');
  return ofPhp === name
    ? [{ name, value }]
    : [
        { name, value },
        { name: ofPhp, value },
      ];
}
