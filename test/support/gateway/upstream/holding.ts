// A front that holds each response of an application, and then does with it what the test says.

import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { NO_SET_NAMES } from '../../../../gateway/request/set-names.ts';
import { forward } from '../../../../gateway/upstream/forward.ts';
import type { Outcome } from '../../../../gateway/upstream/forwarding.ts';
import { type HeldResponse, type Holds, hold } from '../../../../gateway/upstream/held-response.ts';
import { Origin } from '../../../../gateway/upstream/origin.ts';

export interface Front {
  readonly origin: Origin;
  readonly port: number;
  readonly outcomes: Outcome[];
  readonly budget: { held: number };
  /** How often a client took no more. */
  readonly waits: { count: number };
  /** Each response that was held, or undefined for none. */
  readonly held: Promise<HeldResponse | undefined>[];
}

type Decide = (held: HeldResponse, response: http.ServerResponse) => void | Promise<void>;

/** @param decide releases or discards; by default it releases with a cookie */
export async function holdInFrontOf(
  url: string,
  decide: Decide = (held) => held.release(['Set-Cookie', 'handle=1']),
  {
    http: version = 1,
    timeoutMs = 10_000,
    holds = 65_536,
  }: { readonly http?: 1 | 2; readonly timeoutMs?: number; readonly holds?: Holds | number } = {},
): Promise<Front> {
  const origin = new Origin({
    url,
    maxConnections: 4,
    maxWaiting: 16,
    connectTimeoutMs: 1_000,
    responseTimeoutMs: timeoutMs,
    idleTimeoutMs: timeoutMs,
  });
  const front = { outcomes: [] as Outcome[], budget: { held: 0 }, waits: { count: 0 }, held: [] as Front['held'] };
  const listener: http.RequestListener = (message, response) => {
    response.on('error', () => undefined);
    const waiting = hold(
      {
        message,
        response,
        method: message.method ?? 'GET',
        target: message.url ?? '/',
        headers: ['Host', 'app.example'],
        body: 0,
        party: '',
        setNames: NO_SET_NAMES,
        budget: front.budget,
        onSlowClient: (resume) => {
          front.waits.count++;
          response.once('drain', resume);
        },
      },
      (outcome) => {
        front.outcomes.push(outcome);
        if ('failure' in outcome && outcome.failure.startsWith('UPSTREAM') && !response.headersSent)
          response.writeHead(502).end(outcome.failure);
      },
      (...sent) => forward(origin, ...sent),
      holds,
    );
    front.held.push(waiting);
    void waiting.then((held) => held && decide(held, response));
  };
  const server = version === 1 ? http.createServer(listener) : http2.createServer(listener as never);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await origin.pool.destroy();
  });
  return { ...front, origin, port: (server.address() as AddressInfo).port };
}

/** An application that answers its connections with these pieces, one after the other. */
export async function answering(
  pieces: readonly (string | Buffer | Promise<unknown>)[],
  { keepsOpen = false }: { readonly keepsOpen?: boolean } = {},
): Promise<{ readonly url: string; readonly requests: { count: number } }> {
  const requests = { count: 0 };
  const server = net.createServer((socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    socket.once('data', async () => {
      requests.count++;
      for (const piece of pieces)
        if (piece instanceof Promise) await piece;
        else socket.write(piece as string, 'latin1');
      if (!keepsOpen) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
