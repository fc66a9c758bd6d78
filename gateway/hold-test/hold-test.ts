// Whether logins of an application can be held back: a test account logs in, through a gateway of
// this process that finds each password leaked, and with all that it had or was given before its
// login is confirmed, no page of somebody signed in may come.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Pool } from 'undici';
import type { OnEvent } from '../../runtime/events.ts';
import type { LeakAction } from '../checks/check-keys.ts';
import type { Checks } from '../checks/checks.ts';
import type { LeakVerdict } from '../checks/verdict.ts';
import type { AppConfig, GatewayConfig } from '../config/schema.ts';
import { isSecured } from '../config/secured.ts';
import { startGateway } from '../gateway.ts';
import { LimitBook } from '../limits/limit-book.ts';
import { createLocalPeer } from '../limits/limit-peer.ts';
import { MemoryLimitStore } from '../limits/limit-store.ts';
import { isOfBrowser } from '../login/attempt.ts';
import { parseReference } from '../login/reference.ts';
import { Holds } from '../quarantine/holds.ts';
import { WHOAMI_HEADERS } from '../quarantine/whoami.ts';
import { createOrigin, loadModules, sessionCookiesOf } from '../setup.ts';
import { openGatewayKey } from '../state/gateway-key.ts';
import { openSqliteState } from '../state/sqlite-state.ts';
import { readOriginFiles } from '../upstream/origin-files.ts';
import { attackCredential, type CredentialFields, credentialFields, fieldsIn } from './attack-credential.ts';
import { attackHeld } from './attack-held.ts';
import { attackOrigin } from './attack-origin.ts';
import type { TestAccount } from './test-account.ts';
import { createSend } from './test-client.ts';
import type { TestPlace, TestStep } from './test-place.ts';

/**
 * @param name of an application with `login.hold`
 * @param accounts for each place where people log in
 * @throws ServerError, StoreError for files of the configuration that cannot be used
 */
