// Starting and stopping: datasets behind an HTTP server.

import type { ServerOptions as HttpOptions, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import type { RequestRates } from '../protocol/service-status.ts';
import { listenError } from '../runtime/errors.ts';
import type { OnEvent } from '../runtime/events.ts';
import { type BrowserRules, createBrowserGate, isLoopback } from '../runtime/http/browser-gate.ts';
import { refuseSocket } from '../runtime/http/gate.ts';
import { createServer, createTlsServer } from '../runtime/http/node-http.ts';
import { limitPerAddress } from '../runtime/http/per-address.ts';
import { type CloseOptions, DEFAULT_DEADLINE_MS, drain, listen, trackSockets } from '../runtime/http/sockets.ts';
import { trackAuthorised } from '../runtime/http/withdrawn.ts';
import { asWholeNumber, parseLimits, type ServerLimits } from '../runtime/limits.ts';
import { collectProcess, type Metric } from '../runtime/observe/metric.ts';
import { STRICT_TRANSPORT_SECURITY, type TlsFileOptions, TlsFiles } from '../runtime/tls.ts';
import { assertReusePort } from '../runtime/workers/shared-port.ts';
import type { DatasetKey } from '../store/dataset-key.ts';
import { type Access, type AccessOptions, openAccess } from './access.ts';
import type { ServerState } from './exchange.ts';
import { createListener } from './listener.ts';
import { collectServices } from './observe/service-metrics.ts';
import { closeServices, openServices, type ServedFolder, type Service } from './service.ts';
import type { SnapshotPeers } from './snapshots/snapshots.ts';
import { createStrangers } from './strangers.ts';

export interface ServerOptions extends ServerLimits, AccessOptions, BrowserRules {
  /**
   * The key of the dataset under `oprf`; without it the server serves buckets alone. Under `hmac` a
   * server must not have it.
   */
  readonly key?: DatasetKey;
  /**
   * More datasets, under /d/{dataset id}: for the time in which clients move from one key to
   * another.
   */
  readonly additional?: readonly ServedFolder[];
  /** Default 127.0.0.1: what other machines may reach is the operator's decision. */
  readonly host?: string;
  /** Default 8787; 0 takes any free port. */
  readonly port?: number;
  /** Turns on HTTPS. */
  readonly tls?: TlsFileOptions;
  /**
   * Lets further processes listen on the same port; the kernel spreads connections over them. Node
   * 23.1 or later.
   */
  readonly reusePort?: boolean;
  /**
   * Interval of checks of CURRENT for a new snapshot, and of TLS files for a new certificate.
   * Default 1,000.
   */
  readonly pollIntervalMs?: number;
  /** Memory for the bodies of a snapshot; a dataset may have two open. Default 128 MiB. */
  readonly maxHeldBytes?: number;
  /** The pages at / and /status, and /v1/status. Default true. */
  readonly pages?: boolean;
  /**
   * The rates that /status shows if several processes answer, from those of this one. Default: its
   * own alone.
   */
  readonly gatherRates?: (own: RequestRates) => Promise<RequestRates> | RequestRates;
  /** The other processes that answer on this port. */
  readonly peers?: SnapshotPeers;
  /** Receives events for the operator. Must not throw. */
  readonly onEvent?: OnEvent;
}

/** Limits that may change while requests are under way. */
export type LiveLimits = Pick<
  ServerLimits,
  | 'maxConnections'
  | 'maxConnectionsPerAddress'
  | 'maxUrlBytes'
  | 'headersTimeoutMs'
  | 'requestTimeoutMs'
  | 'keepAliveTimeoutMs'
  | 'strangerTimeoutMs'
  | 'stalledTimeoutMs'
>;

export interface CredveilServer {
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number };
  /**
   * Stops accepting, lets requests in flight finish, then closes the snapshots. A second call waits
   * for the first.
   */
  close(options?: CloseOptions): Promise<void>;
  /**
   * Applies limits, and reloads TLS files and clients.
   * @throws ServerError `OPTION_OUT_OF_RANGE`; nothing has changed then
   */
  reload(limits?: LiveLimits): void;
  /** Request rates of the last hour, over all processes. */
  requestRates(): Promise<RequestRates>;
  /** What each process has counted so far. */
  metrics(): Promise<readonly (readonly Metric[])[]>;
}

export const DEFAULT_PORT = 8787;
const DEFAULT_HELD_BYTES = 2 ** 27;

/**
 * Opens the current snapshot of a dataset and serves it.
 * @throws ServerError for a wrong option or address
 * @throws StoreError for a broken dataset or snapshot
 */
export async function startServer(folder: string, options: ServerOptions = {}): Promise<CredveilServer> {
  const settings = parseOptions(options);
  const { host, port, reusePort, limits } = settings;
  const parts = await openParts(folder, options, settings);
  const { access, services, tls } = parts;
  const state: ServerState = { closing: false };
  const { pages = true, gatherRates = (own) => own } = options;
  const strangers = createStrangers(() => access.requiresClient(), limits);
  const listener = createListener(services, {
    ...access,
    state,
    limits,
    pages: pages ? { rates: () => gatherRates(access.rates.read()) } : undefined,
    headers: tls ? STRICT_TRANSPORT_SECURITY : [],
    strangers,
    browsers: createBrowserGate(options, () => isLoopback(host) && !access.requiresClient()),
  });
  const server = createLimitedServer(limits, listener, tls);
  strangers.limitConnections(server);
  const sockets = trackSockets(server);
  try {
    await listen(server, { host, port, reusePort });
  } catch (cause) {
    tls?.close();
    access.close();
    await closeServices(services);
    throw listenError(cause, host, port);
  }
  const shutDown = async (deadlineMs: number): Promise<void> => {
    state.closing = true;
    access.onEvent({ event: 'closing', deadlineMs });
    tls?.close();
    await drain(server, sockets, deadlineMs);
    access.close();
    await closeServices(services);
    access.onEvent({ event: 'closed' });
  };
  return describeServer(server, parts, limits, shutDown);
}

