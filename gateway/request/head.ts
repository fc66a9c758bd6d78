// The head of a request as the gateway judges it and the application gets it.
//
// Node's parser refuses much of what is ambiguous; this is the rest. RFC 9112 §3, §6; RFC 9113 §8.

import type { IncomingMessage } from 'node:http';
import { pairsOf } from '../header-pairs.ts';
import { isHttp2, isHttpVersion, streamOf } from '../http-version.ts';
import { kindOf } from './name-kind.ts';
import { type OwnCookies, takeOwnCookies } from './own-cookies.ts';
import { refuse } from './refuse.ts';
import { isHopByHop, isNeverNominated, lettersOf } from './reserved-names.ts';
import { agree, hostOf, readTarget } from './target.ts';
import { trimWhite } from './white-space.ts';

/** Names and values in turn, as they came. */
export type Headers = readonly string[];

export interface RequestHead {
  readonly method: string;
  /** Path and query, as they are forwarded. */
  readonly target: string;
  readonly path: string;
  /** Without `?`. Undefined if there is none. */
  readonly query: string | undefined;
  /** Host and port as the client wrote them. */
  readonly authority: string;
  /** In lower case, without port and closing dot. */
  readonly host: string;
  /** Without reserved, hop-by-hop and framing headers, and without Host. */
  readonly headers: Headers;
  /** Cookies of the gateway, by name; they are not among `headers`. */
  readonly ownCookies: OwnCookies['own'];
  /** Those that only the gateway may send, for applications that keep some of them. */
  readonly reserved: Headers;
  /** The values of X-Forwarded-For and X-Forwarded-Proto, for trusted proxies alone. */
  readonly forwardedFor: readonly string[];
  readonly forwardedProto: string | undefined;
  /** Bytes; `chunked`, whose end the sender marks; 0 without a body. */
  readonly body: number | 'chunked';
  readonly expectsContinue: boolean;
  readonly hasTrailers: boolean;
  readonly offersUpgrade: boolean;
}

export interface HeadRules {
  readonly maxTargetBytes: number;
}

/** A head while it is read, line by line. */
class Draft {
  readonly headers: string[] = [];
  readonly odd: string[] = [];
  private readonly singles: string[] = [];
  readonly reserved: string[] = [];
  /** Where the value of Cookie stands in `headers`. */
  private cookieAt = -1;
  ownCookies: OwnCookies['own'] = new Map();
  readonly forwardedFor: string[] = [];
  readonly nominated: string[] = [];
  forwardedProto: string | undefined;
  host: string | undefined;
  length: string | undefined;
  transfer: string | undefined;
  expect: string | undefined;
  hasTrailers = false;
  offersUpgrade = false;

  add(name: string, value: string): void {
    switch (kindOf(name)) {
      case 'plain':
        this.headers.push(name, value);
        return;
      case 'host':
        if (this.host !== undefined) throw refuse('HOST_MALFORMED');
        this.host = value;
        return;
      case 'length':
        if (this.length !== undefined || !/^\d{1,15}$/.test(value)) throw refuse('FRAMING_MALFORMED');
        this.length = value;
        return;
      case 'transfer':
        if (this.transfer !== undefined || value.toLowerCase() !== 'chunked') throw refuse('FRAMING_MALFORMED');
        this.transfer = value;
        return;
      case 'upgrade':
        this.offersUpgrade = true;
        return;
      case 'connection':
        this.nominate(value);
        return;
      case 'expect':
        this.expect = this.expect === undefined ? value : `${this.expect}, ${value}`;
        return;
      case 'trailer':
        this.hasTrailers = true;
        return;
      case 'cookie':
        this.addCookie(name, value);
        return;
      case 'single':
        this.addSingle(name, value);
        return;
      case 'twin':
        throw refuse('HEADER_AMBIGUOUS');
      case 'odd':
        this.odd.push(lettersOf(name));
        this.headers.push(name, value);
        return;
      case 'reserved':
        this.reserved.push(name, value);
        this.note(name.toLowerCase(), value);
    }
  }

  /** Names in Connection are headers of this connection alone: RFC 9110 §7.6.1. */
  private nominate(value: string): void {
    for (const option of value.toLowerCase().split(',')) {
      const name = trimWhite(option);
      if (name === '' || name === 'close' || name === 'keep-alive' || isHopByHop(name)) continue;
      if (isNeverNominated(name)) throw refuse('CONNECTION_MALFORMED');
      this.nominated.push(name);
    }
  }

  /** Of two values servers take the first, the last, or both as one. */
  private addSingle(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (this.singles.includes(lower)) throw refuse('HEADER_AMBIGUOUS');
    this.singles.push(lower);
    this.headers.push(name, value);
  }

