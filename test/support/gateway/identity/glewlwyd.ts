// Debian's Glewlwyd in a temporary folder: a provider of OpenID Connect with a gateway as its
// client. apt-get install glewlwyd

import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { WorkPlace } from '../../credveil.ts';
import { freePort } from '../../machine/free-port.ts';
import { stopChild } from '../../machine/stop-child.ts';
import { waitForListener } from '../../machine/wait-for-listener.ts';
import type { Browser, Page } from './browser.ts';

const SOURCE = '/usr/share/glewlwyd';
const TABLES = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';
/** Of its first administrator, in the tables above. */
const ADMIN = { username: 'admin', password: 'password' };

export interface Account {
  readonly username: string;
  readonly name?: string;
  readonly email: string;
  readonly isVerified: boolean;
  readonly groups: readonly string[];
}

export interface Glewlwyd {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  addAccount(account: Account): Promise<void>;
  /**
   * What the script of its page does.
   * @param page where it sent the browser
   * @param username undefined: who has signed in there before
   */
  signIn(browser: Browser, page: Page, username?: string): Promise<Page>;
  /** The same for its page to sign out. */
  signOut(browser: Browser, page: Page): Promise<Page>;
  /** Signs with a new key from now on, and publishes no other. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
}

export interface GatewayPages {
  readonly redirectUri: string;
  readonly signedOut: string;
  readonly backChannelLogout: string;
}

interface Asked {
  readonly status: number;
  readonly text: string;
  readonly cookies: string;
}

/** @param name of the issuer at Glewlwyd */
export async function startGlewlwyd(place: WorkPlace, pages: GatewayPages): Promise<Glewlwyd> {
  if (!fs.existsSync(SOURCE)) throw new Error('Glewlwyd is missing: apt-get install glewlwyd');
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const database = new DatabaseSync(place.at('glewlwyd.db'));
  database.exec(fs.readFileSync(TABLES, 'utf8'));
  database.close();
  const config = place.write('glewlwyd.conf', configOf(place, port));
  const server = spawn('/usr/bin/glewlwyd', [`--config-file=${config}`], { stdio: 'ignore' });
  await waitForListener(server, { host: '127.0.0.1', port });
  let cookies = '';
  const ask = async (method: string, path: string, content?: object): Promise<Asked> => {
    const answer = await fetch(`${origin}/api${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Cookie: cookies },
      ...(content && { body: JSON.stringify(content) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Glewlwyd refused ${method} ${path}: ${answer.status} ${text}`);
    const lines = answer.headers.getSetCookie();
    return { status: answer.status, text, cookies: lines.map((line) => line.replace(/;.*/, '')).join('; ') };
  };
  ({ cookies } = await ask('POST', '/auth/', ADMIN));
  await addProperties(ask, 'user', { groups: true, verified: false });
  await addProperties(ask, 'client', { post_logout_redirect_uris: true });
  const issuer = `${origin}/api/oidc`;
  await ask('POST', '/mod/plugin/', issuerOf(issuer));
  const client = { id: 'gateway', secret: randomBytes(24).toString('base64url') };
  await ask('POST', '/client/', clientOf(client, pages));
  const password = randomBytes(12).toString('hex');
  const send = async (browser: Browser, method: string, path: string, content?: object): Promise<void> => {
    const body = content && JSON.stringify(content);
    const headers = { 'Content-Type': 'application/json' };
    const answer = await browser.send(`${origin}/api${path}`, { method, path: '', headers, ...(body && { body }) });
    if (answer.code !== 200) throw new Error(`Glewlwyd refused ${method} ${path}: ${answer.code}`);
  };
  return {
    issuer,
    client,
    addAccount: async ({ isVerified, ...account }) => {
      const scope = ['openid', 'g_profile'];
      await ask('POST', '/user/', { ...account, password, scope, enabled: true, verified: isVerified ? 'yes' : 'no' });
    },
    signIn: async (browser, { url }, username) => {
      if (username !== undefined) {
        await send(browser, 'POST', '/auth/', { username, password });
        await send(browser, 'PUT', `/auth/grant/${client.id}`, { scope: 'openid' });
      }
      return browser.open(`${url.searchParams.get('callback_url')}&g_continue`);
    },
    signOut: async (browser, { url }) => {
      await send(browser, 'DELETE', `/oidc/session/${url.searchParams.get('sid')}`);
      await send(browser, 'DELETE', '/auth/');
      return browser.open(url.searchParams.get('callback_url') ?? '');
    },
    rotate: async () => {
      await ask('PUT', '/mod/plugin/oidc', issuerOf(issuer));
      await ask('PUT', '/mod/plugin/oidc/reset');
    },
    stop: () => stopChild(server, 'SIGTERM'),
  };
}

const configOf = (place: WorkPlace, port: number): string => `
port = ${port}
bind_address = "127.0.0.1"
external_url = "http://127.0.0.1:${port}"
login_url = "login.html"
api_prefix = "api"
static_files_path = "${SOURCE}/webapp/"
static_files_mime_types = ({ extension = ".html" mime_type = "text/html" compress = 0 })
log_mode = "console"
log_level = "NONE"
cookie_secure = false
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "/usr/lib/glewlwyd/user"
client_module_path = "/usr/lib/glewlwyd/client"
user_auth_scheme_module_path = "/usr/lib/glewlwyd/scheme"
plugin_module_path = "/usr/lib/glewlwyd/plugin"
hash_algorithm = "SHA512"
database = { type = "sqlite3" path = "${place.at('glewlwyd.db')}" };
`;

type Ask = (method: string, path: string, content?: object) => Promise<Asked>;

/** Whether each may have several values. */
interface Properties {
  readonly [name: string]: boolean;
}

/** What people and clients have beside what they have anyway. */
async function addProperties(ask: Ask, kind: 'user' | 'client', properties: Properties): Promise<void> {
  const path = `/mod/${kind}/database`;
  const { text } = await ask('GET', path);
  const module = JSON.parse(text) as { readonly parameters: { readonly 'data-format': object } };
  const added = Object.entries(properties).map(([name, multiple]) => [name, { multiple, read: true, write: true }]);
  Object.assign(module.parameters['data-format'], Object.fromEntries(added));
  await ask('PUT', path, module);
  await ask('PUT', `${path}/reset`);
}

function issuerOf(issuer: string): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomBytes(8).toString('hex');
  const key = { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256' };
  const isOff = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, false]));
  const ways = ['token', 'implicit', 'password', 'client', 'device', 'refresh'].map(
    (way) => `auth-type-${way}-enabled`,
  );
  return {
    ...{ module: 'oidc', name: 'oidc', display_name: 'oidc', enabled: true },
    parameters: {
      ...isOff(...ways, 'allow-non-oidc', 'front-channel-logout-allowed'),
      iss: issuer,
      'jwks-private': JSON.stringify({ keys: [key] }),
      'jwks-show': true,
      'subject-type': 'public',
      'auth-type-code-enabled': true,
      'auth-type-code-revoke-replayed': true,
      'pkce-allowed': true,
      'pkce-required': true,
      'oauth-as-iss-id': true,
      'session-management-allowed': true,
      'session-cookie-name': 'GLEWLWYD2_OIDC_SID',
      'session-cookie-expiration': 3600,
      'back-channel-logout-allowed': true,
      ...{ 'code-duration': 60, 'access-token-duration': 60, 'refresh-token-duration': 60 },
      ...{ 'allowed-scope': ['openid'], 'name-claim': 'mandatory', 'email-claim': 'mandatory', 'scope-claim': 'no' },
      claims: [
        { name: 'groups', 'user-property': 'groups', mandatory: true, type: 'string', scope: [] },
        {
          ...{ name: 'email_verified', 'user-property': 'verified', mandatory: true, scope: [] },
          ...{ type: 'boolean', 'boolean-value-true': 'yes', 'boolean-value-false': 'no' },
        },
      ],
    },
  };
}

const clientOf = (client: Glewlwyd['client'], pages: GatewayPages): object => ({
  client_id: client.id,
  client_secret: client.secret,
  confidential: true,
  enabled: true,
  name: 'A gateway',
  scope: [],
  redirect_uri: [pages.redirectUri],
  authorization_type: ['code'],
  token_endpoint_auth_method: ['client_secret_post'],
  post_logout_redirect_uris: [pages.signedOut],
  backchannel_logout_uri: pages.backChannelLogout,
  backchannel_logout_session_required: '1',
});
