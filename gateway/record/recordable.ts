// Which fields of a request may be kept, and which parts of a path. What is not named here is not:
// bodies, cookies, queries, and headers other than these.

import type { FieldName } from '../rules/schema/fields.ts';

export const RECORDABLE: readonly FieldName[] = [
  'http.host',
  'http.request.method',
  'http.request.version',
  'http.request.timestamp.sec',
  'http.user_agent',
  'http.request.headers.names',
  'http.request.body.size',
  'http.request.body.mime',
  'ssl',
  'cf.tls_version',
  'cf.tls_client_auth.cert_verified',
  'cf.waf.auth_detected',
  'credveil.login.detected',
  'credveil.login.app',
];

/** A line that is longer is left out. */
export const MAX_LINE_BYTES = 65_536;

/** They differ between readings of a path. */
export const PATH: FieldName = 'http.request.uri.path';
/** Equals the path of a request without a query. */
export const URI: FieldName = 'http.request.uri';
export const QUERY: FieldName = 'http.request.uri.query';
/** Kept where the configuration has `logAddresses`. */
export const CLIENT: FieldName = 'ip.src';
export const OF_LOGINS: ReadonlySet<string> = new Set([
  'cf.waf.auth_detected',
  'credveil.login.detected',
  'credveil.login.app',
]);

const MAX_VALUE = 1_024;
const MAX_NAMES = 128;

/** Whether a value is small enough to be kept. */
export function isSmall(value: unknown): boolean {
  if (Array.isArray(value)) return value.length <= MAX_NAMES && value.every(isSmall);
  return typeof value !== 'string' || value.length <= MAX_VALUE;
}

const SEGMENT = /[^/]+/g;
/** Some paths name a person. */
const PERSON = /@|%40/;
/** Links that reset a password have a token in their path. */
const TOKEN = /[A-Za-z0-9_=+.~-]{20,}/g;
const LETTERS = /[A-Za-z]{40,}/g;
export const MASK = '…';

/** Shorter names are part of many words. */
const MIN_PART = 4;

/** @param usernames of the login: Nextcloud has them in paths of files */
export function maskPath(path: string, usernames: readonly string[] = []): string {
  const masked = path.replace(SEGMENT, maskSegment);
  const names = usernames.map((name) => name.trim().toLowerCase()).filter((name) => name !== '');
  if (names.length === 0) return masked;
  const hasName = (segment: string): boolean => {
    const text = decoded(segment).toLowerCase();
    return names.some((name) => text === name || (name.length >= MIN_PART && text.includes(name)));
  };
  return masked.replace(SEGMENT, (segment) => (hasName(segment) ? MASK : segment));
}

const maskSegment = (segment: string): string =>
  PERSON.test(segment) ? MASK : segment.replace(/\d/.test(segment) ? TOKEN : LETTERS, MASK);

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
