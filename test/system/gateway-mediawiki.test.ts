// Logins of Debian's MediaWiki behind the gateway: what became of each, and what MediaWiki got of
// its check. apt-get install mediawiki nginx php-fpm php-cli php-sqlite3

import { test as base, expect } from 'vitest';
import { type LoginSite, startLoginSite } from '../support/gateway/applications/login-site.ts';
import { installMediaWiki } from '../support/gateway/applications/mediawiki.ts';
import {
  type Answer,
  cookiesOf,
  formOf,
  type Request,
  textOf,
  valuesOf,
  withCookie,
} from '../support/gateway/visit.ts';
import { perFile } from '../support/per-file.ts';

const LEAKY = { username: 'leaky user', password: 'Correct-Horse 9 Battery' };
const CLEAN = { username: 'clean', password: 'a pässword & of “nobody” + else%41' };
const PAGE = '/index.php?title=Main_Page';
const FORM = '/index.php?title=Special:UserLogin';

const test = base.extend<{ readonly wiki: LoginSite }>({
  wiki: perFile(
    () =>
      startLoginSite({
        preset: 'mediawiki',
        leaked: [LEAKY],
        install: (place, host) => installMediaWiki(place, host, [LEAKY, CLEAN]),
      }),
    ({ close }) => close(),
  ),
});

/** With the token of a form that was asked for before. */
async function form(wiki: LoginSite, name: string, password: string, more = {}, path = FORM): Promise<Request> {
  const first = await wiki.through({ path: FORM });
  const [, token = ''] = /name="wpLoginToken"[^>]* value="([^"]+)"|$/.exec(textOf(first)) ?? [];
  const [, other = ''] = /value="([^"]+)" name="wpLoginToken"|$/.exec(textOf(first)) ?? [];
  const fields = { wpName: name, wpPassword: password, wpLoginToken: token || other, authAction: 'login' };
  return withCookie({ path, ...formOf({ ...fields, wploginattempt: 'Log in', ...more }) }, cookiesOf(first));
}

async function api(wiki: LoginSite, action: string, fields: { readonly [name: string]: string }): Promise<Request> {
  const first = await wiki.through({ path: '/api.php?action=query&meta=tokens&type=login&format=json' });
  const { query } = JSON.parse(textOf(first)) as {
    readonly query: { readonly tokens: { readonly logintoken: string } };
  };
  const token = { [action === 'login' ? 'lgtoken' : 'logintoken']: query.tokens.logintoken };
  const request = formOf({ action, format: 'json', ...fields, ...token });
  return withCookie({ path: '/api.php', ...request }, cookiesOf(first));
}

const clientLogin = (wiki: LoginSite, username: string, password: string): Promise<Request> =>
  api(wiki, 'clientlogin', { username, password, loginreturnurl: 'http://127.0.0.1/' });
const apiLogin = (wiki: LoginSite, lgname: string, lgpassword: string): Promise<Request> =>
  api(wiki, 'login', { lgname, lgpassword });

const isSession = (answer: Answer): boolean => /UserID=\d/.test(cookiesOf(answer));

test.for([
  ['the leaked pair', 'Leaky user', LEAKY.password, 'pair', '1'],
  ['in small letters', LEAKY.username, LEAKY.password, 'pair', '1'],
  ['a clean pair', 'Clean', CLEAN.password, 'clean', null],
] as const)(
  '%s: the verdict is with the next page, and with that alone',
  async ([, name, password, verdict, header], { wiki }) => {
    const { answer, status, events } = await wiki.login(await form(wiki, name, password));
    expect(events[0]).toMatchObject({ event: 'login', login: 'user-login', outcome: 'success', verdict });
    expect(status).toBe(302);
    expect(isSession(answer)).toBe(true);
    expect(wiki.seen().at(-1)).toEqual({ line: `POST ${FORM}`, verdict: null });
    expect(await wiki.verdictsAfter(answer, PAGE)).toEqual([header, null]);
  },
);

test('MediaWiki takes other names for one user: the pair is found all the same', async ({ wiki }) => {
  for (const name of ['Leaky_user', '_leaky  user']) {
    const { events } = await wiki.login(await form(wiki, name, LEAKY.password));
    expect(events[0]).toMatchObject({ outcome: 'success', verdict: 'pair' });
  }
});

