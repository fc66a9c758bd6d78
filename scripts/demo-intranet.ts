// The old application of the gateway's demo: it gives every visitor a session, and logs in the one
// that is there, as applications of that kind do.

import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';

const FORM = `<form method="post" action="/login"><input name="email"><input name="password" type="password">
<button>Log in</button></form>`;

/** @param users passwords by e-mail address */
export function createIntranet(users: ReadonlyMap<string, string>): RequestListener {
  const sessions = new Map<string, string | undefined>();
  return async (request, response) => {
    let [, session = ''] = /\bsid=([\w-]+)/.exec(request.headers.cookie ?? '') ?? [];
    if (!sessions.has(session)) {
      session = randomUUID();
      sessions.set(session, undefined);
      response.setHeader('Set-Cookie', `sid=${session}; Path=/`);
    }
    response.setHeader('Content-Type', 'text/html');
    if (request.method === 'POST') {
      const form = new URLSearchParams(await text(request));
      const email = form.get('email') ?? '';
      if (users.get(email) === form.get('password')) sessions.set(session, email);
      response.writeHead(302, { Location: '/' }).end();
      return;
    }
    const name = sessions.get(session);
    response.end(name === undefined ? FORM : `Welcome, <b>${name}</b>`);
  };
}
