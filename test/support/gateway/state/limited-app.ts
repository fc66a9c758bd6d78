// An application with a login behind a gateway with limits and workers: how many logins reached it.

import { onTestFinished } from 'vitest';
import { type GatewayService, startGatewayService } from '../../../../gateway/workers/primary.ts';
import type { ServerEvent } from '../../../../runtime/events.ts';
import { configOf, exchange, type RawAnswer, startOrigin } from '../gateway.ts';

export const RIGHT = 'right';

export interface LimitedApp {
  readonly service: GatewayService;
  /** Usernames of the logins that the application saw. */
  readonly seen: string[];
  readonly events: ServerEvent[];
  login(username: string, password: string, headers?: readonly string[], more?: string): Promise<RawAnswer>;
  get(path: string): Promise<RawAnswer>;
  close(): Promise<void>;
}

export interface LimitedAppOptions {
  /** YAML. */
  readonly limits: string;
  readonly stateDirectory: string;
  readonly workers?: number;
}

const FIELDS = `username: ['http.request.body.form["username"][0]', 'http.request.body.form["user"][0]'], password: 'http.request.body.form["password"][0]'`;
const LOCATION = `{ name: form, when: 'http.request.uri.path == "/login"', ${FIELDS} }`;

/** Only the password `right` is right. Each request has a connection of its own. */
export async function startLimitedApp({ limits, stateDirectory, workers = 0 }: LimitedAppOptions): Promise<LimitedApp> {
  const seen: string[] = [];
  const { url } = await startOrigin(async (request, response) => {
    if (request.method !== 'POST') return response.end('a page');
    let body = '';
    for await (const piece of request) body += String(piece);
    const form = new URLSearchParams(body);
    seen.push(form.get('username') ?? '');
    if (form.get('password') !== RIGHT) return response.writeHead(403).end('wrong');
    return response.writeHead(302, { Location: '/home', 'Set-Cookie': `sid=${seen.length}` }).end();
  });
  const events: ServerEvent[] = [];
  const config = configOf(
    `listen: 127.0.0.1:0\nlogLevel: silent\napps:\n  app.example: { to: "${url}", login: { locations: [${LOCATION}], sessionCookies: [sid] }, loginLimits: ${limits} }\n`,
  );
  const onEvent = (event: ServerEvent): void => void events.push(event);
  const service = await startGatewayService({ ...config, stateDirectory }, { workers, onEvent });
  const close = (): Promise<void> => service.close({ deadlineMs: 200 });
  onTestFinished(close);
  const port = Number(new URL(service.urls[0] ?? '').port);
  return {
    service,
    seen,
    events,
    close,
    login: (username, password, headers = [], more = '') => {
      const body = new URLSearchParams({ username, password }).toString() + more;
      const head = [
        'POST /login HTTP/1.1',
        'Host: app.example',
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${Buffer.byteLength(body)}`,
        ...headers,
      ];
      return exchange(port, `${head.join('\r\n')}\r\n\r\n${body}`);
    },
    get: (path) => exchange(port, `GET ${path} HTTP/1.1\r\nHost: app.example\r\n\r\n`),
  };
}

/** The values of Set-Cookie, as a browser sends them back. */
export const cookieOf = ({ head }: RawAnswer): string =>
  `Cookie: ${[...head.matchAll(/^set-cookie: ([^;\r]+)/gim)].map(([, pair]) => pair).join('; ')}`;
