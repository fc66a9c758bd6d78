// The servers of HTTP/1.1 and HTTP/2, which never listen: connections come from listeners and TLS
// profiles.

import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { OpenSet } from '../../runtime/open-set.ts';
import { rawAnswer } from '../answers/answer.ts';
import type { AnswerCode } from '../answers/kinds.ts';
import type { GatewayLimits } from '../config/schema.ts';
import { keepHalfOpen } from './half-open.ts';
import { peerOf } from './peer.ts';

/** How often both timeouts are looked at. */
const CHECK_MS = 500;
/** Requests of one connection of HTTP/2 at a time. */
const MAX_STREAMS = 128;
/** One that its application reads slowly must not use up what all of a connection share. */
const WINDOW_BYTES = 2 ** 20;
/** Requests that a client may reset at once, and then each second, before it is cut off. */
const RESETS = { streamResetBurst: 256, streamResetRate: 33 };
/** Browsers send each cookie as a header. What all take together is limited in bytes. */
const MAX_HEADERS = 1_024;
/** What fits a frame: RFC 8336 §2.1. */
const MAX_ORIGIN_BYTES = 16_000;

export interface HttpHandlers {
  onRequest(message: IncomingMessage, response: ServerResponse): void;
  /**
   * Of Upgrade and CONNECT. `response` is on the same socket; `head` is what the client sent after
   * its request.
   */
  onUpgrade(message: IncomingMessage, response: ServerResponse, socket: Duplex, head: Buffer): void;
  /** What the parser or its timeouts refused. */
  onMalformed(code: AnswerCode): void;
  /** The hosts that a connection of HTTP/2 may ask for. RFC 8336. */
  originsOf(socket: TLSSocket): readonly string[];
}

export interface HttpServers {
  /** HTTP/1.1 in clear or secured. */
  acceptHttp1(socket: Socket): void;
  /** By what both ends agreed on. */
  acceptSecured(socket: TLSSocket): void;
  applyLimits(limits: GatewayLimits): void;
  /** Ends connections without a request in flight; the others end with theirs. */
  closeIdle(): void;
  close(): void;
}

export function createHttpServers(limits: GatewayLimits, handlers: HttpHandlers): HttpServers {
  const http1 = createHttp1(limits, handlers);
  const sessions = new OpenSet<http2.ServerHttp2Session>();
  const second = http2.createServer(
    {
      settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: limits.maxHeaderBytes },
      maxSessionMemory: 10,
      maxHeaderListPairs: MAX_HEADERS,
      // Applications send headers twice that should be there once, and browsers take the first.
      strictSingleValueFields: false,
      ...RESETS,
    },
    handlers.onRequest as never,
  );
  // node:http2 answers them itself where nobody listens: past rules and events.
  for (const event of ['checkContinue', 'checkExpectation', 'connect']) second.on(event, handlers.onRequest as never);
  second.on('session', (session) => {
    session.once('close', sessions.add(session));
    session.on('error', () => session.destroy());
    session.setTimeout(http1.keepAliveTimeout, () => session.close());
    session.setLocalWindowSize(WINDOW_BYTES);
    const origins = fitting(handlers.originsOf(session.socket as TLSSocket));
    if (origins.length > 0) session.origin(...origins);
  });
  second.on('sessionError', () => undefined);
  return {
    acceptHttp1: (socket) => http1.emit('connection', socket),
    acceptSecured: (socket) =>
      socket.alpnProtocol === 'h2' ? second.emit('connection', socket) : http1.emit('connection', socket),
    applyLimits: (changed) => applyLimits(http1, changed),
    closeIdle: () => {
      http1.closeIdleConnections();
      for (const session of sessions) session.close();
    },
    close: () => {
      http1.closeAllConnections();
      http1.close();
      second.close();
    },
  };
}

/** Hosts beyond these get a connection of their own. */
function fitting(origins: readonly string[]): readonly string[] {
  let bytes = 0;
  return origins.filter((origin) => {
    bytes += origin.length + 2;
    return bytes <= MAX_ORIGIN_BYTES;
  });
}