  /** HTTP/2 may split them, and no application of HTTP/1.1 expects that: RFC 9113 §8.2.3. */
  private addCookie(name: string, value: string): void {
    if (this.cookieAt >= 0) {
      this.headers[this.cookieAt] += `; ${value}`;
      return;
    }
    this.headers.push(name, value);
    this.cookieAt = this.headers.length - 1;
  }

  private note(name: string, value: string): void {
    if (name === 'x-forwarded-for') this.forwardedFor.push(value);
    else if (name === 'x-forwarded-proto') this.forwardedProto = value;
  }

  finish(): string[] {
    let { headers } = this;
    if (this.cookieAt >= 0) this.takeOwnCookies();
    if (this.nominated.length > 0)
      headers = pairsOf(headers)
        .filter(([name]) => !this.nominated.includes(name.toLowerCase()))
        .flat();
    if (this.odd.length > 0) this.assertNoTwins(headers);
    return headers;
  }

  private takeOwnCookies(): void {
    const value = this.headers[this.cookieAt] as string;
    const { rest, own } = takeOwnCookies(value);
    if (own.size === 0 && rest === value) return;
    this.ownCookies = own;
    if (rest === '') this.headers.splice(this.cookieAt - 1, 2);
    else this.headers[this.cookieAt] = rest;
  }

  private assertNoTwins(headers: Headers): void {
    const seen = new Map<string, string>();
    for (const [name] of pairsOf(headers)) {
      const letters = lettersOf(name);
      const other = seen.get(letters);
      if (other !== undefined && other !== name.toLowerCase()) throw refuse('HEADER_AMBIGUOUS');
      seen.set(letters, name.toLowerCase());
    }
  }
}

/**
 * Reads the head of a request of HTTP/1 or HTTP/2.
 * @throws Refusal for a head that two servers may read in two ways
 */
export function readHead(message: IncomingMessage, { maxTargetBytes }: HeadRules): RequestHead {
  const { rawHeaders, method = '', httpVersion } = message;
  const isStream = isHttp2(message);
  if (!isStream && !isHttpVersion(httpVersion)) throw refuse('REQUEST_MALFORMED');
  const draft = new Draft();
  let pseudoAuthority: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name === ':authority') pseudoAuthority = rawHeaders[i + 1];
    else draft.add(name, rawHeaders[i + 1] as string);
  }
  assertMethod(method);
  const { target, authority: absolute } = readTarget(message.url ?? '', method, maxTargetBytes);
  // RFC 9112 §3.2: an absolute target is no replacement for it.
  if (httpVersion === '1.1' && draft.host === undefined) throw refuse('HOST_MALFORMED');
  const authority = agree([pseudoAuthority, draft.host, absolute]);
  const question = target.indexOf('?');
  const isOld = httpVersion === '1.0';
  // RFC 9110 §10.1.1: HTTP/1.0 has no Expect.
  const expects = isOld ? undefined : draft.expect?.toLowerCase();
  if (expects !== undefined && expects !== '100-continue') throw refuse('EXPECTATION_UNKNOWN');
  return {
    method,
    target,
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? undefined : target.slice(question + 1),
    authority,
    host: hostOf(authority),
    headers: draft.finish(),
    ownCookies: draft.ownCookies,
    reserved: draft.reserved,
    forwardedFor: draft.forwardedFor,
    forwardedProto: draft.forwardedProto,
    body: isStream ? bodyOfStream(message, draft) : bodyOf(draft, isOld),
    expectsContinue: expects !== undefined,
    hasTrailers: draft.hasTrailers,
    offersUpgrade: draft.offersUpgrade,
  };
}

/**
 * A method of HTTP/2 is any text, and some servers take `get` for GET. CONNECT opens tunnels, TRACE
 * sends headers back.
 */
function assertMethod(method: string): void {
  if (!/^[A-Z][A-Z-]*$/.test(method)) throw refuse('REQUEST_MALFORMED');
  if (method === 'CONNECT' || method === 'TRACE' || method === 'TRACK') throw refuse('METHOD_REFUSED');
}

/** RFC 9112 §6.3. A client of HTTP/1.0 knows no chunks. */
function bodyOf({ length, transfer }: Draft, isOld: boolean): number | 'chunked' {
  if (transfer === undefined) return length === undefined ? 0 : Number(length);
  if (length !== undefined || isOld) throw refuse('FRAMING_MALFORMED');
  return 'chunked';
}

/** A stream of HTTP/2 that its HEADERS frame did not end has a body, of a stated length or not. */
function bodyOfStream(message: IncomingMessage, { length, transfer }: Draft): number | 'chunked' {
  if (transfer !== undefined) throw refuse('FRAMING_MALFORMED');
  if (streamOf(message).endAfterHeaders) return 0;
  return length === undefined ? 'chunked' : Number(length);
}
