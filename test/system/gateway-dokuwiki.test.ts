// Logins of Debian's DokuWiki behind the gateway: what became of each, and what DokuWiki got of its
// check. apt-get install dokuwiki nginx php-fpm php-cli

import { test as base, expect } from 'vitest';
import { installDokuWiki } from '../support/gateway/applications/dokuwiki.ts';
import { type LoginSite, startLoginSite } from '../support/gateway/applications/login-site.ts';
import { cookiesOf, formOf, type Request, textOf, withCookie } from '../support/gateway/visit.ts';
import { perFile } from '../support/per-file.ts';

const LEAKY = { username: 'leaky', password: 'Correct-Horse 9 Battery' };
const CLEAN = { username: 'clean', password: 'a pässword & of “nobody” + else%41' };
/** DokuWiki reads a password of Basic up to its colon. */
const COLON = { username: 'colon', password: 'no-colon-in-this-one' };
const PAGE = '/doku.php?id=start';

const test = base.extend<{ readonly wiki: LoginSite }>({
  wiki: perFile(
    () =>
      startLoginSite({
        preset: 'dokuwiki',
        leaked: [LEAKY, COLON],
        install: (place) => installDokuWiki(place, [LEAKY, CLEAN, COLON]),
      }),
    ({ close }) => close(),
  ),
});

const form = (u: string, p: string, path = '/doku.php'): Request => ({
  path,
  ...formOf({ id: 'start', do: 'login', u, p }),
});

const call = (method: string, ...values: readonly string[]): Request => ({
  method: 'POST',
  path: '/lib/exe/xmlrpc.php',
  headers: { 'Content-Type': 'text/xml' },
  body: `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${values
    .map((value) => `<param><value><string>${value.replaceAll('&', '&amp;')}</string></value></param>`)
    .join('')}</params></methodCall>`,
});

const basic = (username: string, password: string, scheme = 'Basic'): Request => ({
  path: PAGE,
  headers: { Authorization: `${scheme} ${Buffer.from(`${username}:${password}`).toString('base64')}` },
});

const isInside = async (wiki: LoginSite, cookie: string): Promise<boolean> =>
  textOf(await wiki.through(withCookie({ path: PAGE }, cookie))).includes('do=logout');

test.for([
  ['the leaked pair', LEAKY.username, LEAKY.password, 'pair', '1'],
  ['in capitals', 'LEAKY', LEAKY.password, 'pair', '1'],
  ['with a control character', LEAKY.username, `${LEAKY.password}\x01`, 'pair', '1'],
  ['a clean pair', CLEAN.username, CLEAN.password, 'clean', null],
] as const)(
  '%s: the verdict is with the next page, and with that alone',
  async ([, name, password, verdict, header], { wiki }) => {
    const { answer, events } = await wiki.login(form(name, password));
    expect(events[0]).toMatchObject({ event: 'login', login: 'login', outcome: 'success', verdict });
    expect(wiki.seen().at(-1)).toEqual({ line: 'POST /doku.php', verdict: null });
    expect(await wiki.verdictsAfter(answer, PAGE)).toEqual([header, null]);
    expect(await isInside(wiki, cookiesOf(answer))).toBe(true);
  },
);

test('a wrong password is a failure, though it leaked, and for nobody', async ({ wiki }) => {
  for (const name of [CLEAN.username, 'nobody']) {
    const { answer, status, events } = await wiki.login(form(name, LEAKY.password));
    expect(status).toBe(403);
    expect(events).toMatchObject([{ event: 'login', login: 'login', outcome: 'failure' }]);
    expect(events[0]).not.toHaveProperty('verdict');
    expect(await wiki.verdictsAfter(answer, PAGE)).toEqual([null, null]);
  }
});

test.for<[string, Request]>([
  ['of another action', form(LEAKY.username, LEAKY.password, '/doku.php?do=index')],
  ['of another script', form(LEAKY.username, LEAKY.password, '/lib/exe/ajax.php')],
  ['of a feed', form(LEAKY.username, LEAKY.password, '/feed.php')],
])('a login %s is one', async ([, request], { wiki }) => {
  const { events } = await wiki.login(request);
  expect(events[0]).toMatchObject({ event: 'login', outcome: 'success', verdict: 'pair' });
});

// Its cookies do not say whose session it is: a verdict on the other one would be told too.
test('a login with another user in the query is refused', async ({ wiki }) => {
  const seen = wiki.seen().length;
  const { status, events } = await wiki.login(form(LEAKY.username, LEAKY.password, '/doku.php?u=clean'));
  expect(status).toBe(400);
  expect(events).toMatchObject([{ event: 'login-unreadable' }]);
  expect(wiki.seen().length).toBe(seen);
});

test('XML-RPC: right and wrong passwords, and many calls in one', async ({ wiki }) => {
  const { username, password } = LEAKY;
  const right = await wiki.login(call('dokuwiki.login', username, password));
  expect(right.events[0]).toMatchObject({ login: 'xmlrpc', outcome: 'success', verdict: 'pair' });
  const clean = await wiki.login(call('dokuwiki.login', CLEAN.username, CLEAN.password));
  expect(clean.events).toMatchObject([{ login: 'xmlrpc', outcome: 'success', verdict: 'clean' }]);
  const wrong = await wiki.login(call('dokuwiki.login', username, 'wrong'));
  expect(wrong.events).toMatchObject([{ login: 'xmlrpc', outcome: 'failure' }]);
  const seen = wiki.seen().length;
  const many = await wiki.login(call('system.multicall', 'any'));
  expect(many.status).toBe(400);
  expect(many.events).toMatchObject([{ event: 'login-unreadable' }]);
  expect(wiki.seen().length).toBe(seen);
});

