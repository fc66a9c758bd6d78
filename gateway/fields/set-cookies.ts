// The cookies that a response sets, as browsers read them (RFC 6265 §5.2).

import { pairsOf } from '../header-pairs.ts';

export interface SetCookie {
  readonly name: string;
  readonly value: string;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DATE = /^[a-z]{3,9},? (\d{1,2})[ -]([a-z]{3})[ -](\d{2}|\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/;
/** What applications set a cookie to that they delete. */
const DELETED: ReadonlySet<string> = new Set(['', '""', 'deleted', '"deleted"']);

/**
 * Those that a browser keeps. One whose expiry cannot be read is kept: browsers then ignore the
 * expiry.
 * @param headers names and values in turn
 */
export function liveCookies(headers: readonly string[], now = Date.now()): readonly SetCookie[] {
  const cookies: SetCookie[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.length !== 10 || headers[i]?.toLowerCase() !== 'set-cookie') continue;
    const cookie = readCookie(headers[i + 1] as string, now);
    if (cookie) cookies.push(cookie);
  }
  return cookies;
}

/** @param header the value of one Set-Cookie */
export const isLiveCookie = (header: string, now = Date.now()): boolean => readCookie(header, now) !== undefined;

/**
 * What deletes cookies that a response would set.
 * @param headers names and values in turn
 * @returns the same of `Set-Cookie`, for the same paths and domains
 */
export function deletionsOf(headers: readonly string[], names: ReadonlySet<string>): string[] {
  return pairsOf(headers).flatMap(([header, value]) => {
    if (!setsOneOf(names, header, value)) return [];
    const [pair = '', ...attributes] = value.split(';');
    const others = attributes.filter((attribute) => !/^\s*(?:max-age|expires)\s*(?:=|$)/i.test(attribute));
    return ['Set-Cookie', [`${nameOf(pair)}=`, ' Max-Age=0', ...others].join(';')];
  });
}

/** @returns the headers without those that set one of these cookies */
export const withoutCookies = (headers: readonly string[], names: ReadonlySet<string>): string[] =>
  pairsOf(headers)
    .filter(([header, value]) => !setsOneOf(names, header, value))
    .flat();

const setsOneOf = (names: ReadonlySet<string>, header: string, value: string): boolean =>
  header.toLowerCase() === 'set-cookie' && names.has(nameOf(value));

function nameOf(header: string): string {
  const [pair = ''] = header.split(';', 1);
  return pair.slice(0, Math.max(0, pair.indexOf('='))).trim();
}

function readCookie(header: string, now: number): SetCookie | undefined {
  const [pair = '', ...attributes] = header.split(';');
  const value = pair.slice(pair.indexOf('=') + 1).trim();
  return DELETED.has(value) || isExpired(attributes, now) ? undefined : { name: nameOf(pair), value };
}

/** The last attribute of a name counts, and Max-Age before Expires. */
function isExpired(attributes: readonly string[], now: number): boolean {
  let maxAge: number | undefined;
  let expires: number | undefined;
  for (const attribute of attributes) {
    const equals = attribute.indexOf('=');
    const name = (equals < 0 ? attribute : attribute.slice(0, equals)).trim().toLowerCase();
    const value = equals < 0 ? '' : attribute.slice(equals + 1).trim();
    if (name === 'max-age' && /^-?\d+$/.test(value)) maxAge = Number(value);
    if (name === 'expires') expires = readDate(value) ?? expires;
  }
  if (maxAge !== undefined) return maxAge <= 0;
  return expires !== undefined && expires <= now;
}

/** Milliseconds since 1970; undefined for what only some browsers read. */
function readDate(text: string): number | undefined {
  const [, day, month = '', year = '', hour, minute, second] = DATE.exec(text.toLowerCase()) ?? [];
  const index = MONTHS.indexOf(month);
  if (index < 0) return undefined;
  const fullYear = year.length === 4 ? Number(year) : Number(year) + (Number(year) < 70 ? 2_000 : 1_900);
  return Date.UTC(fullYear, index, Number(day), Number(hour), Number(minute), Number(second));
}
