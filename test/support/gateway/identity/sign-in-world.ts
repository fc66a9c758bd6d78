// A gateway with its own pages, applications behind it, and providers of identities.

import fs from 'node:fs';
import path from 'node:path';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { deriveKey } from '../../../../gateway/state/gateway-key.ts';
import type { State } from '../../../../gateway/state/state.ts';
import { KeptFactors } from '../../../../gateway/workers/kept-factors.ts';
import type { ServerEvent } from '../../../../runtime/events.ts';
import { configOf, echo, serve, startOrigin, type TestGateway } from '../gateway.ts';
import { createMemoryLimits, openTestState, stateFolder } from '../state/states.ts';
import { Browser } from './browser.ts';
import { startProvider, type TestProvider } from './provider.ts';
import { CLIENT, type ProviderOptions } from './provider-configuration.ts';

export interface SignInWorld extends TestGateway {
  readonly provider: TestProvider;
  readonly browser: () => Browser;
  readonly state: ReturnType<typeof openTestState>['state'];
  readonly config: string;
  readonly kept: KeptFactors;
  /** What the first process reports. */
  readonly told: ServerEvent[];
}

export interface WorldOptions extends ProviderOptions {
  /** Of the configuration, below `identity`. */
  readonly providers?: string | ((secretFile: string) => string);
  /** Of `access` of app.example, in braces. */
  readonly access?: string;
  readonly more?: string;
  /** Of the provider `staff`. */
  readonly keys?: string;
  readonly through?: (state: State) => State;
}

export const EVERYONE = 'policies: [{ name: all, action: allow, include: [{ everyone: true }] }]';

export async function startWorld(options: WorldOptions = {}): Promise<SignInWorld> {
  const folder = stateFolder();
  const secret = path.join(folder, 'secret');
  fs.writeFileSync(secret, `${CLIENT.secret}\n`, { mode: 0o600 });
  let port = 0;
  const provider = await startProvider({
    send: async (url, body) => {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const page = await new Browser(() => port).send(url, { method: 'POST', path: '', headers, body });
      return page.code;
    },
    ...options,
  });
  const { url } = await startOrigin(echo);
  const { access = EVERYONE, keys = '', providers = '', more = '' } = options;
  const config = `
listen: 127.0.0.1:0
auth: auth.example
identity:
  staff: { oidc: "${provider.issuer}", clientId: ${CLIENT.id}, clientSecretFile: "${secret}"${keys} }
${typeof providers === 'string' ? providers : providers(secret)}
apps:
  app.example: { to: "${url}", access: { ${access} } }
  other.example: { to: "${url}", access: { ${EVERYONE} } }
  open.example: { to: "${url}" }
${more}`;
  const { state } = openTestState();
  const through = options.through ?? ((same) => same);
  const key = Buffer.alloc(32, 3);
  const told: ServerEvent[] = [];
  const sessions = new SessionStore(state, deriveKey(key, 'sessions'));
  const kept = new KeptFactors({ state, key, sessions, onEvent: (event) => void told.push(event) });
  kept.use(configOf(config));
  const shared = { state: through(state), limits: createMemoryLimits(), factors: kept.peer, key };
  const gateway = await serve(config, { state: shared });
  ({ port } = gateway);
  return { ...gateway, provider, state, config, kept, told, browser: () => new Browser(() => port) };
}
