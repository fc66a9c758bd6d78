// A gateway whose hosts a browser reaches: names below localhost lead to loopback, and are as good
// as TLS to it. Host names of one site, so that cookies are sent along from one to another.

import type { BrowserContext } from 'playwright-core';
import { sourceOf } from '../../../../gateway/identity/known-people.ts';
import type { Person } from '../../../../gateway/identity/person.ts';
import { PERSON_COOKIE } from '../../../../gateway/identity/routes/route.ts';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { OwnCookie } from '../../../../gateway/request/own-cookies.ts';
import { deriveKey } from '../../../../gateway/state/gateway-key.ts';
import { KeptFactors } from '../../../../gateway/workers/kept-factors.ts';
import { freePort } from '../../machine/free-port.ts';
import { configOf, serve, startOrigin } from '../gateway.ts';
import { createMemoryLimits, openTestState } from '../state/states.ts';
import { DURATIONS, personOf } from './people.ts';

const KEY = Buffer.alloc(32, 3);
const ALL = '{ name: all, action: allow, include: [{ everyone: true }] }';
const LABELS: readonly (readonly [host: string, label: string])[] = [
  ['wiki', 'Team wiki'],
  ['mail', 'Mail'],
  ['crm', 'Customers'],
  ['payroll', 'Payroll and expenses'],
  ['builds', 'Build server'],
  ['intranet', ''],
];

/**
 * @param answer of the applications
 * @param options whether that at `wiki` is everybody's
 */
export async function launcherSite(answer: Parameters<typeof startOrigin>[0], more = '', { openWiki = false } = {}) {
  const port = await freePort();
  const { url } = await startOrigin(answer);
  const hostOf = (name: string): string => `${name}.example.localhost`;
  const apps = LABELS.map(([name, label]) => {
    const access = `, access: { ${label && `label: "${label}", `}policies: [${ALL}] }`;
    return `  ${hostOf(name)}: { to: "${url}"${openWiki && name === 'wiki' ? '' : access} }`;
  });
  const { state } = openTestState();
  const text = `listen: 127.0.0.1:${port}
auth: ${hostOf('auth')}:${port}
identity:
  staff: { oidc: "http://127.0.0.1:1", clientId: gateway, label: Staff account }
  partners: { oidc: "http://127.0.0.1:1", clientId: gateway, label: Partner network }
  guests: { pin: { smtp: "smtp://127.0.0.1:1", from: gateway@example.com, to: ["@example.com"] }, label: Code by mail }
${more}
apps:
${apps.join('\n')}
  closed.example.localhost: { to: "${url}", access: { policies: [{ name: none, action: block, include: [{ everyone: true }] }] } }
`;
  const store = new SessionStore(state, deriveKey(KEY, 'sessions'));
  const kept = new KeptFactors({ state, key: KEY, sessions: store, onEvent: () => undefined });
  const config = configOf(text);
  kept.use(config);
  /** As the provider of this configuration knows them. */
  const known = (person: Person): Person => {
    const provider = config.identity[person.provider];
    return provider ? { ...person, source: sourceOf(provider) } : person;
  };
  const shared = { state, limits: createMemoryLimits(), factors: kept.peer, key: KEY };
  const gateway = await serve(text, { state: shared });
  const origin = (name: string): string => `http://${hostOf(name)}:${port}`;
  /** Somebody signs in, in a browser of the test or in another one. */
  const enter = async (
    person: Person,
    browser: string,
    context?: Pick<BrowserContext, 'addCookies'>,
    ago = 0,
  ): Promise<string> => {
    const value = OwnCookie.draw();
    const at = Date.now() - ago;
    const record = {
      person: known(person),
      signedInAt: at,
      authenticatedAt: at,
      seenAt: at,
      untilMs: at + DURATIONS.absoluteMs,
    };
    await store.createPerson(value, record, DURATIONS, { browser });
    const [pair = ''] = PERSON_COOKIE.format(value, false).split(';');
    const [name = ''] = pair.split('=');
    await context?.addCookies([{ name, value, url: origin('auth'), httpOnly: true, sameSite: 'Lax' }]);
    return SessionStore.idOf(value);
  };
  const open = (personId: string, name: string, ago = 0) => {
    const app = { host: hostOf(name), personId, seenAt: Date.now() - ago, person: known(personOf('ann')) };
    return store.createApp(OwnCookie.draw(), app, DURATIONS);
  };
  return { ...gateway, state, store, kept, origin, enter, open };
}
