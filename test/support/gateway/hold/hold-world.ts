// An application that logs in the session that is there, behind a gateway that holds logins back,
// and clients of any kind.

import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { deriveKey } from '../../../../gateway/state/gateway-key.ts';
import type { State } from '../../../../gateway/state/state.ts';
import { KeptFactors } from '../../../../gateway/workers/kept-factors.ts';
import { configOf, serve, type TestGateway } from '../gateway.ts';
import { Browser } from '../identity/browser.ts';
import { type MailServer, startMailServer } from '../identity/mail-server.ts';
import type { LeakService } from '../login/guarded-app.ts';
import { createMemoryLimits, openTestState, type TestState } from '../state/states.ts';
import { type Answer, cookiesOf, formOf, type Request, visit, withCookie } from '../visit.ts';
import { type InPlaceApp, type InPlaceOptions, startInPlaceApp } from './in-place-app.ts';

export const APP = 'app.example';

export interface HoldWorldOptions extends InPlaceOptions {
  readonly leaks: LeakService;
  /** As the configuration has it. Default: `APP`. */
  readonly name?: string;
  /** Keys of `hold`, as YAML. */
  readonly keys?: string;
  /** Key of `hold`, as YAML. */
  readonly whoami?: string;
  /** Locations of the login, as YAML. */
  readonly locations?: string;
  readonly state?: TestState;
  readonly app?: InPlaceApp;
  readonly mail?: MailServer;
  /** Key of the configuration, as YAML. Default: plain HTTP. */
  readonly tls?: string;
  /** A port at which browsers reach it: names below localhost lead to loopback. */
  readonly at?: number;
  /** Of the application, as YAML. */
  readonly loginLimits?: string;
  /** Below the path of each stands the same application. */
  readonly paths?: readonly string[];
  readonly through?: (state: State) => State;
}

export interface HoldWorld extends TestGateway {
  readonly app: InPlaceApp;
  readonly mail: MailServer;
  readonly state: TestState['state'];
  readonly kept: KeptFactors;
  send(request: Request): Promise<Answer>;
  get(path: string, cookie?: string, headers?: Request['headers']): Promise<Answer>;
  /** Of a browser that shows what it gets, unless headers say otherwise. */
  login(form: { readonly [name: string]: string }, cookie?: string, headers?: Request['headers']): Promise<Answer>;
  browser(): Browser;
  /** Cookies of a browser that has opened the page of the form. */
  visitor(): Promise<string>;
}

export const PAGE = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'same-origin' };

const LOCATIONS = `
        - name: main
          when: 'http.request.method == "POST" and http.request.uri.path == "/login"'
          username: 'http.request.body.form["user"][0]'
          password: 'http.request.body.form["pass"][0]'
          success: 'http.response.code == 302 and credveil.response.location == "/home"'
          failure: 'credveil.response.location contains "error"'
        - name: api
          when: 'http.request.uri.path == "/api"'
          username: credveil.basic.username
          password: credveil.basic.password
          success: 'http.response.code == 200'`;

/** Of which nobody has said what a success is. */
export const formAt = (name: string, path: string): string => `
        - name: ${name}
          when: 'http.request.method == "POST" and http.request.uri.path == "${path}"'
          username: 'http.request.body.form["user"][0]'
          password: 'http.request.body.form["pass"][0]'`;

export const loginKeys = (hold: string, locations = LOCATIONS): string => `
      locations: ${locations}
      unknownChecks: 100000
      onUnknown: deny
      onLeaked: { pair: [hold], similar: [hold] }
      hold: { ${hold} }`;

export async function startHoldWorld(options: HoldWorldOptions): Promise<HoldWorld> {
  const { at, leaks, keys = '', through = (same) => same } = options;
  const app = options.app ?? (await startInPlaceApp(options));
  const mail = options.mail ?? (await startMailServer());
  const { whoami = `{ path: /home, after: '<b>', before: '</b>' }` } = options;
  const who = `whoami: ${whoami}`;
  const hold = `sessions: [PHPSESSID], ${who}${keys}`;
  const state = options.state ?? openTestState();
  const key = Buffer.alloc(32, 5);
  const sessions = new SessionStore(state.state, deriveKey(key, 'sessions'));
  const kept = new KeptFactors({ state: state.state, key, sessions, onEvent: () => undefined });
  const name = options.name ?? (at === undefined ? APP : `${APP}.localhost`);
  const config = `
listen: 127.0.0.1:${at ?? 0}
${options.tls === undefined ? '' : `tls: ${options.tls}\n`}auth: auth.example${at === undefined ? '' : `.localhost:${at}`}
identity:
  guests: { pin: { smtp: "${mail.url}", from: gateway@example.com, to: ["@guests.example"] } }
mail: { smtp: "${mail.url}", from: gateway@example.com }
leaks: ${leaks.keys()}
apps:
${(options.paths ?? [''])
  .map(
    (below) => `  ${name}${below}:
    to: "${app.url}"
    ${options.loginLimits === undefined ? '' : `loginLimits: ${options.loginLimits}`}
    login: ${loginKeys(hold, options.locations)}`,
  )
  .join('\n')}
`;
  kept.use(configOf(config));
  const imported = name.replaceAll('"', '');
  const people = { alice: 'alice@corp.example', bob: 'bob@corp.example', mallory: 'mallory@evil.example' };
  await kept.admin.importUsers(Object.entries(people).map(([user, email]) => ({ email, app: imported, user })));
  const shared = { state: through(state.state), key, limits: createMemoryLimits(), factors: kept.peer };
  const served = await serve(config, { state: shared });
  const { port } = served;
  const send = (request: Request): Promise<Answer> => visit(port, APP, request);
  const get: HoldWorld['get'] = (target, cookie = '', headers = {}) =>
    send(cookie === '' ? { path: target, headers } : withCookie({ path: target, headers }, cookie));
  return {
    ...served,
    app,
    mail,
    state: state.state,
    kept,
    send,
    get,
    login: (form, cookie = '', headers = PAGE) => {
      const { method, body, headers: ofForm } = formOf(form);
      const request = { method: method ?? '', path: '/login', body: body ?? '', headers: { ...ofForm, ...headers } };
      return send(cookie === '' ? request : withCookie(request, cookie));
    },
    browser: () => new Browser(() => port),
    visitor: async () => cookiesOf(await get('/')),
  };
}
