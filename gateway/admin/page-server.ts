// The admin page over TCP, for people with a browser. Every page that such a browser shows can send
// requests here, and so can every user of the machine: nothing is answered under another host's
// name, for another site, or without a session that a link of the Unix socket began.

import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenError } from '../../runtime/errors.ts';
import { createPageFiles, PAGE_HEADERS } from '../../runtime/pages/pages.ts';
import { isSameSecret } from '../../runtime/same-secret.ts';
import { parseListen } from '../config/listen.ts';
import { actOnPerson, findPeople } from './page-people.ts';
import { type PageSession, PageSessions } from './page-sessions.ts';
import { acceptAction, endAction, liftAction, type PageActions, readPageState, revokeAction } from './page-state.ts';

export interface PageOptions {
  /** HOST:PORT */
  readonly address: string;
  /** Further names that browsers use, as behind a proxy of one's own. */
  readonly hosts: readonly string[];
}

export interface AdminPage {
  readonly url: string;
  /** A link that signs in once. */
  createLink(): string;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;
const MAX_BODY_LENGTH = 4_096;
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];
const JSON_TYPE = 'application/json';

class PageError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** @throws ServerError for an address that is taken */
export async function startAdminPage({ address, hosts }: PageOptions, actions: PageActions): Promise<AdminPage> {
  const { host, port } = parseListen(address);
  const files = createPageFiles({ '/': 'gateway' });
  const sessions = new PageSessions();
  const names = new Set<string>();
  const server = http.createServer({ requestTimeout: TIMEOUT_MS }, (request, response) => {
    answer(request, response, { names, sessions, actions, files }).catch((error: unknown) => {
      const { status, code } = error instanceof PageError ? error : new PageError(500, 'INTERNAL');
      if (!response.headersSent) send(response, status, { code });
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, host, port, 'admin.page')));
    server.listen({ host, port }, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const own = host.includes(':') ? `[${host}]` : host;
  for (const name of [own, ...(LOOPBACK.includes(own) ? LOOPBACK : [])]) names.add(`${name}:${bound}`);
  for (const name of hosts) names.add(name);
  const url = `http://${own}:${bound}/`;
  return {
    url,
    // Behind the #, so that no server and no log has it.
    createLink: () => `${url}#key=${sessions.createLink()}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Parts {
  /** What Host may say. */
  readonly names: ReadonlySet<string>;
  readonly sessions: PageSessions;
  readonly actions: PageActions;
  readonly files: ReturnType<typeof createPageFiles>;
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { method, url = '', headers } = request;
  // A name that was pointed here is still another site's.
  if (!parts.names.has(headers.host?.toLowerCase() ?? '')) throw new PageError(421, 'HOST_UNKNOWN');
  const site = headers['sec-fetch-site'];
  const isDocument = method === 'GET' && url === '/';
  const isOwn = site === 'same-origin' || (isDocument && (site === undefined || site === 'none'));
  if (!isOwn) throw new PageError(403, 'SITE_FOREIGN');
  if (method === 'GET' && url !== '/state') {
    const file = (await parts.files()).get(url);
    if (!file) throw new PageError(404, 'ROUTE_MISSING');
    reply(response, 200, file.contentType, file.bytes);
    return;
  }
  if (method === 'POST' && url === '/sign-in') {
    const { key } = await readJson(request);
    const token = parts.sessions.signIn(key ?? '');
    if (token === undefined) throw new PageError(401, 'LINK_USED');
    send(response, 200, { token });
    return;
  }
  const session = parts.sessions.find(headers.authorization);
  if (!session) throw new PageError(401, 'SESSION_WANTED');
  await answerSignedIn(request, response, session, parts);
}

async function answerSignedIn(
  request: IncomingMessage,
  response: ServerResponse,
  session: PageSession,
  { actions, sessions }: Parts,
): Promise<void> {
  const { method, url = '', headers } = request;
  if (method === 'GET' && url === '/state') {
    send(response, 200, await readPageState(actions, session));
    return;
  }
  if (method !== 'POST') throw new PageError(404, 'ROUTE_MISSING');
  const body = await readJson(request);
  const { id = '', name = '', token = '', user = '', factor = '', search = '', after = '' } = body;
  const ofPerson = await actOnPerson(url, { user, factor, token }, session, { actions, check: checkToken });
  if (ofPerson) {
    send(response, 200, ofPerson);
    return;
  }
  switch (url) {
    case '/people':
      send(response, 200, await findPeople(actions, { search, after }, session));
      return;
    case '/sign-out':
      sessions.signOut(headers.authorization);
      send(response, 200, {});
      return;
    case '/lift':
      checkToken(token, session.tokenOf(liftAction(id)));
      send(response, 200, { isDone: await actions.lift({ id }) });
      return;
    case '/accept':
      checkToken(token, session.tokenOf(acceptAction(name)));
      send(response, 200, { isDone: await actions.acceptList(name) });
      return;
    case '/end':
      checkToken(token, session.tokenOf(endAction(id)));
      send(response, 200, { isDone: (await actions.endSessions({ id })) > 0 });
      return;
    case '/revoke':
      checkToken(token, session.tokenOf(revokeAction(id)));
      send(response, 200, { isDone: actions.revokeToken(id) });
      return;
    default:
      throw new PageError(404, 'ROUTE_MISSING');
  }
}

function checkToken(given: string, wanted: string): void {
  if (!isSameSecret(given, wanted)) throw new PageError(403, 'FORM_TOKEN');
}

/** Members that are texts. A form of another site cannot send this type. */
async function readJson(request: IncomingMessage): Promise<{ readonly [name: string]: string | undefined }> {
  if (request.headers['content-type'] !== JSON_TYPE) throw new PageError(415, 'JSON_WANTED');
  let text = '';
  for await (const piece of request.setEncoding('utf8')) {
    text += piece as string;
    if (text.length > MAX_BODY_LENGTH) throw new PageError(413, 'BODY_TOO_LARGE');
  }
  try {
    const members = Object.entries(JSON.parse(text) as object);
    return Object.fromEntries(members.filter(([, value]) => typeof value === 'string'));
  } catch {
    throw new PageError(400, 'JSON_MALFORMED');
  }
}

const send = (response: ServerResponse, status: number, body: object): void =>
  reply(response, status, JSON_TYPE, Buffer.from(JSON.stringify(body)));

function reply(response: ServerResponse, status: number, type: string, bytes: Uint8Array): void {
  response.writeHead(status, [
    ...PAGE_HEADERS,
    ...['Cache-Control', 'no-store', 'Cross-Origin-Opener-Policy', 'same-origin'],
    ...['Content-Type', type, 'Content-Length', String(bytes.length)],
  ]);
  response.end(bytes);
}
