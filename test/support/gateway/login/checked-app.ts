// An application with a login behind a gateway that checks it: what the application saw, and what a
// browser with a cookie jar gets.

import fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { Browsers } from '../../../../gateway/handle/browsers.ts';
import { Handles } from '../../../../gateway/handle/handles.ts';
import { deriveKey } from '../../../../gateway/state/gateway-key.ts';
import { createWorkPlace } from '../../credveil.ts';
import { serve, startOrigin } from '../gateway.ts';
import { createMemoryState } from '../memory-state.ts';
import { createMemoryLimits } from '../state/states.ts';
import { type Answer, cookiesOf, formOf, valuesOf, visit } from '../visit.ts';

export const APP = 'app.example';
const KEY = new Uint8Array(32).fill(9);

export interface Seen {
  readonly line: string;
  readonly verdict: string | undefined;
  readonly attempt: string | undefined;
  readonly cookie: string | undefined;
}

export interface CheckedAppOptions {
  /** Users and their passwords. */
  readonly users: { readonly [username: string]: string };
  /** Keys of `login`, as YAML in braces. */
  readonly login?: string;
  /** Keys at the top level. */
  readonly more?: string;
  /** Of the leak service, as YAML in braces. */
  readonly leaks: string;
  /** What its expressions prove, as YAML. */
  readonly proves?: string;
  /** Runs before the application answers a login. */
  readonly onLogin?: (request: IncomingMessage, gatewayPort: number) => Promise<void>;
}

/**
 * A right password is answered with a session and a redirect, `second-factor` with neither; at
 * `unsure` any password is answered alike.
 */
export async function startCheckedApp(options: CheckedAppOptions) {
  const { users, login = '', more = '', proves = '[success]', leaks, onLogin } = options;
  const seen: Seen[] = [];
  let port = 0;
  const { url } = await startOrigin(async (request, response) => {
    const { method, url: target, headers } = request;
    seen.push({
      line: `${method} ${target}`,
      verdict: headers['exposed-credential-check'] as string | undefined,
      attempt: headers['credveil-attempt'] as string | undefined,
      cookie: headers.cookie,
    });
    if (method !== 'POST') return response.end('a page');
    let body = '';
    for await (const piece of request) body += String(piece);
    await onLogin?.(request, port);
    const form = new URLSearchParams(body);
    if (target === '/unsure') return response.writeHead(418).end('I do not say');
    if (users[form.get('user') ?? ''] !== form.get('pass')) return response.writeHead(403).end('wrong');
    if (target === '/second-factor') return response.writeHead(418).end('a code, please');
    return response.writeHead(302, { Location: '/home', 'Set-Cookie': ['sid=1; Path=/', 'theme=dark'] }).end();
  });
  const fields = String.raw`username: 'http.request.body.form["user"][0]', password: 'http.request.body.form["pass"][0]'`;
  const outcomes = `success: 'http.response.code == 302', failure: 'http.response.code == 403', proves: ${proves}`;
  const when = `when: 'http.request.method == "POST" and http.request.uri.path in {"/login" "/second-factor" "/unsure"}'`;
  const location = `{ name: main, ${when}, ${fields}, ${outcomes}, changePassword: /new-password }`;
  const state = createMemoryState();
  const config = `listen: 127.0.0.1:0\nleaks: ${leaks}\n${more}\napps:\n  ${APP}:\n    to: "${url}"\n    login: { locations: [${location}]${login && `, ${login}`} }\n`;
  const served = await serve(config, { state: { state, key: KEY, limits: createMemoryLimits() } });
  port = served.port;
  const post = (form: { readonly [name: string]: string }, headers = {}, path = '/login'): Promise<Answer> => {
    const request = formOf(form);
    return visit(port, APP, { ...request, path, headers: { ...request.headers, ...headers } });
  };
  const get = (path: string, headers = {}): Promise<Answer> => visit(port, APP, { path, headers });
  const browsers = new Browsers(state, new Handles(deriveKey(KEY, 'handles')));
  return { ...served, seen, state, post, get, browsers };
}

/** The status alone. */
export const statusOf = ({ status }: Answer): number => Number(status.split(' ')[1]);

/** The cookies that a browser sends after an answer. */
export const jarOf = (...answers: readonly Answer[]) => ({ Cookie: cookiesOf(...answers) });

export const setCookies = (answer: Answer): string[] => valuesOf(answer, 'set-cookie');

/** A file that only its owner may read. @returns its path */
export function writeSecret(text: string): string {
  const place = createWorkPlace();
  onTestFinished(() => place.dispose());
  const file = place.write('secret', `${text}\n`);
  fs.chmodSync(file, 0o600);
  return file;
}
