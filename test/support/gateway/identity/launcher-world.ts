// A gateway with its own pages, and people who have signed in there, without the way to a provider.

import type { Person } from '../../../../gateway/identity/person.ts';
import { PERSON_COOKIE } from '../../../../gateway/identity/routes/route.ts';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { OwnCookie } from '../../../../gateway/request/own-cookies.ts';
import { deriveKey } from '../../../../gateway/state/gateway-key.ts';
import { KeptFactors } from '../../../../gateway/workers/kept-factors.ts';
import { configOf, serve } from '../gateway.ts';
import { createMemoryLimits, openTestState } from '../state/states.ts';
import { Browser, HTML, type Page } from './browser.ts';
import { DURATIONS } from './people.ts';

const KEY = Buffer.alloc(32, 3);
const FORM = { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' };

export interface Entered {
  readonly browser: Browser;
  /** Of their session. */
  readonly id: string;
  /** What they opened. */
  readonly open: (host: string) => Promise<void>;
  readonly post: (path: string, fields: Record<string, string>, headers?: object) => Promise<Page>;
}

/** @param apps YAML below the key, two spaces in */
export async function launcherWorld(apps: string, more = '') {
  const { state } = openTestState();
  const text = `listen: 127.0.0.1:0
auth: auth.example
identity:
  staff: { oidc: "https://idp.example", clientId: gateway, label: "Staff & <b>friends</b>" }
  guests: { oidc: "https://guests.example", clientId: gateway }
${more}
apps:
${apps}`;
  const store = new SessionStore(state, deriveKey(KEY, 'sessions'));
  const kept = new KeptFactors({ state, key: KEY, sessions: store, onEvent: () => undefined });
  kept.use(configOf(text));
  const shared = { state, limits: createMemoryLimits(), factors: kept.peer, key: KEY };
  const gateway = await serve(text, { state: shared });
  const enter = async (person: Person, name = 'Firefox on Linux'): Promise<Entered> => {
    const browser = new Browser(() => gateway.port);
    const value = OwnCookie.draw();
    const now = Date.now();
    const record = { person, signedInAt: now, authenticatedAt: now, seenAt: now, untilMs: now + DURATIONS.absoluteMs };
    await store.createPerson(value, record, DURATIONS, { browser: name });
    const [pair = ''] = PERSON_COOKIE.format(value, false).split(';');
    const [cookie = ''] = pair.split('=');
    browser.jarOf({ hostname: 'auth.example' }).set(cookie, value);
    const id = SessionStore.idOf(value);
    return {
      browser,
      id,
      open: (host) => store.createApp(OwnCookie.draw(), { host, personId: id, seenAt: Date.now(), person }, DURATIONS),
      post: (path, fields, headers = {}) =>
        browser.send(`http://auth.example${path}`, {
          method: 'POST',
          path: '',
          headers: { ...FORM, ...headers },
          body: new URLSearchParams(fields).toString(),
        }),
    };
  };
  return { ...gateway, state, store, enter, browser: () => new Browser(() => gateway.port) };
}

/** The first token of a page's forms. */
export const tokenIn = ({ text }: Page): string => / name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';
