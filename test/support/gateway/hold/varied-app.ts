// An application that logs in the session that is there, and whose page for who is signed in
// depends on what a client sends, chooses or is.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { startOrigin } from '../gateway.ts';
import type { InPlaceApp } from './in-place-app.ts';

export interface VariedOptions {
  readonly users: { readonly [name: string]: string };
  /** What a session is bound to at its login. */
  readonly boundTo?: 'address' | 'agent';
  /** Who has not agreed to the terms is led to them first. */
  readonly hasTerms?: boolean;
}

export interface VariedApp extends InPlaceApp {
  /** What each PUT at /api has written. */
  readonly written: string[];
}

interface Session {
  user?: string;
  lang?: string;
  bound?: string;
  hasAgreed?: boolean;
}

/** As Apache limits a field of the head. */
const MAX_COOKIE_BYTES = 8_190;

export const VARIED_SECRET = 'account of';

export async function startVariedApp({ users, boundTo, hasTerms = false }: VariedOptions): Promise<VariedApp> {
  const sessions = new Map<string, Session>();
  const shown = new Map<string, string>();
  const notes = new Map<string, string>();
  const seen: { readonly line: string; readonly cookie: string | undefined; readonly body: string }[] = [];
  const written: string[] = [];
  const isRight = (user: string, password: string): boolean => users[user] !== undefined && users[user] === password;
  const boundOf = ({ headers }: IncomingMessage): string =>
    boundTo === 'agent'
      ? `${headers['user-agent']}`
      : boundTo === 'address'
        ? String(headers['x-forwarded-for'] ?? 'none')
        : '';
  const pageOf = (
    user: string,
    { lang }: Session,
    { headers: { cookie = '', ...headers } }: IncomingMessage,
  ): string => {
    const name = shown.get(user) ?? user;
    if (/Mobile/.test(headers['user-agent'] ?? '')) return `m: ${VARIED_SECRET} ${name} (${user})`;
    const isGerman = /lang=de/.test(cookie) || lang === 'de' || headers['accept-language'] === 'de';
    const note = notes.get(user) ?? '';
    return isGerman
      ? `${VARIED_SECRET} <strong>${name}</strong> (${user})`
      : `${note}${VARIED_SECRET} <b>${name}</b> (${user})`;
  };
  const { url, server } = await startOrigin(async (request, response) => {
    const { method, url: target = '', headers } = request;
    if (`Cookie: ${headers.cookie ?? ''}`.length > MAX_COOKIE_BYTES) return response.writeHead(400).end('too large');
    let body = '';
    for await (const piece of request) body += String(piece);
    seen.push({ line: `${method} ${target}`, cookie: headers.cookie, body });
    const [path, query] = target.split('?');
    if (path === '/api') {
      const pair = Buffer.from((headers.authorization ?? '').slice(6), 'base64').toString();
      const [user = '', password = ''] = pair.split(/:(.*)/s);
      if (!isRight(user, password)) return response.writeHead(401).end('no');
      if (method === 'PUT') written.push(body);
      return response.end('done');
    }
    const sent = /PHPSESSID=([0-9a-f]{32})/.exec(headers.cookie ?? '')?.[1];
    const id = sent ?? randomBytes(16).toString('hex');
    const session = sessions.get(id) ?? {};
    sessions.set(id, session);
    if (sent === undefined) response.setHeader('Set-Cookie', `PHPSESSID=${id}; Path=/`);
    const lang = new URLSearchParams(query).get('lang');
    if (lang !== null) session.lang = lang;
    const form = new URLSearchParams(body);
    const of = (name: string): string => form.get(name) ?? '';
    if (method === 'POST' && path === '/login') {
      const isIn = isRight(of('user'), of('pass'));
      if (isIn) Object.assign(session, { user: of('user'), bound: boundOf(request) });
      const back = form.get('back') ?? '/home';
      return response.writeHead(302, { Location: isIn ? back : '/login?error=1' }).end();
    }
    const { user } = session;
    if (user === undefined || session.bound !== boundOf(request)) return response.end('<form>log in</form>');
    if (path === '/agree') session.hasAgreed = true;
    else if (hasTerms && !session.hasAgreed) return response.writeHead(302, { Location: '/terms' }).end();
    if (path === '/name') shown.set(user, of('name'));
    if (path === '/note') notes.set(of('to'), `<b>${of('text')}</b> `);
    response.end(pageOf(user, session, request));
  });
  const signedIn = () => [...sessions].flatMap(([id, { user }]) => (user === undefined ? [] : [id]));
  return { url, server, seen, signedIn, written };
}