test('Basic', async ({ wiki }) => {
  const right = await wiki.login(basic(LEAKY.username, LEAKY.password));
  expect(textOf(right.answer)).toContain('do=logout');
  expect(right.events[0]).toMatchObject({ login: 'basic', outcome: 'success', verdict: 'pair' });
  const cut = await wiki.login(basic(COLON.username, `${COLON.password}:and more`));
  expect(textOf(cut.answer)).toContain('do=logout');
  expect(cut.events[0]).toMatchObject({ login: 'basic', outcome: 'success', verdict: 'pair' });
  const wrong = await wiki.login(basic(LEAKY.username, 'wrong'));
  expect(textOf(wrong.answer)).not.toContain('do=logout');
  expect(wrong.events).toMatchObject([{ login: 'basic', outcome: 'failure' }]);
});

test('what DokuWiki reads in any scheme is a login', async ({ wiki }) => {
  for (const scheme of ['Basix', 'Beare']) {
    // A credential that is not known here yet has its verdict with the next page.
    const verdict = async (): Promise<unknown> => {
      await wiki.through(basic(LEAKY.username, LEAKY.password, scheme));
      return wiki.seen().at(-1)?.verdict;
    };
    await expect.poll(verdict).toBe('1');
  }
  const { status } = await wiki.login(basic(LEAKY.username, LEAKY.password, 'Basic\t'));
  expect(status).toBe(400);
  // DokuWiki skips six characters, whatever they are.
  expect(cookiesOf(await wiki.direct(basic(LEAKY.username, LEAKY.password, 'Basix')))).toContain('DW');
});

test.for([
  [`${LEAKY.username}:${LEAKY.password}:\x80\x91\x87\x9d`, 200],
  [`{${LEAKY.username}:${LEAKY.password}`, 400],
  [`{"${LEAKY.username}:${LEAKY.password}:":1}`, 400],
  [`\x85${LEAKY.username}:${LEAKY.password}`, 400],
  [`${LEAKY.username}\0\x80\x91:${LEAKY.password}`, 400],
] as const)('DokuWiki takes %j for a login, and so does the gateway', async ([text, expected], { wiki }) => {
  const request = { path: PAGE, headers: { Authorization: `Basix ${Buffer.from(text, 'latin1').toString('base64')}` } };
  expect(textOf(await wiki.direct(request))).toContain('do=logout');
  if (expected === 200) {
    const verdict = async (): Promise<unknown> => {
      await wiki.through(request);
      return wiki.seen().at(-1)?.verdict;
    };
    await expect.poll(verdict).toBe('1');
    return;
  }
  const { status, events } = await wiki.login(request);
  expect(status).toBe(expected);
  expect(events).toMatchObject([{ event: 'login-unreadable' }]);
});

test('what can be read in two ways, or not at all, does not reach DokuWiki', async ({ wiki }) => {
  const seen = wiki.seen().length;
  const { body = '' } = form(LEAKY.username, LEAKY.password);
  for (const [more, status] of [
    [`&x=${'y'.repeat(65 * 1024)}`, 413],
    ['&p=other', 400],
    ['&u=other', 400],
    ['&p[]=other', 400],
    ['&+p=other', 400],
  ] as const) {
    const refused = await wiki.login({ ...form('', ''), body: `${body}${more}` });
    expect(refused.status).toBe(status);
    expect(refused.events).toMatchObject([{ event: 'login-unreadable', login: 'login' }]);
  }
  const inQuery = await wiki.login({ path: `/doku.php?u=leaky&p=${encodeURIComponent(LEAKY.password)}` });
  expect(inQuery.status).toBe(400);
  expect(wiki.seen().length).toBe(seen);
});

test('who is remembered comes back without a login, in the same browser', async ({ wiki }) => {
  const { answer } = await wiki.login({
    path: '/doku.php',
    ...formOf({ do: 'login', u: 'clean', p: CLEAN.password, r: '1' }),
  });
  const remembered = cookiesOf(answer)
    .split('; ')
    .filter((cookie) => /^(?:DW|cv-b=)/.test(cookie))
    .join('; ');
  const back = await wiki.through(withCookie({ path: PAGE }, remembered));
  expect(textOf(back)).toContain('do=logout');
  // Its cookie is set anew, and is no login.
  expect(cookiesOf(back)).toContain('DW');
  const elsewhere = remembered.replace(/; cv-b=[^;]*|cv-b=[^;]*; /, '');
  const refused = await wiki.through(withCookie({ path: PAGE }, elsewhere));
  expect(refused.status).toContain(' 403 ');
  expect(cookiesOf(refused)).toBe('');
});

test('a forged verdict does not arrive', async ({ wiki }) => {
  await wiki.through({ path: PAGE, headers: { 'Exposed-Credential-Check': '1' } });
  expect(wiki.seen().at(-1)).toEqual({ line: `GET ${PAGE}`, verdict: null });
});
