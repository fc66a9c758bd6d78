// Requests that undici does not send: with `Expect: 100-continue`, with trailers, and upgrades to
// WebSocket. node:http sends them, on a connection of their own.

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { requestTrailers } from '../request/trailers.ts';
import { faultOf } from './fault.ts';
import { type Forwarding, MAX_INFORMED, type Outcome, outlivesClient, type Stopped } from './forwarding.ts';
import type { Origin } from './origin.ts';
import { RequestBody } from './request-body.ts';
import { ResponseSink, responseHeaders, type Sink } from './response-sink.ts';

export interface CarefulForwarding extends Forwarding {
  readonly expectsContinue: boolean;
  /** The client's socket, whose response is also on `response`, and what it sent after the head. */
  readonly upgrade?: { readonly socket: Duplex; readonly head: Buffer };
  /** Whether the headers of a 101 may reach the client. */
  readonly mayJoin?: ((headers: readonly string[]) => boolean) | undefined;
}

export function forwardCarefully(
  origin: Origin,
  forwarding: CarefulForwarding,
  done: (outcome: Outcome) => void,
  sink: Sink = new ResponseSink(forwarding.response),
): void {
  origin.queue.run(forwarding, done, (ended) => sendCarefully(origin, forwarding, ended, sink));
}

function sendCarefully(
  origin: Origin,
  forwarding: CarefulForwarding,
  done: (outcome: Outcome) => void,
  sink: Sink,
): void {
  const { message, response, method, target, headers, body, expectsContinue, upgrade } = forwarding;
  let isDone = false;
  let informed = 0;
  const finish = (outcome: Outcome): void => {
    if (isDone) return;
    isDone = true;
    done(outcome);
  };
  const request = origin.startRequest({
    method,
    path: target,
    headers: [
      ...headers,
      ...(upgrade ? ['Connection', 'Upgrade', 'Upgrade', 'websocket'] : ['Connection', 'close']),
      ...(expectsContinue ? ['Expect', '100-continue'] : []),
      ...(body === 'chunked' ? ['Transfer-Encoding', 'chunked'] : []),
    ],
  });
  let isLeft = false;
  const giveUp = (failure: 'CLIENT_GONE' | Stopped): void => {
    if (isDone) return;
    request.destroy();
    if (sink.isStarted && !response.closed) sink.cut();
    finish({ failure });
  };
  response.on('close', () => {
    isLeft = !sink.isStarted && outlivesClient(forwarding);
    if (!isLeft) giveUp('CLIENT_GONE');
  });
  const { stop } = forwarding;
  stop?.addEventListener('abort', () => giveUp(stop.reason as Stopped));
  request
    .on('continue', () => response.writeContinue())
    .on('information', ({ statusCode, rawHeaders }) => {
      if (++informed > MAX_INFORMED) request.destroy(new Error('more 1xx than a response has'));
      else sink.inform(statusCode, rawHeaders);
    })
    .on('response', (reply) => {
      if (isLeft && !forwarding.isJudged) return giveUp('CLIENT_GONE');
      try {
        receive(reply, forwarding, sink, finish);
      } catch (cause) {
        // HTTP/2 has fewer statuses and headers than HTTP/1.1.
        request.destroy(new Error('the response cannot be passed on', { cause }));
      }
    })
    .on('upgrade', (reply, socket, head) => {
      if (isLeft) return giveUp('CLIENT_GONE');
      receiveJoin(reply, { socket, head }, forwarding, sink, finish);
    })
    .on('timeout', () => request.destroy(Object.assign(new Error('no response in time'), { isTimeout: true })))
    .on('error', (error: Error & { code?: string; isTimeout?: boolean }) => {
      // Whoever gave it up answers the client.
      if (isDone) return;
      if (!sink.isStarted && error.isTimeout) return finish({ failure: 'UPSTREAM_TIMEOUT' });
      if (!sink.isStarted) return finish({ failure: 'UPSTREAM_FAILED', fault: faultOf(error) });
      sink.cut();
      finish({ failure: 'UPSTREAM_CUT' });
    });
  send(message, request, forwarding, () => giveUp('CLIENT_GONE'));
}

