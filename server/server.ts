// Starting and stopping: a dataset's snapshots behind an HTTP server.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openDataset } from '../store/dataset.ts';
import { createApp, type ServerState, sendInternal } from './app.ts';
import { createBucketHandler } from './buckets.ts';
import { listenError } from './errors.ts';
import type { OnEvent } from './events.ts';
import { originForm, refuseRequest, refuseSocket } from './gate.ts';
import { asWholeNumber, parseLimits, type ServerLimits } from './limits.ts';
import { ServedSnapshots } from './snapshots.ts';

export interface ServerOptions extends ServerLimits {
  /** Default 127.0.0.1: what other machines may reach is the operator's decision. */
  readonly host?: string;
  /** Default 8787; 0 takes any free port. */
  readonly port?: number;
  /** How often CURRENT is looked at for a new snapshot. Default 1,000. */
  readonly pollIntervalMs?: number;
  /** What the bodies of a snapshot may take in memory; two snapshots may be open. Default 128 MiB. */
  readonly maxHeldBytes?: number;
  /** Takes what an operator should know. Must not throw. */
  readonly onEvent?: OnEvent;
}

export interface CloseOptions {
  /** After this, connections that are still open are destroyed. Default 10,000. */
  readonly deadlineMs?: number;
}

export interface CredveilServer {
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Stops accepting, lets requests in flight finish, then closes the snapshots. A second call waits for the first. */
  close(options?: CloseOptions): Promise<void>;
}

export const DEFAULT_PORT = 8787;
const DEFAULT_HELD_BYTES = 2 ** 27;
const DEFAULT_DEADLINE_MS = 10_000;
/** How often connections that have become idle are looked for while closing. */
const CLOSE_IDLE_MS = 20;

/**
 * Opens a dataset's snapshot and serves it.
 * @throws ServerError where an option or the address is wrong
 * @throws StoreError where the dataset or its snapshot is
 */
export async function startServer(folder: string, options: ServerOptions = {}): Promise<CredveilServer> {
  const { host = '127.0.0.1', onEvent = () => undefined } = options;
  const port = asWholeNumber('port', options.port ?? DEFAULT_PORT, 0, 65_535);
  const pollIntervalMs = asWholeNumber('pollIntervalMs', options.pollIntervalMs ?? 1_000, 1, 86_400_000);
  const maxHeldBytes = asWholeNumber('maxHeldBytes', options.maxHeldBytes ?? DEFAULT_HELD_BYTES, 0, 2 ** 40);
  const limits = parseLimits(options);
  const snapshots = await ServedSnapshots.open(openDataset(folder), { pollIntervalMs, maxHeldBytes, onEvent });
  const state: ServerState = { closing: false };
  const server = createLimitedServer(limits, createListener(snapshots, state, limits, onEvent));
  try {
    await listen(server, host, port);
  } catch (cause) {
    await snapshots.close();
    throw listenError(cause, host, port);
  }
  const address = server.address() as AddressInfo;
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  onEvent({ event: 'listening', url });

  let closed: Promise<void> | undefined;
  return {
    url,
    address: { host: address.address, port: address.port },
    close: ({ deadlineMs = DEFAULT_DEADLINE_MS } = {}) => {
      closed ??= (async () => {
        state.closing = true;
        onEvent({ event: 'closing', deadlineMs });
        await drain(server, deadlineMs);
        await snapshots.close();
        onEvent({ event: 'closed' });
      })();
      return closed;
    },
  };
}

function createListener(
  snapshots: ServedSnapshots,
  state: ServerState,
  limits: Required<ServerLimits>,
  onEvent: OnEvent,
): RequestListener {
  const answerBucket = createBucketHandler(snapshots);
  const app = createApp(snapshots, state, onEvent);
  return (request, response) => {
    try {
      if (state.closing) response.shouldKeepAlive = false;
      if (refuseRequest(request, response, limits.maxUrlBytes)) return;
      if (!request.url?.startsWith('/')) request.url = originForm(request.url ?? '');
      if (!answerBucket(request, response)) app(request, response);
      // Armed only where the kernel did not take the whole answer at once: a timer a request would cost a microsecond.
      if (response.writableLength > 0) request.socket.setTimeout(limits.stalledTimeoutMs);
    } catch (error) {
      sendInternal(response, error, onEvent);
    }
  };
}

function createLimitedServer(limits: Required<ServerLimits>, listener: RequestListener): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: Math.max(limits.headersTimeoutMs, limits.requestTimeoutMs),
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
      // The gate does it, with a problem body.
      requireHostHeader: false,
    },
    listener,
  );
  server.maxConnections = limits.maxConnections;
  server.on('clientError', refuseSocket);
  // Nobody is asked to go on with a body that the gate refuses.
  server.on('checkContinue', listener);
  server.on('checkExpectation', listener);
  return server;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function drain(server: Server, deadlineMs: number): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(idle);
  clearTimeout(deadline);
}
