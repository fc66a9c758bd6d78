// The head of a request as the gateway judges it and the application gets it.
//
// Node's parser refuses much of what is ambiguous; this is the rest. RFC 9112 §3, §6; RFC 9113 §8.

import type { IncomingMessage } from 'node:http';
import { type AnswerCode, Refusal } from '../answers/kinds.ts';
import { pairsOf } from '../header-pairs.ts';
import { isHopByHop, isNeverNominated, isReserved, lettersOf } from './reserved-names.ts';

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
  /** Those that only the gateway may send, for applications that keep some of them. */
  readonly reserved: Headers;
  /** The values of X-Forwarded-For and X-Forwarded-Proto, for trusted proxies alone. */
  readonly forwardedFor: readonly string[];
  readonly forwardedProto: string | undefined;
  /** Bytes; `chunked`, whose end the sender marks; 0 without a body. */
  readonly body: number | 'chunked';
  readonly expectsContinue: boolean;
  /** The one protocol that is passed on. */
  readonly upgrade: 'websocket' | undefined;
  readonly hasTrailers: boolean;
}

export interface HeadRules {
  readonly maxTargetBytes: number;
}

type NameKind =
  | 'plain'
  | 'hop'
  | 'reserved'
  | 'host'
  | 'length'
  | 'transfer'
  | 'connection'
  | 'upgrade'
  | 'expect'
  | 'trailer'
  | 'cookie'
  | 'pseudo'
  | 'odd';

const KINDS: { readonly [name: string]: NameKind } = {
  host: 'host',
  'content-length': 'length',
  'transfer-encoding': 'transfer',
  connection: 'connection',
  upgrade: 'upgrade',
  expect: 'expect',
  trailer: 'trailer',
  cookie: 'cookie',
};
/** Names repeat: looking one up is cheaper than judging it. */
const MAX_KNOWN_NAMES = 4_096;
const knownNames = new Map<string, NameKind>();

function kindOf(name: string): NameKind {
  const known = knownNames.get(name);
  if (known) return known;
  const kind = judgeName(name);
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.set(name, kind);
  return kind;
}

function judgeName(name: string): NameKind {
  const lower = name.toLowerCase();
  if (name.startsWith(':')) return 'pseudo';
  const kind = KINDS[lower];
  if (kind) return kind;
  if (isHopByHop(lower)) return 'hop';
  if (!/^[a-z0-9-]+$/.test(lower)) return 'odd';
  return isReserved(lettersOf(lower)) ? 'reserved' : 'plain';
}

const refuse = (code: AnswerCode): Refusal => new Refusal(code, { close: true });

/** A head while it is read, line by line. */
class Draft {
  readonly headers: string[] = [];
  readonly odd: string[] = [];
  readonly reserved: string[] = [];
  /** Where the value of Cookie stands in `headers`. */
  private cookieAt = -1;
  readonly forwardedFor: string[] = [];
  readonly nominated: string[] = [];
  forwardedProto: string | undefined;
  host: string | undefined;
  length: string | undefined;
  transfer: string | undefined;
  upgrade: string | undefined;
  expect: string | undefined;
  hasTrailers = false;

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
      case 'connection':
        this.nominate(value);
        return;
      case 'upgrade':
        this.upgrade = this.upgrade === undefined ? value : `${this.upgrade}, ${value}`;
        return;
      case 'expect':
        this.expect = value;
        return;
      case 'trailer':
        this.hasTrailers = true;
        return;
      case 'cookie':
        this.addCookie(name, value);
        return;
      case 'odd':
        this.addOdd(name, value);
        return;
      case 'reserved':
        this.reserved.push(name, value);
        this.note(name.toLowerCase(), value);
    }
  }

  /** Names in Connection are headers of this connection alone: RFC 9110 §7.6.1. */
  private nominate(value: string): void {
    for (const option of value.toLowerCase().split(',')) {
      const name = option.trim();
      if (name === '' || name === 'close' || name === 'keep-alive' || isHopByHop(name)) continue;
      if (isNeverNominated(name)) throw refuse('CONNECTION_MALFORMED');
      this.nominated.push(name);
    }
  }

  /** `X_Real_IP` is the gateway's name to every CGI program. */
  private addOdd(name: string, value: string): void {
    const letters = lettersOf(name);
    if (isReserved(letters) || isNeverNominated(name)) throw refuse('HEADER_AMBIGUOUS');
    this.odd.push(letters);
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
    if (this.nominated.length > 0)
      headers = pairsOf(headers)
        .filter(([name]) => !this.nominated.includes(name.toLowerCase()))
        .flat();
    if (this.odd.length > 0) this.assertNoTwins(headers);
    return headers;
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
  const { rawHeaders, method = '', httpVersionMajor, httpVersionMinor } = message;
  const isHttp2 = httpVersionMajor === 2;
  const draft = new Draft();
  let pseudoAuthority: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name === ':authority') pseudoAuthority = rawHeaders[i + 1];
    else draft.add(name, rawHeaders[i + 1] as string);
  }
  assertMethod(method);
  const { target, authority: absolute } = readTarget(message.url ?? '', maxTargetBytes);
  const authority = agree([pseudoAuthority, draft.host, absolute]);
  const question = target.indexOf('?');
  const isOld = httpVersionMajor === 1 && httpVersionMinor === 0;
  return {
    method,
    target,
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? undefined : target.slice(question + 1),
    authority,
    host: hostOf(authority),
    headers: draft.finish(),
    reserved: draft.reserved,
    forwardedFor: draft.forwardedFor,
    forwardedProto: draft.forwardedProto,
    body: isHttp2 ? bodyOfStream(message, draft) : bodyOf(draft, isOld),
    expectsContinue: !isOld && draft.expect?.toLowerCase() === '100-continue',
    // An Upgrade that is not passed on is no error: the client goes on with HTTP/1.1. h2c is never.
    upgrade: draft.upgrade?.toLowerCase() === 'websocket' && method === 'GET' ? 'websocket' : undefined,
    hasTrailers: draft.hasTrailers,
  };
}