function send(
  message: IncomingMessage,
  request: ClientRequest,
  { body, content, headers, setNames, screen, upgrade }: CarefulForwarding,
  onBroken: () => void,
): void {
  if (body === 0 || upgrade) {
    request.end();
    return;
  }
  if (content?.isWhole) {
    request.write(content.bytes);
    request.addTrailers(requestTrailers(message.rawTrailers, headers, setNames));
    request.end();
    return;
  }
  request.flushHeaders();
  const source = new RequestBody(message, content?.bytes, screen);
  request.once('close', () => source.destroy());
  source
    .on('data', (chunk: Buffer) => {
      if (request.write(chunk)) return;
      source.pause();
      request.once('drain', () => source.resume());
    })
    .on('end', () => {
      if (message.rawTrailers.length > 0) request.addTrailers(requestTrailers(message.rawTrailers, headers, setNames));
      request.end();
    })
    .on('close', () => {
      if (source.isBroken) onBroken();
    });
}

function receive(
  reply: IncomingMessage,
  { response, onSlowClient }: CarefulForwarding,
  sink: Sink,
  finish: (outcome: Outcome) => void,
): void {
  const status = reply.statusCode ?? 502;
  const headers = responseHeaders(reply.rawHeaders);
  sink.start(status, reply.statusMessage ?? '', headers);
  reply
    .on('data', (chunk: Buffer) => {
      if (sink.write(chunk)) return;
      if (response.closed) return void reply.destroy();
      reply.pause();
      onSlowClient(() => reply.resume());
    })
    .on('end', () => {
      sink.end(reply.rawTrailers);
      finish({ status });
    })
    .on('error', () => undefined)
    .on('close', () => {
      if (reply.complete) return;
      sink.cut();
      finish({ failure: 'UPSTREAM_CUT' });
    });
}

interface Joined {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** A 101 may have to wait until what it answers was judged. */
function receiveJoin(
  reply: IncomingMessage,
  origin: Joined,
  forwarding: CarefulForwarding,
  sink: Sink,
  finish: (outcome: Outcome) => void,
): void {
  const { upgrade, mayJoin } = forwarding;
  const isJoined = reply.headers.upgrade?.toLowerCase() === 'websocket' && mayJoin?.(reply.rawHeaders) !== false;
  if (!upgrade || !isJoined) {
    origin.socket.destroy();
    finish({ failure: 'UPSTREAM_FAILED', fault: faultOf({}) });
    return;
  }
  const headers = responseHeaders(reply.rawHeaders);
  const waiting = sink.join?.(headers);
  if (!waiting) {
    join(reply, origin, headers, { ...forwarding, upgrade }, finish);
    return;
  }
  // Either side may leave meanwhile.
  const end = (): void => void origin.socket.destroy();
  upgrade.socket.once('close', end);
  origin.socket.on('error', end);
  void waiting.then((added) => {
    upgrade.socket.off('close', end);
    if (added && !upgrade.socket.destroyed) {
      join(reply, origin, [...headers, ...added], { ...forwarding, upgrade }, finish);
      return;
    }
    end();
    finish({ failure: 'UPSTREAM_FAILED', fault: faultOf({}) });
  });
}

/** After 101 the bytes are no HTTP: both sockets are joined, and none of them is read here. */
function join(
  reply: IncomingMessage,
  origin: Joined,
  headers: readonly string[],
  { upgrade, response }: CarefulForwarding & { readonly upgrade: Joined },
  finish: (outcome: Outcome) => void,
): void {
  const client = upgrade.socket;
  response.detachSocket(client as never);
  let head = `HTTP/1.1 101 ${reply.statusMessage ?? ''}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  client.write(`${head}\r\n`, 'latin1');
  if (origin.head.length > 0) client.write(origin.head);
  if (origin.socket.destroyed) {
    client.end();
    finish({ status: 101 });
    return;
  }
  if (upgrade.head.length > 0) origin.socket.write(upgrade.head);
  splice(client, origin.socket);
  // The exchange is over: a socket that stays open for days holds nothing of it.
  finish({ status: 101 });
}

function splice(client: Duplex, origin: Duplex): void {
  const end = (): void => {
    client.destroy();
    origin.destroy();
  };
  client.on('error', end).on('close', end);
  origin.on('error', end).on('close', end);
  client.pipe(origin).pipe(client);
}