interface ParsedOptions {
  readonly host: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly pollIntervalMs: number;
  readonly maxHeldBytes: number;
  readonly limits: Required<ServerLimits>;
}

/** @throws ServerError `OPTION_OUT_OF_RANGE`, `REUSE_PORT_UNSUPPORTED` */
function parseOptions(options: ServerOptions): ParsedOptions {
  const { host = '127.0.0.1', reusePort = false } = options;
  if (reusePort) assertReusePort();
  return {
    host,
    reusePort,
    port: asWholeNumber('port', options.port ?? DEFAULT_PORT, 0, 65_535),
    pollIntervalMs: asWholeNumber('pollIntervalMs', options.pollIntervalMs ?? 1_000, 1, 86_400_000),
    maxHeldBytes: asWholeNumber('maxHeldBytes', options.maxHeldBytes ?? DEFAULT_HELD_BYTES, 0, 2 ** 40),
    limits: parseLimits(options),
  };
}

/** All that a server holds open beside its sockets. */
interface Parts {
  readonly access: Access;
  readonly services: [Service, ...Service[]];
  readonly tls: TlsFiles | undefined;
}

/** Opens all parts, or none. */
async function openParts(
  folder: string,
  options: ServerOptions,
  { host, pollIntervalMs, maxHeldBytes }: ParsedOptions,
): Promise<Parts> {
  const { key, additional = [], peers, onEvent: report = () => undefined } = options;
  const access = openAccess(options, { folder, host, pollIntervalMs, onEvent: report });
  const { onEvent } = access;
  let tls: TlsFiles | undefined;
  try {
    tls = options.tls && new TlsFiles(options.tls, pollIntervalMs, onEvent);
    const services = await openServices([key ? { folder, key } : { folder }, ...additional], {
      pollIntervalMs,
      maxHeldBytes,
      onEvent,
      countPadding: access.requests.countPadding,
      ...(peers && { peers }),
    });
    return { access, tls, services: services as [Service, ...Service[]] };
  } catch (error) {
    tls?.close();
    access.close();
    throw error;
  }
}

/** @param shutDown runs once, on the first `close` */
function describeServer(
  server: Server,
  { access, services, tls }: Parts,
  limits: Required<ServerLimits>,
  shutDown: (deadlineMs: number) => Promise<void>,
): CredveilServer {
  const { address, family, port } = server.address() as AddressInfo;
  const url = `${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  access.onEvent({ event: 'listening', url });
  let closed: Promise<void> | undefined;
  return {
    url,
    address: { host: address, port },
    close: ({ deadlineMs = DEFAULT_DEADLINE_MS } = {}) => {
      closed ??= shutDown(deadlineMs);
      return closed;
    },
    reload: (changed = {}) => {
      Object.assign(limits, parseLimits({ ...limits, ...changed }));
      applyLimits(server, limits);
      tls?.reload();
      access.reload();
    },
    requestRates: async () => access.rates.read(),
    metrics: async () => {
      const connections = await promisify(server.getConnections.bind(server))();
      const ofServices = collectServices(services, connections, Date.now());
      return [[...ofServices, ...access.requests.collect(), ...access.events.collect(), ...(await collectProcess())]];
    },
  };
}

function createLimitedServer(limits: Required<ServerLimits>, listener: RequestListener, tls?: TlsFiles): Server {
  const options: HttpOptions = {
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
    // The gate does it, with a problem body.
    requireHostHeader: false,
  };
  const server = tls ? createSecureServer(options, limits, listener, tls) : createServer(options, listener);
  applyLimits(server, limits);
  limitPerAddress(server, () => limits.maxConnectionsPerAddress);
  server.on('clientError', refuseSocket);
  // No client gets 100 Continue for a body that the gate refuses.
  server.on('checkContinue', listener);
  server.on('checkExpectation', listener);
  return server;
}

function createSecureServer(
  options: HttpOptions,
  limits: Required<ServerLimits>,
  listener: RequestListener,
  tls: TlsFiles,
): Server {
  const handshakeTimeout = limits.headersTimeoutMs;
  const server = createTlsServer({ ...options, ...tls.context, handshakeTimeout }, listener);
  const withdraw = trackAuthorised(server);
  let ca = String(tls.context.ca);
  tls.onChange((context) => {
    server.setSecureContext(context);
    if (String(context.ca) !== ca) withdraw();
    ca = String(context.ca);
  });
  return server;
}

function applyLimits(server: Server, limits: Required<ServerLimits>): void {
  server.headersTimeout = limits.headersTimeoutMs;
  server.requestTimeout = Math.max(limits.headersTimeoutMs, limits.requestTimeoutMs);
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
}
