// A list behind a URL, which is asked whether it has changed.

import { VERSION } from '../../../runtime/version.ts';
import {
  Collector,
  originOf,
  type Reading,
  type Source,
  SourceError,
  type SourceLimits,
  timedOut,
  tooLong,
} from './source.ts';
import { isTrustedUrl } from './trusted-url.ts';

const MAX_REDIRECTS = 5;
const MAX_TAG_LENGTH = 1024;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** @param url that `isTrustedUrl` accepts */
export function createUrlSource(url: string, limits: SourceLimits): Source {
  return {
    origin: originOf('url', url),
    read: async (validator, signal) => {
      const timeout = AbortSignal.timeout(limits.timeoutMs);
      try {
        return await request(new URL(url), validator, limits.maxBytes, AbortSignal.any([signal, timeout]));
      } catch (error) {
        if (error instanceof SourceError) throw error;
        signal.throwIfAborted();
        throw timeout.aborted ? timedOut(limits.timeoutMs) : nameFailure(error);
      }
    },
  };
}

async function request(first: URL, validator: string, maxBytes: number, signal: AbortSignal): Promise<Reading> {
  const headers = { 'user-agent': `credveil/${VERSION}`, accept: '*/*', ...conditions(validator) };
  let url = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await fetch(url, { headers, redirect: 'manual', signal });
    const { status } = response;
    if (status === 200) return readBody(response, maxBytes);
    await response.body?.cancel();
    if (status === 304 && validator !== '') return { bytes: undefined, validator, confirmedAtMs: Date.now() };
    if (!REDIRECTS.has(status)) throw wrongStatus(status);
    url = follow(url, response.headers.get('location'));
  }
  throw redirectRefused(`more than ${MAX_REDIRECTS} redirects`);
}

/** @throws SourceError if TLS would be left, or this machine reached from elsewhere */
function follow(from: URL, location: string | null): URL {
  const to = location !== null && URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (!to) throw redirectRefused('a redirect without a target');
  if (to.protocol !== 'https:' && (from.protocol === 'https:' || !isTrustedUrl(to)))
    throw redirectRefused('a redirect to a URL without TLS');
  return to;
}

async function readBody(response: Response, maxBytes: number): Promise<Reading> {
  const validator = validatorOf(response.headers);
  const collector = new Collector(maxBytes);
  // Decoded: a compressed body may be a thousand times larger than announced.
  for await (const block of response.body ?? []) if (!collector.add(block)) throw tooLong(maxBytes);
  return { bytes: collector.bytes(), validator, confirmedAtMs: Date.now() };
}

interface Validator {
  readonly etag?: string;
  readonly modified?: string;
}

function validatorOf(headers: Headers): string {
  const etag = headers.get('etag') ?? '';
  const modified = headers.get('last-modified') ?? '';
  const isUsable = (text: string): boolean => text !== '' && text.length <= MAX_TAG_LENGTH;
  const validator: Validator = { ...(isUsable(etag) && { etag }), ...(isUsable(modified) && { modified }) };
  return Object.keys(validator).length > 0 ? JSON.stringify(validator) : '';
}

function conditions(validator: string): { readonly [name: string]: string } {
  if (validator === '') return {};
  const { etag, modified } = JSON.parse(validator) as Validator;
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(modified !== undefined && { 'if-modified-since': modified }),
  };
}

const wrongStatus = (status: number): SourceError =>
  new SourceError(
    'HTTP_STATUS',
    `the source answered with status ${status}`,
    status === 429 ? 'Ask less often: raise every.' : 'Open the URL by hand, and correct it if it has moved.',
  );

const redirectRefused = (why: string): SourceError =>
  new SourceError('REDIRECT_REFUSED', `the source answered with ${why}`, 'Name the URL of the list itself.');

type Failure = readonly [code: ConstructorParameters<typeof SourceError>[0], message: string, hint: string];

const REFUSED: Failure = ['CONNECTION_REFUSED', 'nothing listens at the source', 'See whether the source is up.'];
const LOST: Failure = ['CONNECTION_LOST', 'the source closed the connection', 'See whether the source is up.'];
const NO_NAME: Failure = ['NAME_NOT_FOUND', "the source's host name was not found", 'Check its spelling, and the DNS.'];
const UNTRUSTED: Failure = [
  'TLS_UNTRUSTED',
  "the source's certificate is not trusted",
  'Name its CA in NODE_EXTRA_CA_CERTS, or another source.',
];
const FAILURES: { readonly [code: string]: Failure } = {
  ECONNREFUSED: REFUSED,
  ECONNRESET: LOST,
  EPIPE: LOST,
  UND_ERR_SOCKET: LOST,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: LOST,
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
};

/** A message of the platform may contain the URL; its code does not. */
function nameFailure(error: unknown): SourceError {
  const { code = '' } = ((error as Error).cause ?? error) as { code?: string };
  const isOfTls = /CERT|SIGNATURE|ERR_TLS|ERR_SSL/.test(code);
  const [name, message, hint] = FAILURES[code] ??
    (isOfTls ? UNTRUSTED : undefined) ?? [
      'REQUEST_FAILED',
      'the request to the source failed',
      'Open the URL by hand.',
    ];
  return new SourceError(name, message, hint, { cause: error });
}
