// The target of a request and the host that it is for: RFC 9112 §3.2, RFC 9113 §8.3.1.

import { refuse } from './refuse.ts';
import { rememberNames } from './remember-names.ts';

const ABSOLUTE = /^https?:\/\/([^/?#]+)(\/.*|\?.*)?$/i;
/** Of printable ASCII those that no server reads in one way. */
const FORBIDDEN = /[^\x21-\x7e]|[#\\]|%00/;

/** The target of an OPTIONS that asks about the server as a whole: RFC 9110 §9.3.7. */
export const WHOLE_SERVER = '*';

/** @throws Refusal `TARGET_TOO_LONG`, `TARGET_MALFORMED`, `TARGET_FORM` */
export function readTarget(
  url: string,
  method: string,
  maxBytes: number,
): { readonly target: string; readonly authority?: string } {
  if (url.length > maxBytes) throw refuse('TARGET_TOO_LONG');
  if (FORBIDDEN.test(url)) throw refuse('TARGET_MALFORMED');
  if (url.startsWith('/')) return { target: url };
  const isOptions = method === 'OPTIONS';
  if (isOptions && url === WHOLE_SERVER) return { target: url };
  // RFC 9112 §3.2.4: without a path, the last proxy asks about the whole server.
  const [, authority, rest = isOptions ? WHOLE_SERVER : '/'] = ABSOLUTE.exec(url) ?? [];
  if (authority === undefined) throw refuse('TARGET_FORM');
  return { target: rest.startsWith('?') ? `/${rest}` : rest, authority };
}

/**
 * What names the host has to name the same one, however often it stands there.
 * @throws Refusal `HOST_MALFORMED`
 */
export function agree(names: readonly (string | undefined)[]): string {
  const given = names.filter((name) => name !== undefined);
  const [first] = given;
  if (first === undefined || given.some((name) => name.toLowerCase() !== first.toLowerCase()))
    throw refuse('HOST_MALFORMED');
  return first;
}

const AUTHORITY =
  /^(?:([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_.])?)|(\[[0-9A-Fa-f:.]{2,45}\]))(?::(\d{1,5}))?$/;
const MAX_PORT = 65_535;

/**
 * Hosts repeat.
 * @throws Refusal `HOST_MALFORMED`
 */
export const hostOf = rememberNames(readHost);

function readHost(authority: string): string {
  const [, name, address, port] = AUTHORITY.exec(authority) ?? [];
  const host = name ?? address;
  if (host === undefined || host.includes('..') || Number(port ?? 0) > MAX_PORT) throw refuse('HOST_MALFORMED');
  const lower = host.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
