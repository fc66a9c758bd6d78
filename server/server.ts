// Starting and stopping: datasets behind an HTTP server.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, ListenOptions, Socket } from 'node:net';
import type { RequestRates } from '../protocol/service-status.ts';
import type { DatasetKey } from '../store/key-file.ts';
import type { ServerState } from './app.ts';
import { listenError, ServerError } from './errors.ts';
import type { OnEvent } from './events.ts';
import { refuseSocket } from './gate.ts';
import { asWholeNumber, parseLimits, type ServerLimits } from './limits.ts';
import { createListener } from './listener.ts';
import { createRequestCounter } from './request-rates.ts';
import { closeServices, openServices, type ServedFolder, type Service } from './service.ts';

export interface ServerOptions extends ServerLimits {
  /** The key of the dataset under `oprf`. Under `hmac` a server must not have it. */
  readonly key?: DatasetKey;
  /** More datasets, under /d/{dataset id}: for the time in which clients move from one key to another. */
  readonly additional?: readonly ServedFolder[];
  /** Default 127.0.0.1: what other machines may reach is the operator's decision. */
  readonly host?: string;
  /** Default 8787; 0 takes any free port. */
  readonly port?: number;
  /** Lets further processes listen on the same port; the kernel spreads connections over them. Node 23.1 or later. */
  readonly reusePort?: boolean;
  /** How often CURRENT is looked at for a new snapshot. Default 1,000. */
  readonly pollIntervalMs?: number;
  /** What the bodies of a snapshot may take in memory; a dataset may have two open. Default 128 MiB. */
  readonly maxHeldBytes?: number;
  /** The pages at / and /status, and /v1/status. Default true. */
  readonly pages?: boolean;
  /** What /status shows where several processes answer: made from what this one counted. Default that alone. */
  readonly gatherRates?: (own: RequestRates) => Promise<RequestRates> | RequestRates;
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
  /** What this process counted. */
  requestRates(): RequestRates;
  /** Stops accepting, lets requests in flight finish, then closes the snapshots. A second call waits for the first. */
  close(options?: CloseOptions): Promise<void>;
}

export const DEFAULT_PORT = 8787;
const DEFAULT_HELD_BYTES = 2 ** 27;
const DEFAULT_DEADLINE_MS = 10_000;
/** How often connections that have become idle are looked for while closing. */
const CLOSE_IDLE_MS = 20;

/**
 * Opens the current snapshot of a dataset and serves it.
 * @throws ServerError where an option or the address is wrong
 * @throws StoreError where the dataset or its snapshot is
 */
export async function startServer(folder: string, options: ServerOptions = {}): Promise<CredveilServer> {
  const { host = '127.0.0.1', reusePort = false, key, additional = [], onEvent = () => undefined } = options;
  const { pages = true, gatherRates = (own) => own } = options;
  const port = asWholeNumber('port', options.port ?? DEFAULT_PORT, 0, 65_535);
  const pollIntervalMs = asWholeNumber('pollIntervalMs', options.pollIntervalMs ?? 1_000, 1, 86_400_000);
  const maxHeldBytes = asWholeNumber('maxHeldBytes', options.maxHeldBytes ?? DEFAULT_HELD_BYTES, 0, 2 ** 40);
  const limits = parseLimits(options);
  if (reusePort) assertReusePort();
  const first = key ? { folder, key } : { folder };
  const snapshotOptions = { pollIntervalMs, maxHeldBytes, onEvent };
  const services = (await openServices([first, ...additional], snapshotOptions)) as [Service, ...Service[]];
  const state: ServerState = { closing: false };
  const counter = createRequestCounter();
  const pageSettings = pages ? { counter, rates: () => gatherRates(counter.read()) } : undefined;
  const server = createLimitedServer(limits, createListener(services, state, limits, onEvent, pageSettings));
  const sockets = trackSockets(server);
  try {
    await listen(server, { host, port, reusePort });
  } catch (cause) {
    await closeServices(services);
    throw listenError(cause, host, port);
  }
  const address = server.address() as AddressInfo;
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  onEvent({ event: 'listening', url });

  let closed: Promise<void> | undefined;
  return {
    url,
    address: { host: address.address, port: address.port },
    requestRates: () => counter.read(),
    close: ({ deadlineMs = DEFAULT_DEADLINE_MS } = {}) => {
      closed ??= (async () => {
        state.closing = true;
        onEvent({ event: 'closing', deadlineMs });
        await drain(server, sockets, deadlineMs);
        await closeServices(services);
        onEvent({ event: 'closed' });
      })();
      return closed;
    },
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

function assertReusePort(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 23 || (major === 23 && minor >= 1)) return;
  throw new ServerError(
    'REUSE_PORT_UNSUPPORTED',
    'this version of Node cannot share a port between processes',
    'Use Node 24, or give each process a port of its own.',
  );
}

/** The open sockets of a server, kept up to date. */
function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function drain(server: Server, sockets: ReadonlySet<Socket>, deadlineMs: number): Promise<void> {
  const idle = setInterval(() => {
    server.closeIdleConnections();
    // To Node a connection without a byte is one whose first request has begun.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, CLOSE_IDLE_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(idle);
  clearTimeout(deadline);
}
