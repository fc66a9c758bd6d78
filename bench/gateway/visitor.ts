// A browser as far as a sign-in needs one: cookies by host, and redirects.

import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';

export interface Visit {
  readonly url: URL;
  readonly status: number;
  readonly location: string | undefined;
}

export interface Visitor {
  /** One request. */
  get(address: string | URL, headers?: { readonly [name: string]: string }): Promise<Visit>;
  /** Follows redirects to their end. */
  open(address: string): Promise<Visit>;
}

const PAGE = {
  Accept: 'text/html',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Site': 'none',
};
const MAX_REDIRECTS = 12;

/** @param port of the gateway: where names without a port lead */
export function createVisitor(port: number, agent: http.Agent): Visitor {
  const jars = new Map<string, Map<string, string>>();
  const get: Visitor['get'] = async (address, more = {}) => {
    const url = new URL(address);
    const jar = jars.get(url.hostname) ?? new Map<string, string>();
    jars.set(url.hostname, jar);
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ');
    const response = await ask({
      ...{ agent, host: '127.0.0.1', port: Number(url.port) || port, path: url.pathname + url.search },
      headers: { Host: url.host, ...PAGE, ...(cookie !== '' && { Cookie: cookie }), ...more },
    });
    response.resume();
    await once(response, 'end');
    for (const line of response.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    return { url, status: response.statusCode ?? 0, location: response.headers.location };
  };
  const open: Visitor['open'] = async (address) => {
    let visit = await get(address);
    for (let i = 0; i < MAX_REDIRECTS && visit.location !== undefined; i++)
      visit = await get(new URL(visit.location, visit.url));
    return visit;
  };
  return { get, open };
}

/** An idle connection may be closed while a request is on its way: that one is sent again. */
async function ask(options: http.RequestOptions): Promise<IncomingMessage> {
  const request = http.get(options);
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  } catch (error) {
    if (!request.reusedSocket) throw error;
    return ask(options);
  }
}
