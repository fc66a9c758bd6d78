// The server of one application: its address, and the connections to it.

import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { buildConnector, Pool } from 'undici';
import { ConnectionQueue } from './connection-queue.ts';

export interface OriginOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  /** PEM: the CAs that vouch for the origin. Default: those of the system. */
  readonly ca?: Buffer;
  /** PEM: the certificate that the gateway presents, and its key. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** The name that the origin's certificate has to have. Default: that of its address. */
  readonly serverName?: string;
  /** Open connections of this process. */
  readonly maxConnections: number;
  /** Requests that wait for one of them, for as long as a connection may take. */
  readonly maxWaiting: number;
  readonly connectTimeoutMs: number;
  /** From the request to the head of its response. */
  readonly responseTimeoutMs: number;
  /** Between two pieces of a response. */
  readonly idleTimeoutMs: number;
}

/** Longer than most origins keep theirs would make them close connections under a request. */
const KEEP_ALIVE_MS = 4_000;
const MAX_RESPONSE_HEADER_BYTES = 65_536;

export class Origin {
  readonly #options: OriginOptions;
  readonly #url: URL;
  readonly pool: Pool;
  readonly queue: ConnectionQueue;
  #agent: http.Agent | undefined;

  constructor(options: OriginOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    const { maxConnections, maxWaiting, connectTimeoutMs, responseTimeoutMs, idleTimeoutMs } = options;
    this.queue = new ConnectionQueue({ maxConnections, maxWaiting, waitMs: connectTimeoutMs });
    const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false, ...this.#tls() });
    const servername = this.#serverName;
    this.pool = new Pool(this.#url.origin, {
      connections: maxConnections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
      headersTimeout: responseTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      allowH2: false,
      // undici would verify the name that the client put into Host.
      connect: (place, done) => connect({ ...place, servername }, done),
    });
  }

  /** What Host says where the application wants its own name. */
  get host(): string {
    return this.#url.host;
  }

  /** The name that the certificate has to have. Empty for an address, which it then has to have. */
  get #serverName(): string {
    const { serverName } = this.#options;
    const host = this.#url.hostname.replace(/^\[|\]$/g, '');
    return serverName ?? (isIP(host) === 0 ? host : '');
  }

  get isTls(): boolean {
    return this.#url.protocol === 'https:';
  }

  /** Starts a request of node:http, for what undici leaves out: upgrades, Expect and trailers. */
  startRequest(options: { readonly method: string; readonly path: string; readonly headers: string[] }) {
    const { hostname, port } = this.#url;
    const { responseTimeoutMs } = this.#options;
    const place = { host: hostname.replace(/^\[|\]$/g, ''), ...(port !== '' && { port: Number(port) }) };
    const shared = { ...options, ...place, setHost: false, timeout: responseTimeoutMs };
    this.#agent ??= this.#createAgent();
    return this.isTls
      ? https.request({ ...shared, ...this.#tls(), agent: this.#agent })
      : http.request({ ...shared, agent: this.#agent });
  }

  /** Lets requests in flight finish. The connections of node:http end with their requests. */
  async close(): Promise<void> {
    await this.queue.empty();
    if (!this.pool.destroyed) await this.pool.close();
  }

  /** Ends what is in flight, such as requests whose client has left. */
  abort(): void {
    void this.pool.destroy();
  }

  /** Without keep-alive: these requests are rare, and an upgraded connection never comes back. */
  #createAgent(): http.Agent {
    return this.isTls ? new https.Agent() : new http.Agent();
  }

  #tls(): SecureContextOptions & { readonly servername?: string; readonly ALPNProtocols?: string[] } {
    const { ca, cert, key } = this.#options;
    if (!this.isTls) return {};
    return {
      minVersion: 'TLSv1.2',
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      servername: this.#serverName,
    };
  }
}
