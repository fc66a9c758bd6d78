// The application of the gateway's demo: a shop with a login of its own, which knows nothing of
// Credveil.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const FORM = `<form method="post" action="/login"><input name="email"><input name="password" type="password">
<button>Log in</button></form>`;

/** @param users passwords by e-mail address */
export function createShop(users: ReadonlyMap<string, string>): RequestListener {
  const sessions = new Map<string, string>();
  return async (request, response) => {
    const [, session = ''] = /\bsid=([\w-]+)/.exec(request.headers.cookie ?? '') ?? [];
    response.setHeader('Content-Type', 'text/html');
    if (request.method !== 'POST' || request.url !== '/login') {
      const name = sessions.get(session);
      response.end(name === undefined ? FORM : `Your orders, ${name}`);
      return;
    }
    const form = new URLSearchParams(await text(request));
    const email = form.get('email') ?? '';
    if (form.get('password') !== users.get(email)) {
      response.end(`Wrong e-mail address or password.${FORM}`);
      return;
    }
    const sid = randomUUID();
    sessions.set(sid, email);
    response.writeHead(302, { 'Set-Cookie': `sid=${sid}; HttpOnly`, Location: '/orders' }).end();
  };
}

export interface ServedShop {
  readonly url: string;
  close(): void;
}

/** @param onRequest sees each request, as a colleague who looks over the shop's shoulder */
export const serveShop = (
  users: ReadonlyMap<string, string>,
  onRequest: (request: IncomingMessage) => void,
): Promise<ServedShop> => serve(createShop(users), onRequest);

/** An application on loopback. */
export async function serve(
  application: RequestListener,
  onRequest: (request: IncomingMessage) => void,
): Promise<ServedShop> {
  const server = http.createServer(application).prependListener('request', onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
