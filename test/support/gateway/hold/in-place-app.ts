// An application of the kind that most old ones are: it logs in the session that is there already,
// takes any id that a client sends, and finds ids in cookies, queries and paths.

import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOrigin } from '../gateway.ts';

export interface InPlaceApp {
  readonly url: string;
  readonly server: Server;
  /** Method, target and cookie of each request. */
  readonly seen: { readonly line: string; readonly cookie: string | undefined; readonly body: string }[];
  /** Ids of sessions that somebody is signed in to. */
  signedIn(): string[];
}

export interface InPlaceOptions {
  readonly users: { readonly [name: string]: string };
  /** Between the moment at which a session is logged in and the answer. */
  readonly answerMs?: number;
  /** What the answer to a right password has. */
  readonly page?: string;
  /**
   * What tells a session beside its cookie: another one, a field of any form, or the one of its own
   * form in a query. The cart shows whose it is alone.
   */
  readonly alsoBy?: 'cookie' | 'body' | 'field' | 'cart';
  /** Another path under which a form logs in, or any request with a query. */
  readonly alsoAt?: 'query' | string;
  /** Of the ids of sessions. */
  readonly idBytes?: number;
  /** What is compared of a password. */
  readonly compares?: (password: string) => string;
  /** Whoever has typed a name on a page before. */
  readonly isNamedBefore?: string;
  /** A field in which it looks for the name first. */
  readonly alsoNamed?: string;
}

export const SECRET = 'secret page of';

export async function startInPlaceApp({
  users,
  answerMs = 0,
  page,
  alsoBy,
  alsoAt,
  idBytes = 16,
  compares = (password) => password,
  isNamedBefore,
  alsoNamed = 'user',
}: InPlaceOptions): Promise<InPlaceApp> {
  const sessions = new Map<string, { user?: string }>();
  const seen: InPlaceApp['seen'] = [];
  const pageOf = (user: string | undefined): string =>
    user === undefined ? '<form>login form</form>' : `${SECRET} <b>${user}</b>.`;
  const { url, server } = await startOrigin(async (request, response) => {
    const { method, url: target = '' } = request;
    const path = target.split(/[?;]/)[0];
    const isNew = !sessions.has(idIn(request));
    const id = idIn(request) || randomBytes(idBytes).toString('hex');
    const session = sessions.get(id) ?? {};
    sessions.set(id, session);
    if (isNew) response.setHeader('Set-Cookie', [`PHPSESSID=${id}; Path=/; Domain=example`, otherCookie(id, alsoBy)]);
    let body = '';
    if (path === '/stream') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      while (!response.destroyed) {
        response.write(`data: ${pageOf(session.user)}\n\n`);
        await sleep(10);
      }
      return;
    }
    try {
      for await (const piece of request) body += String(piece);
    } catch {
      // It was cut off.
      return;
    }
    seen.push({ line: `${method} ${target}`, cookie: request.headers.cookie, body });
    const isAtQuery = alsoAt === 'query' && target.includes('pass=');
    if ((method === 'POST' && (path === '/login' || path === alsoAt)) || isAtQuery) {
      const form = new URLSearchParams(isAtQuery ? target.split('?')[1] : body);
      const name = isNamedBefore ?? (form.get(alsoNamed) ?? form.get('user') ?? '').split('@')[0] ?? '';
      const right = users[name];
      const isRight = right !== undefined && compares(right) === compares(form.get('pass') ?? '');
      if (isRight) session.user = name;
      await sleep(answerMs);
      if (isRight && page !== undefined) return response.end(page);
      const back = form.get('back') ?? '/home';
      return response.writeHead(302, { Location: isRight ? back : '/login?error=1' }).end('moved');
    }
    const [, others = id] =
      (alsoBy === 'cookie' && /remember=([0-9a-f]+)/.exec(request.headers.cookie ?? '')) ||
      (alsoBy === 'body' && /PHPSESSID=([0-9a-f]+)/.exec(body)) ||
      (alsoBy === 'field' && /key=([0-9a-f]+)/.exec(target)) ||
      [];
    response.end(pageOf(sessions.get(others)?.user) + moreOn(request, id, alsoBy, (of) => sessions.get(of)?.user));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    const { 'sec-websocket-key': key = '' } = request.headers;
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const timer = setInterval(() => socket.write(pageOf(sessions.get(idIn(request))?.user)), 10);
    socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
  });
  const signedIn = () => [...sessions].flatMap(([id, { user }]) => (user === undefined ? [] : [id]));
  return { url, server, seen, signedIn };
}

function otherCookie(id: string, alsoBy: InPlaceOptions['alsoBy']): string {
  if (alsoBy !== 'cookie' && alsoBy !== 'cart') return 'theme=dark; Path=/';
  return `${alsoBy === 'cookie' ? 'remember' : 'cart'}=${id}; Path=/`;
}

/** What a page has beside whose it is: the field of a session, or whose the cart is. */
function moreOn(
  { headers: { cookie = '' } }: IncomingMessage,
  id: string,
  alsoBy: InPlaceOptions['alsoBy'],
  userOf: (id: string) => string | undefined,
): string {
  if (alsoBy === 'field') return `<input type="hidden" name="key" value="${id}">`;
  const owner = alsoBy === 'cart' ? userOf(/cart=([0-9a-f]+)/.exec(cookie)?.[1] ?? '') : undefined;
  return owner === undefined ? '' : `, deliver to ${owner}`;
}

/** As lenient as any server: quoted, escaped, in the query, in the path, the last of several. */
function idIn({ url = '', headers: { cookie = '' } }: IncomingMessage): string {
  const inCookies = cookie.split(/[;,]/).map((pair) => decodeURIComponent(pair.trim().replaceAll('"', '')));
  const inTarget = decodeURIComponent(url).split(/[?&;/]/);
  const all = [...inTarget, ...inCookies].flatMap(
    (pair) => /^PHPSESSID=(.+)$/i.exec(pair.replace(/^\$/, ''))?.[1] ?? [],
  );
  return all.at(-1) ?? '';
}