/** `httpAllowHalfOpen` is node's, and in none of its types; the timeout is ours. */
type Http1Server = http.Server & { httpAllowHalfOpen?: boolean; halfClosedTimeout: number };

function createHttp1(limits: GatewayLimits, handlers: HttpHandlers): Http1Server {
  const options = {
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: CHECK_MS,
    // The head is judged as a whole, with an answer that names what is wrong.
    requireHostHeader: false,
    shouldUpgradeCallback: isWebSocket,
    noDelay: true,
  };
  const server: Http1Server = Object.assign(http.createServer(options), { halfClosedTimeout: 0 });
  applyLimits(server, limits);
  server.httpAllowHalfOpen = true;
  server.on('connection', (socket: Socket) => keepHalfOpen(socket, () => server.halfClosedTimeout));
  server.on('request', handlers.onRequest);
  server.on('checkContinue', handlers.onRequest);
  server.on('checkExpectation', handlers.onRequest);
  const takeOver = (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // The answer to a request before it is still under way: no client has both on one connection.
    if (responseOn(socket)) {
      socket.destroy();
      return;
    }
    const response = new http.ServerResponse(message);
    // node:http listens no longer, and nobody else does until there is an answer.
    socket.on('error', () => socket.destroy());
    // A WebSocket ends with a message of its own: who ends the connection has left.
    (socket as Socket).allowHalfOpen = false;
    response.assignSocket(socket as Socket);
    response.shouldKeepAlive = false;
    // node:http leaves the socket of an upgrade to whoever takes it. An answer ends it.
    response.once('finish', () => (socket as Socket).destroySoon());
    handlers.onUpgrade(message, response, socket, head);
  };
  server.on('upgrade', takeOver);
  server.on('connect', takeOver);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseBytes(error, socket, handlers));
  // node:http checks timeouts of the connections of a server that listens.
  server.emit('listening');
  return server;
}

/** An Upgrade to anything else, or with a body, is an ordinary request: RFC 9110 §7.8. */
function isWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  const { upgrade, 'content-length': length = '0', 'transfer-encoding': transfer } = headers;
  const hasBody = length !== '0' || transfer !== undefined;
  return method === 'GET' && httpVersion === '1.1' && !hasBody && upgrade?.toLowerCase() === 'websocket';
}

/** The response that node:http has begun to write to a socket. */
const responseOn = (socket: Duplex): ServerResponse | null | undefined =>
  (socket as Duplex & { readonly _httpMessage?: ServerResponse | null })._httpMessage;

function applyLimits(server: Http1Server, limits: GatewayLimits): void {
  server.headersTimeout = limits.headersTimeoutMs;
  // A body may take as long as it comes: its rate is limited instead.
  server.requestTimeout = 0;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
  server.halfClosedTimeout = limits.halfClosedTimeoutMs;
  server.maxHeadersCount = 0;
}

const PARSER_CODES: { readonly [code: string]: AnswerCode } = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
};

/** Answers what node:http refuses, then ends the connection. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex, handlers: HttpHandlers): void {
  const response = responseOn(socket);
  const isHttp = /^(?:HPE|ERR_HTTP)_/.test(error.code ?? '');
  const peer = peerOf(socket as Socket);
  if (isHttp && peer.isEnding) return;
  // The request before is complete, and its answer is under way: this one comes after it.
  if (isHttp && response?.req.complete) {
    peer.isEnding = true;
    response.once('finish', () => {
      peer.isEnding = false;
      refuseBytes(error, socket, handlers);
    });
    return;
  }
  // A response that has begun belongs to the request before: a second head would be part of it.
  if (!socket.writable || !isHttp || response?.headersSent) {
    if (response?.writableEnded) socket.end(() => socket.destroy());
    else socket.destroy();
    return;
  }
  const code = PARSER_CODES[error.code ?? ''] ?? 'REQUEST_MALFORMED';
  peer.isEnding = true;
  handlers.onMalformed(code);
  socket.end(rawAnswer(code, '-'), () => socket.destroy());
}