export async function testHold(
  config: GatewayConfig,
  name: string,
  accounts: readonly TestAccount[],
): Promise<readonly TestStep[]> {
  const app = config.apps[name];
  const login = app?.login;
  if (!app || !login?.hold) throw new TypeError(`${name} holds nothing back`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-hold-'));
  const state = openSqliteState({ file: path.join(folder, 'state.sqlite'), onEvent: () => undefined });
  const key = openGatewayKey(folder);
  const modules = {
    ...(await loadModules(config)),
    checks: { createChecks: () => findsAll(login.onLeaked), reportReadiness: async () => undefined },
  };
  const limits = createLocalPeer(new LimitBook(new MemoryLimitStore()), {});
  const tested = testedConfig(config, name, folder);
  let held: string | undefined;
  const onEvent: OnEvent = (event) => {
    if (event.event === 'login-held') held ??= event.login;
  };
  const gateway = await startGateway({ config: tested, modules, state: { state, key, limits }, onEvent });
  const origin = createOrigin(app, readOriginFiles(app.upstream));
  const pool = new Pool(gateway.urls[0] ?? '');
  const isSecure = isSecured(config);
  const placeOf = (account: TestAccount): TestPlace => {
    const host = account.host ?? name.split('/')[0] ?? '';
    const proto = ['X-Forwarded-Proto', isSecure ? 'https' : 'http', 'X-Forwarded-Host', host];
    const client = [...proto, ...ADDRESS, ...OTHER_CLIENT];
    const there = ['Host', app.upstream.host === 'origin' ? origin.host : host];
    return {
      account,
      origin: createSend(origin.pool, [...there, ...client]),
      asked: createSend(origin.pool, [...there, ...proto, ...ADDRESS, ...WHOAMI_HEADERS]),
      askedByNobody: createSend(origin.pool, [...there, ...proto, ...WHOAMI_HEADERS]),
      gateway: createSend(pool, ['Host', host, ...client]),
      sessions: [...sessionCookiesOf(login), ...(login.hold?.sessions ?? [])],
      holds: new Holds(state, key, () => undefined),
      app: name,
      host,
      isSecure,
    };
  };
  const whoami = login.hold.whoami;
  try {
    const steps: TestStep[] = [];
    const reached = new Set<string>();
    const hosts = new Set<string>();
    for (const account of accounts) {
      const place = placeOf(account);
      steps.push(...(await attackOrigin(place, whoami)));
      if (steps.some(({ fault }) => fault !== undefined)) return steps;
      steps.push(...(await attackCredential(place, credentialFields(login))));
      if (steps.some(({ fault }) => fault !== undefined)) return steps;
      held = undefined;
      steps.push(...(await attackHeld(place, credentialFields(login))));
      if (held === undefined) continue;
      reached.add(held);
      hosts.add(place.host);
      steps.push(nameStep(account, credentialFields(login, held)));
    }
    return [...steps, everyLogin(login, reached), everyHost(login, hosts)];
  } finally {
    await pool.destroy();
    await gateway.close({ deadlineMs: 100 });
    await origin.pool.destroy();
    state.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** A name that was asked for before is none that could be checked. */
function nameStep(account: TestAccount, { names }: CredentialFields): TestStep {
  const step = 'its login has a name';
  if (names.size === 0 || fieldsIn(account, names).length > 0) return { step };
  return { step, fault: 'no field of the account is one of username: name it there, or leave username out' };
}

/** Another login may open what no page of whoami shows, or answer with a token. */
function everyLogin({ locations }: NonNullable<AppConfig['login']>, reached: ReadonlySet<string>): TestStep {
  const missing = locations
    .filter(({ password, beginsSession = isOfBrowser({ passwords: password.map(parseReference) }) }) => beginsSession)
    .filter(({ name }) => !reached.has(name))
    .map(({ name }) => name);
  const step = 'each location was tested';
  if (missing.length === 0) return { step };
  return { step, fault: `no account was held at ${missing.join(', ')}: give a list of accounts, one for each` };
}

/** A documentation address (RFC 5737), which no application knows as its neighbour. */
const ADDRESS = ['X-Forwarded-For', '192.0.2.7'];

/** Not as whoami asks: a session that is bound to what a client is would show nobody there. */
const OTHER_CLIENT = [
  ...['Accept-Language', 'de'],
  ...['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
];

/** The page of whoami may be another one at each, or the same for all. */
function everyHost({ hold }: NonNullable<AppConfig['login']>, reached: ReadonlySet<string>): TestStep {
  const step = 'each host was tested';
  const missing = (hold?.hosts ?? []).filter((host) => !reached.has(host));
  if (missing.length === 0) return { step };
  return { step, fault: `no account was held at ${missing.join(', ')}: give a list of accounts, one with each host` };
}

/** Each password has leaked in a way that is held. */
function findsAll(onLeaked: { readonly [status: string]: readonly LeakAction[] }): Checks {
  const [status = 'pair'] = Object.keys(onLeaked).filter((each) => onLeaked[each]?.includes('hold'));
  const verdict = { status: status as LeakVerdict['status'], header: '1' } as const;
  const check = async (): Promise<LeakVerdict> => verdict;
  return {
    digest: 'test',
    isReadable: () => true,
    check,
    checkEvenly: check,
    snapshot: () => undefined,
    ready: async () => undefined,
    close: () => undefined,
  };
}

/** This application alone, on loopback, to whomever comes; nobody gets a mail. */
function testedConfig(config: GatewayConfig, name: string, folder: string): GatewayConfig {
  const { tls: _, access: __, ...app } = config.apps[name] as GatewayConfig['apps'][string];
  const { tls: ___, outcome: ____, forwardAuth: _____, mail: ______, ...others } = config;
  return {
    ...others,
    apps: { [name]: { ...app, rules: [], loginLimits: [] } },
    listen: [{ address: '127.0.0.1:0', protocol: 'http' }],
    trustedProxies: ['127.0.0.0/8'],
    proxyProtocol: [],
    lists: {},
    rules: [],
    stateDirectory: folder,
  };
}
