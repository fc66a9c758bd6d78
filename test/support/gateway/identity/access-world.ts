// A gateway on loopback, before an application with policies that tells how often it was asked.

import { onTestFinished } from 'vitest';
import type { GatewayConfig } from '../../../../gateway/config/schema.ts';
import { startGateway } from '../../../../gateway/gateway.ts';
import type { Person } from '../../../../gateway/identity/person.ts';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { APP_COOKIE } from '../../../../gateway/identity/sessions/sessions.ts';
import { tokenFolder } from '../../../../gateway/identity/tokens/token-folder.ts';
import { ListReplica } from '../../../../gateway/lists/list-replica.ts';
import { deriveKey } from '../../../../gateway/state/gateway-key.ts';
import type { State } from '../../../../gateway/state/state.ts';
import type { ServerEvent } from '../../../../runtime/events.ts';
import { createWorkPlace } from '../../credveil.ts';
import { configOf, echo, exchange, startOrigin } from '../gateway.ts';
import { createMemoryState } from '../memory-state.ts';
import { createMemoryLimits, openTestState } from '../state/states.ts';
import { signIn } from './people.ts';

/**
 * @param access YAML below the key, and what else the application has
 * @param more at the top level
 */
export async function accessWorld(access: string, more = '', state: State = createMemoryState()) {
  let asked = 0;
  const { url, server } = await startOrigin((request, response) => {
    asked++;
    if (request.url === '/lasting') response.write('begun');
    else echo(request, response);
  });
  server.on('upgrade', ({ url: target }, socket) => {
    asked++;
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    if (target === '/lasting') socket.on('error', () => undefined).pipe(socket);
    else socket.end();
  });
  const stateDirectory = createWorkPlace().home;
  const configWith = (keys: string): GatewayConfig => ({ ...configOf(textOf(keys)), stateDirectory });
  const textOf = (keys: string): string =>
    `listen: 127.0.0.1:0\ntrustedProxies: [127.0.0.1]\napps:\n  app.example:\n    to: "${url}"\n    access:\n${keys}\n${more}`;
  const config = configWith(access);
  const events: ServerEvent[] = [];
  const replica = new ListReplica(config.lists, '/nonexistent');
  const gateway = await startGateway({
    config,
    lists: { lookup: (name) => replica.lookup(name), observe: () => undefined },
    state: { state, key: KEY, limits: createMemoryLimits() },
    onEvent: (event) => void events.push(event),
  });
  onTestFinished(() => gateway.close({ deadlineMs: 200 }));
  const port = gateway.ports[0] as number;
  const send = (line: string, ...headers: readonly string[]) =>
    exchange(port, [`${line} HTTP/1.1`, 'Host: app.example', ...headers, '', ''].join('\r\n'));
  return { send, gateway, config: configWith, port, events, folder: tokenFolder(stateDirectory), asked: () => asked };
}

const KEY = new Uint8Array(32).fill(3);

/** The same, where people sign in. @param access as above */
export async function peopleWorld(access: string, more = '') {
  const { state } = openTestState();
  const identity = 'auth: localhost\nidentity: { staff: { oidc: "https://idp.example", clientId: gateway } }\n';
  const world = await accessWorld(access, identity + more, state);
  const store = new SessionStore(state, deriveKey(KEY, 'sessions'));
  /** @returns the header of a browser in which somebody has signed in */
  const enter = async (person: Person, host = 'app.example') => {
    const { own, ofApp } = await signIn(store, person, host);
    const [cookie = ''] = APP_COOKIE.format(ofApp, true).split(';');
    return { headers: ['X-Forwarded-Proto: https', `Cookie: other=1; ${cookie}`], id: SessionStore.idOf(own) };
  };
  return { ...world, state, store, enter };
}
