// The version of HTTP that a request came in.

import { Http2ServerRequest, type ServerHttp2Stream } from 'node:http2';

/** node:http reads `HTTP/2.0` in a request line as well: what counts is the server that read it. */
export const isHttp2 = (message: object): boolean => message instanceof Http2ServerRequest;

/** That of a request or response of HTTP/2. Types of node:http know none. */
export const streamOf = (message: object): ServerHttp2Stream =>
  (message as { readonly stream: ServerHttp2Stream }).stream;

/** node:http also reads 0.9, which has no headers, and 2.0, which has no request line. */
export const isHttpVersion = (version: string): boolean => version === '1.1' || version === '1.0';
