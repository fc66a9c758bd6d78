// A gateway with several ways to secure its hosts, and clients of HTTP/1.1 and HTTP/2 over TLS.

import { once } from 'node:events';
import http2, { type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { fixture } from '../paths.ts';
import { type Echo, parseAnswer, type RawAnswer } from './gateway.ts';

const pem = (name: string): string => JSON.stringify(fixture('tls', name));

/** The key `tls` with a certificate of the fixtures, and the CA of client certificates if any. */
export function tlsKey(name: 'first' | 'second' | 'stranger' | 'expired', ca?: 'ca' | 'stranger', more = ''): string {
  const client = ca === undefined ? '' : `, clientCertificates: { caFile: ${pem(`${ca}.pem`)}${more} }`;
  return `{ certFile: ${pem(`${name}.pem`)}, keyFile: ${pem(`${name}.key`)}${client} }`;
}

/**
 * Hosts that ask for no client certificate, for one, for one if there is one, and for one of
 * another CA. Applications get `X-Verified: yes` with a verified one.
 */
export const hostsInFrontOf = (url: string, more = ''): string => `listen: 127.0.0.1:0
tls: ${tlsKey('first')}
apps:
  public.example: { to: "${url}" }
  also.example: { to: "${url}" }
  managed.example: { to: "${url}", tls: ${tlsKey('second', 'ca')} }
  optional.example: { to: "${url}", tls: ${tlsKey('second', 'ca', ', require: false')} }
  contractors.example: { to: "${url}", tls: ${tlsKey('second', 'stranger')} }
rules:
  - { when: cf.tls_client_auth.cert_verified, do: { setHeader: { X-Verified: "yes" } } }
${more}`;

export interface SecureOptions extends ConnectionOptions {
  readonly port: number;
}

/**
 * A connection after its handshake.
 * @throws Error for one that was refused; TLS 1.3 may refuse it only after the handshake
 */
export async function secure(options: SecureOptions): Promise<TLSSocket> {
  // The fixtures are for localhost.
  const socket = tls.connect({ host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket;
}

export interface AskOptions extends SecureOptions {
  /** What Host says. Default: the server name. */
  readonly hostHeader?: string;
}

/**
 * One request of HTTP/1.1 over TLS. @returns undefined for a connection that ended without answer
 */
export async function ask({ hostHeader, ...options }: AskOptions): Promise<RawAnswer | undefined> {
  try {
    const socket = await secure(options);
    return await askOn(socket, hostHeader ?? options.servername ?? '');
  } catch {
    return undefined;
  }
}

/** One request on a connection, which ends with it. */
export async function askOn(socket: TLSSocket, host: string): Promise<RawAnswer | undefined> {
  let text = '';
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1');
  });
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  if (!socket.closed) await once(socket, 'close').catch(() => undefined);
  return text === '' ? undefined : parseAnswer(text);
}

/** A session of HTTP/2, which ends with the test. */
export async function connectHttp2(options: SecureOptions & { servername: string }): Promise<ClientHttp2Session> {
  const socket = await secure({ ALPNProtocols: ['h2'], ...options });
  const session = http2.connect(`https://${options.servername}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

export interface Http2Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the stream: 0 for one that ended as it should. */
  readonly code: number | undefined;
}

/** One request. Its body follows unless it is undefined; trailers come after it. */
export async function askHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
  trailers?: OutgoingHttpHeaders,
): Promise<Http2Answer> {
  const stream = session.request(headers, { endStream: body === undefined, waitForTrailers: trailers !== undefined });
  stream.on('error', () => undefined).on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
  if (body !== undefined) stream.end(body);
  const got: { headers: IncomingHttpHeaders; trailers: IncomingHttpHeaders } = { headers: {}, trailers: {} };
  stream.on('response', (head) => {
    got.headers = head;
  });
  stream.on('trailers', (tail) => {
    got.trailers = tail;
  });
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  await new Promise((resolve) => stream.once('close', resolve));
  const status = got.headers[':status'] as number | undefined;
  return { status, ...got, body: Buffer.concat(pieces).toString('latin1'), code: stream.rstCode };
}

export const echoOfHttp2 = ({ body }: Http2Answer): Echo => JSON.parse(body) as Echo;
