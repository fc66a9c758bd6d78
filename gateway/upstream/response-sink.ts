// The response of an application on its way to the client: head, body and trailers, piece by piece.

import type { ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { objectOf, pairsOf } from '../header-pairs.ts';
import { isHttp2, streamOf } from '../http-version.ts';
import { isOwnSetCookie } from '../request/own-cookies.ts';
import { rememberNames } from '../request/remember-names.ts';
import { isHopByHop, isOwn, lettersOf } from '../request/reserved-names.ts';

/** Whether a client may get a header of this name from an application. */
const judgeName = rememberNames((name): 'sent' | 'dropped' | 'cookie' => {
  const lower = name.toLowerCase();
  if (lower === 'set-cookie') return 'cookie';
  // Trailer announces fields that are passed on: RFC 9110 §6.6.2.
  if (lower === 'trailer') return 'sent';
  // Alt-Svc would send clients past the gateway.
  return isHopByHop(lower) || lower === 'alt-svc' || isOwn(lettersOf(lower)) ? 'dropped' : 'sent';
});

/** Drops hop-by-hop and reserved headers, and those that `Connection` names: RFC 9110 §7.6.1. */
export function responseHeaders(raw: readonly string[]): string[] {
  const headers: string[] = [];
  let nominated: string[] | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const kind = judgeName(name);
    if (kind === 'sent' || (kind === 'cookie' && !isOwnSetCookie(value))) headers.push(name, value);
    else if (kind === 'dropped' && name.toLowerCase() === 'connection') nominated = nominatedIn(value, nominated);
  }
  return nominated ? without(headers, nominated) : headers;
}

function nominatedIn(connection: string, before: string[] | undefined): string[] | undefined {
  if (connection === 'keep-alive' || connection === 'close') return before;
  const names = connection
    .toLowerCase()
    .split(',')
    .map((option) => option.trim())
    .filter((name) => name !== '' && name !== 'close' && !isHopByHop(name));
  return names.length === 0 ? before : [...(before ?? []), ...names];
}

function without(headers: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!names.includes((headers[i] as string).toLowerCase()))
      kept.push(headers[i] as string, headers[i + 1] as string);
  return kept;
}

/** Where a response goes. */
export interface Sink extends Pick<ResponseSink, 'isStarted' | 'bytes' | 'inform' | 'start' | 'write' | 'end' | 'cut'> {
  /**
   * Waits before a 101 with these headers joins client and application.
   * @returns more headers for it, or undefined if they are not joined; undefined at once not to
   * wait
   */
  join?(headers: readonly string[]): Promise<readonly string[] | undefined> | undefined;
}

/** What a client of HTTP/1 or HTTP/2 gets of one response. */
export class ResponseSink {
  readonly #response: ServerResponse;
  /** Bytes of the body that were passed on. */
  bytes = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get isStarted(): boolean {
    return this.#response.headersSent;
  }

  /** 103 and 102; a client of HTTP/1.0 knows none. */
  inform(status: number, headers: readonly string[]): void {
    const response = this.#response;
    if (response.headersSent || response.req.httpVersion === '1.0') return;
    try {
      this.#inform(status, headers);
    } catch {
      // Links that node:http does not take for such: a client does without.
    }
  }

  #inform(status: number, headers: readonly string[]): void {
    const response = this.#response;
    const links = status === 103 ? valuesOf(headers, 'link') : [];
    if (isHttp2(response.req)) {
      if (status === 102 || links.length > 0)
        streamOf(response).additionalHeaders({ ':status': status, ...(links.length > 0 && { link: links }) });
    } else if (status === 102) response.writeProcessing();
    else if (links.length > 0) response.writeEarlyHints({ link: links });
  }

  /** @param headers as `responseHeaders` returns them */
  start(status: number, statusText: string, headers: string[]): void {
    const response = this.#response;
    response.sendDate = false;
    // HTTP/2 has no reason phrase.
    if (isHttp2(response.req)) response.writeHead(status, objectOf(headers));
    else response.writeHead(status, statusText, headers);
    // Most bodies come with their head, and both go out in one write. Where the body keeps the
    // client waiting, as in an event stream, the head goes out alone.
    process.nextTick(() => {
      if (this.bytes === 0 && !response.writableEnded && !response.destroyed) response.flushHeaders();
    });
  }

  /** @returns whether the client takes more at once */
  write(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    return this.#response.write(chunk);
  }

  end(trailers: readonly string[]): void {
    const response = this.#response;
    if (trailers.length > 0) this.#addTrailers(responseHeaders(trailers));
    response.end();
  }

  #addTrailers(trailers: readonly string[]): void {
    const response = this.#response;
    if (trailers.length === 0) return;
    if (isHttp2(response.req)) response.addTrailers(objectOf(trailers) as never);
    else response.addTrailers(pairsOf(trailers));
  }

  /** The client must not take what it has for the whole. */
  cut(): void {
    const response = this.#response;
    // Without a code of its own the end of a stream is taken for that of the response.
    if (isHttp2(response.req)) streamOf(response).close(constants.NGHTTP2_INTERNAL_ERROR);
    else response.destroy();
  }
}

function valuesOf(headers: readonly string[], wanted: string): string[] {
  return pairsOf(headers)
    .filter(([name]) => name.toLowerCase() === wanted)
    .map(([, value]) => value);
}