/** CONNECT opens tunnels, TRACE sends headers back. */
function assertMethod(method: string): void {
  if (method === 'CONNECT' || method === 'TRACE' || method === 'TRACK') throw refuse('METHOD_REFUSED');
}

const ABSOLUTE = /^https?:\/\/([^/?#]+)(\/.*|\?.*)?$/i;
/** Of printable ASCII those that no server reads in one way. */
const FORBIDDEN = /[^\x21-\x7e]|[#\\]|%00/;

/** RFC 9112 §3.2.1, §3.2.2. */
function readTarget(url: string, maxBytes: number): { readonly target: string; readonly authority?: string } {
  if (url.length > maxBytes) throw refuse('TARGET_TOO_LONG');
  if (FORBIDDEN.test(url)) throw refuse('TARGET_MALFORMED');
  if (url.startsWith('/')) return { target: url };
  const [, authority, rest = '/'] = ABSOLUTE.exec(url) ?? [];
  if (authority === undefined) throw refuse('TARGET_FORM');
  return { target: rest.startsWith('?') ? `/${rest}` : rest, authority };
}

/** What names the host has to name the same one, however often it stands there. */
function agree(names: readonly (string | undefined)[]): string {
  const given = names.filter((name) => name !== undefined);
  const [first] = given;
  if (first === undefined || given.some((name) => name.toLowerCase() !== first.toLowerCase()))
    throw refuse('HOST_MALFORMED');
  return first;
}

const AUTHORITY = /^(?:([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_.])?)|(\[[0-9A-Fa-f:.]{2,45}\]))(?::\d{1,5})?$/;

/** @throws Refusal `HOST_MALFORMED` */
export function hostOf(authority: string): string {
  const [, name, address] = AUTHORITY.exec(authority) ?? [];
  const host = name ?? address;
  if (host === undefined || host.includes('..')) throw refuse('HOST_MALFORMED');
  const lower = host.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** RFC 9112 §6.3. A client of HTTP/1.0 knows no chunks. */
function bodyOf({ length, transfer }: Draft, isOld: boolean): number | 'chunked' {
  if (transfer === undefined) return length === undefined ? 0 : Number(length);
  if (length !== undefined || isOld) throw refuse('FRAMING_MALFORMED');
  return 'chunked';
}

/** A stream of HTTP/2 that its HEADERS frame did not end has a body, whether its length is stated. */
function bodyOfStream(message: IncomingMessage, { length }: Draft): number | 'chunked' {
  const { stream } = message as unknown as { readonly stream: { readonly endAfterHeaders: boolean } };
  if (stream.endAfterHeaders) return 0;
  return length === undefined ? 'chunked' : Number(length);
}
