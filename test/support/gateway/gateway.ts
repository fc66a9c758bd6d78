// A gateway of this process in front of an application, both on loopback, and bytes to send it.

import { once } from 'node:events';
import http, { type RequestListener, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';
import type { GatewayConfig } from '../../../gateway/config/schema.ts';
import { type Gateway, startGateway } from '../../../gateway/gateway.ts';
import type { ProcessLists } from '../../../gateway/gateway-options.ts';
import type { ProcessState } from '../../../gateway/limits/process-state.ts';
import { ListReplica } from '../../../gateway/lists/list-replica.ts';
import type { ServerEvent } from '../../../runtime/events.ts';

/** @throws Error with the mistakes of a configuration */
export function configOf(text: string): GatewayConfig {
  const { config, faults } = parseConfig(text);
  if (!config) throw new Error(JSON.stringify(faults));
  return config;
}

export interface TestGateway {
  readonly gateway: Gateway;
  readonly port: number;
  readonly events: ServerEvent[];
}

export interface ServeOptions {
  readonly isClosedByTest?: boolean;
  /** Default: none. */
  readonly state?: ProcessState;
  /** Takes lines of the record. */
  readonly onDecisions?: (lines: readonly string[]) => void;
}

export async function serve(text: string, options: ServeOptions = {}): Promise<TestGateway> {
  const events: ServerEvent[] = [];
  const config = configOf(text);
  const replica = new ListReplica(config.lists, '/nonexistent');
  const lists: ProcessLists = {
    lookup: (name) => replica.lookup(name),
    observe: (name, address, ttlMs) => void replica.observe(name, address, ttlMs),
  };
  const { state, onDecisions = () => undefined } = options;
  const onEvent = (event: ServerEvent): void => void events.push(event);
  const gateway = await startGateway({ config, lists, state, onEvent, onDecisions });
  if (!options.isClosedByTest) onTestFinished(() => gateway.close({ deadlineMs: 200 }));
  return { gateway, port: gateway.ports[0] as number, events };
}

/** An application on loopback. @returns its URL and the server */
export async function startOrigin(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = http.createServer({ noDelay: true }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** What the echoing application saw of a request. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly rawTrailers: readonly string[];
}

/** Answers with what it saw. */
export const echo: RequestListener = (request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const { method, url, rawHeaders, rawTrailers } = request;
    response.end(
      JSON.stringify({ method, url, rawHeaders, rawTrailers, body: Buffer.concat(pieces).toString('latin1') }),
    );
  });
};

/** In front of an application at the host `app.example`. */
export const inFrontOf = (url: string, more = ''): string =>
  `listen: 127.0.0.1:0\napps:\n  app.example: { to: "${url}" }\n${more}`;

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends bytes on a connection of their own, and reads until the gateway or `Connection` ends it.
 */
export async function exchange(port: number, bytes: string): Promise<RawAnswer> {
  const text = await sendRaw(port, bytes.replace('\r\n', '\r\nConnection: close\r\n'));
  return parseAnswer(text);
}

/** Sends bytes as they are. @returns all that comes back */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes, 'latin1');
  let text = '';
  socket.on('data', (piece: string) => {
    text += piece;
  });
  await once(socket, 'close');
  return text;
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  return { status: Number(head.slice(9, 12)), head, body: end < 0 ? '' : text.slice(end + 4) };
}

export const echoOf = ({ body }: RawAnswer): Echo => JSON.parse(body) as Echo;

/** The values of a header that the application saw. */
export function seen({ rawHeaders }: Echo, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}
