// An application that logs in the session that is there, as far as its handler says so.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startOrigin } from '../gateway.ts';
import { type InPlaceApp, SECRET } from './in-place-app.ts';

export interface HandledSession {
  user?: string | undefined;
  /** Whatever a handler keeps there. */
  other?: string | undefined;
  readonly all: string[];
}

export interface Handled {
  /** Method and path. */
  readonly line: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly body: string;
  readonly session: HandledSession;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Begins another session. @returns its id */
  begin(session: Partial<HandledSession>): string;
}

/** @returns whether the request has its answer: else it gets the page of its session */
export type Handler = (handled: Handled) => unknown;

export const pageOf = (user: string | undefined): string =>
  user === undefined ? '<form>login form</form>' : `${SECRET} <b>${user}</b>`;

export async function startHandledApp(handler: Handler): Promise<InPlaceApp> {
  const sessions = new Map<string, HandledSession>();
  const seen: InPlaceApp['seen'] = [];
  const begin = (session: Partial<HandledSession>): string => {
    const id = randomBytes(16).toString('hex');
    sessions.set(id, { all: [], ...session });
    return id;
  };
  const { url, server } = await startOrigin(async (request, response) => {
    const { method, url: target = '', headers } = request;
    let body = '';
    try {
      for await (const piece of request) body += String(piece);
    } catch {
      return;
    }
    seen.push({ line: `${method} ${target}`, cookie: headers.cookie, body });
    const sent = /PHPSESSID=([0-9a-f]{32})/.exec(headers.cookie ?? '')?.[1];
    const id = sent !== undefined && sessions.has(sent) ? sent : begin({});
    if (id !== sent) response.setHeader('Set-Cookie', `PHPSESSID=${id}; Path=/`);
    const session = sessions.get(id) as HandledSession;
    const [path = '', query] = target.split('?');
    const form = new URLSearchParams(body);
    const handled = { line: `${method} ${path}`, query: new URLSearchParams(query), form, body, session, begin };
    if (!(await handler({ ...handled, request, response }))) response.end(pageOf(session.user));
  });
  const signedIn = () => [...sessions].flatMap(([id, { user }]) => (user === undefined ? [] : [id]));
  return { url, server, seen, signedIn };
}

export const leadTo = (response: ServerResponse, location: string, cookies: readonly string[] = []): true => {
  response.writeHead(302, { Location: location, ...(cookies.length > 0 && { 'Set-Cookie': [...cookies] }) }).end();
  return true;
};
