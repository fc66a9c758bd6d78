// Asks a running gateway over its Unix socket.

import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { CredveilError } from '../../protocol/errors.ts';

/** No gateway answers on the socket. */
export class GatewayAway extends CredveilError<'GATEWAY_AWAY'> {
  override name = 'GatewayAway';
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 2 ** 24;

export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** @throws GatewayAway */
export async function askGateway(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<AdminAnswer> {
  const request = http.request({ socketPath, method, path, timeout: TIMEOUT_MS, headers: { Host: 'localhost' } });
  request.on('timeout', () => request.destroy(new Error('no answer in time'))).end(body && JSON.stringify(body));
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const piece of response.setEncoding('utf8')) {
      text += piece as string;
      if (text.length > MAX_BYTES) throw new Error('the answer is too long');
    }
    return { status: response.statusCode ?? 0, body: JSON.parse(text) };
  } catch (cause) {
    throw new GatewayAway(
      'GATEWAY_AWAY',
      `no gateway answers on ${socketPath}`,
      'Start it with this configuration, or run this as its user.',
      { cause },
    );
  }
}