test('a wrong password is a failure, though it leaked, and for nobody', async ({ wiki }) => {
  for (const name of [CLEAN.username, 'nobody']) {
    const { answer, status, events } = await wiki.login(await form(wiki, name, LEAKY.password));
    expect(status).toBe(200);
    expect(events).toMatchObject([{ event: 'login', login: 'user-login', outcome: 'failure' }]);
    expect(events[0]).not.toHaveProperty('verdict');
    expect(isSession(answer)).toBe(false);
    expect(await wiki.verdictsAfter(answer, PAGE)).toEqual([null, null]);
  }
});

test.for([
  ['by its name in German', '/index.php?title=Spezial:Anmelden'],
  ['by another spelling', '/index.php?title=special:userlogin'],
  ['by a page that is another one', '/index.php?title=Special:UserLogin/x'],
] as const)('the form %s is a login', async ([, path], { wiki }) => {
  const { answer, events } = await wiki.login(await form(wiki, LEAKY.username, LEAKY.password, {}, path));
  expect(events[0]).toMatchObject({ event: 'login', login: 'user-login' });
  // Where MediaWiki logs in, its check came before the session.
  expect(isSession(answer)).toBe(events[0]?.outcome === 'success');
  if (isSession(answer)) expect(events[0]?.verdict).toBe('pair');
});

test.for([
  ['api-clientlogin', clientLogin],
  ['api-login', apiLogin],
] as const)('%s: right and wrong passwords', async ([login, requestOf], { wiki }) => {
  const right = await wiki.login(await requestOf(wiki, LEAKY.username, LEAKY.password));
  expect(right.events[0]).toMatchObject({ login, outcome: 'success', verdict: 'pair' });
  expect(isSession(right.answer)).toBe(true);
  const clean = await wiki.login(await requestOf(wiki, CLEAN.username, CLEAN.password));
  expect(clean.events).toMatchObject([{ login, outcome: 'success', verdict: 'clean' }]);
  const wrong = await wiki.login(await requestOf(wiki, CLEAN.username, 'wrong'));
  expect(wrong.events).toMatchObject([{ login, outcome: 'failure' }]);
});

test('what can be read in two ways, or not at all, does not reach MediaWiki', async ({ wiki }) => {
  const request = await form(wiki, LEAKY.username, LEAKY.password);
  const seen = wiki.seen().length;
  for (const [more, status] of [
    [`&x=${'y'.repeat(65 * 1024)}`, 413],
    ['&wpPassword=other', 400],
    ['&wpName=other', 400],
    ['&wpPassword[]=other', 400],
    ['&+wpPassword=other', 400],
  ] as const) {
    const refused = await wiki.login({ ...request, body: `${request.body}${more}` });
    expect(refused.status).toBe(status);
    expect(refused.events).toMatchObject([{ event: 'login-unreadable', login: 'user-login' }]);
  }
  expect(wiki.seen().length).toBe(seen);
});

test('who is remembered comes back without a login, in the same browser', async ({ wiki }) => {
  const { answer } = await wiki.login(await form(wiki, 'Clean', CLEAN.password, { wpRemember: '1' }));
  const remembered = cookiesOf(answer)
    .split('; ')
    .filter((cookie) => /(?:UserID|UserName|Token|cv-b)=/.test(cookie))
    .join('; ');
  expect(remembered).toContain('Token=');
  const back = await wiki.through(withCookie({ path: '/index.php?title=Special:Preferences' }, remembered));
  expect(back.status).toContain(' 200 ');
  expect(textOf(back)).toContain('Special:UserLogout');
  const elsewhere = remembered.replace(/; cv-b=[^;]*|cv-b=[^;]*; /, '');
  const refused = await wiki.through(withCookie({ path: '/index.php?title=Special:Preferences' }, elsewhere));
  expect(refused.status).toContain(' 403 ');
  expect(isSession(refused)).toBe(false);
  expect(valuesOf(refused, 'set-cookie').join()).toMatch(/UserID=; Max-Age=0/);
});

test('a forged verdict does not arrive', async ({ wiki }) => {
  const answer = await wiki.through({ path: PAGE, headers: { 'Exposed-Credential-Check': '1' } });
  expect(valuesOf(answer, 'set-cookie').join()).not.toContain('UserID');
  expect(wiki.seen().at(-1)).toEqual({ line: `GET ${PAGE}`, verdict: null });
});
