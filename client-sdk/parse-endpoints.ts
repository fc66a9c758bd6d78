// Parses the servers of a checker: their URLs, roles and headers.

import { parseClientKeyText } from '../protocol/keys.ts';
import type { LookupError } from './errors.ts';
import { SERVER_NAMES } from './option-names.ts';
import { assertNames, malformed, parseKey } from './option-values.ts';
import type { Endpoint, LeakCheckerOptions, OprfOptions, ServerAddress, ServerParts } from './options.ts';

const MAX_EVALUATORS = 8;

interface SplitRoles {
  readonly buckets: Endpoint;
  readonly evaluators: readonly Endpoint[];
}

type Roles = SplitRoles | { readonly buckets: Endpoint; readonly evaluators: undefined };

/**
 * Without `key`, the roles may be split.
 * @returns the server of snapshots, filter and buckets, and the evaluators if they are others
 */
export function parseRoles(options: LeakCheckerOptions): Roles {
  const place = parseEndpoint('url', options);
  const { bucketsUrl, evaluators }: Partial<OprfOptions> = options.key === undefined ? options : {};
  if (bucketsUrl !== undefined) {
    if (evaluators !== undefined)
      throw malformed('bucketsUrl', 'given together with evaluators', 'Omit it: url is the server of the buckets.');
    return assertDistinct({ buckets: parseAddress('bucketsUrl', bucketsUrl), evaluators: [place] });
  }
  // With a replica no server is asked for buckets: whoever evaluates need not know what for.
  if (evaluators === undefined) return { buckets: place, evaluators: options.replica && [place] };
  if (!Array.isArray(evaluators) || evaluators.length < 1 || evaluators.length > MAX_EVALUATORS)
    throw malformed('evaluators', `not a list of 1 to ${MAX_EVALUATORS} servers`, 'Omit it if url evaluates.');
  const parsed = evaluators.map((address: ServerAddress) => parseAddress('evaluators', address));
  return assertDistinct({ buckets: place, evaluators: parsed });
}

/**
 * Refuses roles that are not split, and a part of the key that counts twice: of several evaluators,
 * one may serve the buckets too.
 */
function assertDistinct({ buckets, evaluators }: SplitRoles): SplitRoles {
  const servers = evaluators.length > 1 ? evaluators : [buckets, ...evaluators];
  if (new Set(servers.map(({ base }) => base.href)).size < servers.length)
    throw malformed('bucketsUrl or evaluators', 'the same server twice', 'Name different servers.');
  return { buckets, evaluators };
}

/** @throws LookupError `OPTION_MALFORMED`, `KEY_MALFORMED` */
export function parseAddress(option: string, address: unknown): Endpoint {
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
  let base: URL | undefined;
  try {
    base = new URL(String(url));
  } catch {
    // The platform's error quotes its input, which may contain a password, so it is not the cause.
  }
  if (!base || !/^https?:$/.test(base.protocol) || base.username + base.password + base.search + base.hash !== '')
    throw malformed(
      option,
      'not a URL of http or https without credentials, query and fragment',
      'Pass a URL such as https://leaks.example.org/, and credentials in the option headers.',
    );
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
  const wrong = (): LookupError =>
    malformed(
      'headers',
      'not a plain object of HTTP fields',
      'Pass an object of their names and values, without line breaks.',
    );
  // Headers and Map hold nothing that Object.entries gives.
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers) throw wrong();
  const parsed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const isField = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && typeof value === 'string';
    if (!isField || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw wrong();
    parsed[name.toLowerCase()] = value;
  }
  return parsed;
}
