// Parses the servers of a checker: their URLs, roles and headers.

import { parseClientKeyText } from '../protocol/keys.ts';
import { SERVER_NAMES } from './option-names.ts';
import { assertNames, malformed, parseKey } from './option-values.ts';
import type { Endpoint, LeakCheckerOptions, OprfOptions, ServerAddress, ServerParts } from './options.ts';

const MAX_EVALUATORS = 8;
const FIELDS = 'Pass an object of names and values of HTTP fields, without line breaks.';

interface Roles {
  readonly buckets: Endpoint;
  readonly evaluators: readonly Endpoint[] | undefined;
}

/**
 * Without `key`, the roles may be split.
 * @returns the server of snapshots, filter and buckets, and the evaluators if they are others
 */
export function parseRoles(options: LeakCheckerOptions): Roles {
  const place = parseEndpoint('url', options);
  const { bucketsUrl, evaluators }: Partial<OprfOptions> = options.key === undefined ? options : {};
  if (bucketsUrl !== undefined && evaluators !== undefined)
    throw malformed(
      'bucketsUrl',
      'given together with evaluators',
      'Omit bucketsUrl: url is the server of the buckets.',
    );
  if (bucketsUrl !== undefined) {
    const buckets = parseAddress('bucketsUrl', bucketsUrl);
    assertDistinct('bucketsUrl', [buckets, place]);
    return { buckets, evaluators: [place] };
  }
  if (evaluators === undefined) return { buckets: place, evaluators };
  if (!Array.isArray(evaluators) || evaluators.length < 1 || evaluators.length > MAX_EVALUATORS)
    throw malformed('evaluators', `not a list of 1 to ${MAX_EVALUATORS} servers`, 'Omit it if url evaluates.');
  const parsed = evaluators.map((address: ServerAddress) => parseAddress('evaluators', address));
  assertDistinct('evaluators', parsed.length === 1 ? [...parsed, place] : parsed);
  return { buckets: place, evaluators: parsed };
}

/** Roles that are not split, or a part of the key that counts twice. @throws LookupError */
function assertDistinct(option: string, endpoints: readonly Endpoint[]): void {
  if (new Set(endpoints.map(({ base }) => base.href)).size < endpoints.length)
    throw malformed(option, 'the same server twice', 'Name different servers.');
}

function parseAddress(option: string, address: unknown): Endpoint {
  if (typeof address === 'string' || address instanceof URL) return parseEndpoint(option, { url: address });
  if (typeof address !== 'object' || address === null)
    throw malformed(option, 'neither a URL nor an object', 'Pass a URL, or { url, clientKey, headers }.');
  assertNames(address, SERVER_NAMES, `${option}.`);
  return parseEndpoint(option, address as ServerParts);
}

function parseEndpoint(option: string, { url, headers = {}, clientKey }: ServerParts): Endpoint {
  return {
    base: parseBase(option, url),
    headers: { ...parseHeaders(headers), ...(clientKey !== undefined && authorization(clientKey)) },
  };
}

function parseBase(option: string, url: string | URL): URL {
  let base: URL;
  try {
    base = new URL(String(url));
  } catch {
    // The platform's error quotes its input, which may contain a password, so it is not the cause.
    throw malformed(option, 'not a URL', 'Pass a URL such as https://leaks.example.org/.');
  }
  if (base.protocol !== 'https:' && base.protocol !== 'http:')
    throw malformed(option, 'neither http nor https', 'Pass a URL such as https://leaks.example.org/.');
  if (base.username !== '' || base.password !== '')
    throw malformed(option, 'it contains credentials', 'Pass them in the option headers.');
  if (base.search !== '' || base.hash !== '')
    throw malformed(option, 'it has a query or a fragment', 'Remove them from the URL.');
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

function authorization(clientKey: string): Record<string, string> {
  return { authorization: `Bearer ${parseKey(parseClientKeyText, clientKey)}` };
}

/**
 * Malformed headers would make fetch fail at every request, like a broken network. RFC 9110 §5.
 */
function parseHeaders(headers: unknown): Record<string, string> {
  // Headers and Map hold nothing that Object.entries gives.
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers)
    throw malformed('headers', 'not a plain object', FIELDS);
  const parsed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      throw malformed('headers', 'a name is not an HTTP field name', FIELDS);
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw malformed('headers', 'a value is not an HTTP field value', FIELDS);
    parsed[name.toLowerCase()] = value;
  }
  return parsed;
}
