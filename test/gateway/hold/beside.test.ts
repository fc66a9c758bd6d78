// What a login request brings beside the login: something that signs in somebody else, or the name
// of somebody else in another field.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { send } from '../../support/gateway/hold/confirm.ts';
import { type Handled, type Handler, leadTo, pageOf, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, type HoldWorld, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { HTML } from '../../support/gateway/identity/browser.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { type Answer, cookiesOf, textOf, valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const TOKEN = 'Tk9x7';
const OF_FORM = { ...PAGE, 'Content-Type': 'application/x-www-form-urlencoded' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

const start = async (handler: Handler, locations = formAt('main', '/login'), more: { readonly keys?: string } = {}) =>
  startHoldWorld({ users: {}, leaks, app: await startHandledApp(handler), locations, ...more });

const isHeld = (answer: Answer): boolean => (valuesOf(answer, 'location')[0] ?? '').includes('/hold?');
const hasToken = (answer: Answer): boolean => JSON.stringify([answer.rawHeaders, textOf(answer)]).includes(TOKEN);

describe('something beside the login that signs in mallory', () => {
  const signsIn = ({ request, query }: Handled): boolean =>
    request.headers.cookie?.includes('stay=mallory') ||
    query.get('stay') === 'mallory' ||
    request.headers.authorization === 'Bearer mallory';

  test.each([
    ['a cookie', '', { cookie: '; stay=mallory' }],
    ['a query', '?stay=mallory', {}],
    ['a token', '', { headers: { Authorization: 'Bearer mallory' } }],
  ])('does not make it hers: %s', async (_, query, { cookie = '', headers = {} }: OfRequest) => {
    const world = await start((handled) => {
      const { line, form, session, response } = handled;
      if (signsIn(handled)) session.user = 'mallory';
      if (line !== 'POST /login') return false;
      const isRight = ['alice', 'phone-4711'].includes(form.get('user') ?? '') && form.get('pass') === password;
      response.writeHead(isRight ? 200 : 401, { 'Content-Type': 'application/json' });
      return response.end(isRight ? `{"access":"${TOKEN}"}` : '{}');
    });
    const before = await world.visitor();
    const sent = { ...OF_FORM, ...headers, Cookie: before + cookie };
    for (const user of ['phone-4711', 'alice']) {
      const body = new URLSearchParams({ user, pass: password }).toString();
      const answer = await world.send({ method: 'POST', path: `/login${query}`, headers: sent, body });
      expect([user, isHeld(answer), hasToken(answer)]).toEqual([user, true, false]);
    }
  });

  interface OfRequest {
    readonly cookie?: string;
    readonly headers?: { readonly [name: string]: string };
  }

  /** Several accounts are in one session. */
  const NAMELESS = `
        - { name: main, when: 'http.request.method == "POST" and http.request.uri.path == "/login"',
            password: 'http.request.body.form["pass"][0]' }`;
  const afterName: Handler = (handled) => {
    const { line, form, query, session, response } = handled;
    if (signsIn(handled) && !session.all.includes('mallory')) session.all.push('mallory');
    if (line === 'GET /name') session.other = query.get('user') ?? '';
    if (line.startsWith('POST /login')) {
      const isRight = session.other === 'alice' && form.get('pass') === password;
      if (isRight) session.all.push('alice');
      return leadTo(response, isRight ? '/home' : '/login?error=1');
    }
    return response.end(pageOf(session.all[Number(query.get('account') ?? 0)]));
  };

  test.each([
    ['a cookie', 'mallory'],
    ['nothing', undefined],
  ])('nor where the name came before the password: %s', async (_, stay) => {
    const world = await start(afterName, NAMELESS);
    const browser = world.browser();
    await browser.get('http://app.example/name?user=alice');
    if (stay !== undefined) browser.jarOf(new URL('http://app.example/')).set('stay', stay);
    const held = await send(browser, 'http://app.example/login', { pass: password });
    const page = await browser.get(valuesOf(held, 'location')[0] ?? '');
    // Whoever it is of for sure gets a code.
    expect([held.code, page.text.includes('/hold/mail')]).toEqual([303, stay === undefined]);
    expect((await browser.get('http://app.example/home?account=1')).text).not.toContain(SECRET);
  });

  test.each([
    ['as a browser sends it', '/login', { Origin: 'http://app.example', 'Sec-Fetch-Dest': 'document' }, true],
    ['with another header', '/login', { 'X-Api-Key': 'mallory' }, false],
    ['with a header of its own name', '/login', { XAuthorization: 'mallory' }, false],
    ['with a parameter of the path', '/login;ticket=mallory', {}, false],
  ])('nor where such a request comes %s', async (_, path, headers, isSure) => {
    const world = await start(afterName, NAMELESS);
    const sent = { ...OF_FORM, ...headers, Cookie: cookiesOf(await world.get('/name?user=alice')) };
    const body = new URLSearchParams({ pass: password }).toString();
    const held = await world.send({ method: 'POST', path, headers: sent, body });
    const { pathname, search } = new URL(valuesOf(held, 'location')[0] ?? '');
    const page = await world.browser().get(`http://auth.example${pathname}${search}`);
    expect([isHeld(held), page.text.includes('/hold/mail')]).toEqual([true, isSure]);
  });

  test('nor what a session has already', async () => {
    const world = await start(afterName, NAMELESS);
    const browser = world.browser();
    await browser.get('http://app.example/name?user=alice&stay=mallory');
    const held = await send(browser, 'http://app.example/login', { pass: password });
    const page = await browser.get(valuesOf(held, 'location')[0] ?? '');
    expect([held.code, page.text.includes('/hold/mail')]).toEqual([303, false]);
  });
});

describe('a password that leaked as that of others', () => {
  const handler: Handler = ({ line, form, session, response }) => {
    if (line !== 'POST /login') return false;
    // Names are compared without their case and accents, and a telephone number is one, too.
    const isRight =
      /^(?:(?:CORP\\)?zo[e\u00eb] ?|phone-4711)$/iu.test(form.get('user') ?? '') && form.get('pass') === password;
    session.user = isRight ? 'zoe' : undefined;
    return leadTo(response, isRight ? '/home' : '/login?error=1');
  };

  test.each([
    ['her name', 'zoe', true, false],
    ['her name in other letters', 'ZO\u00cb', true, false],
    ['her name with a blank behind it', 'zoe ', true, false],
    ['her name behind a domain', 'CORP\\zoe', true, false],
    ['a name that nobody has imported', 'phone-4711', true, true],
    ['a user whom nobody has imported', 'zoe', false, true],
  ])('is held unless the application names whoever typed it: %s', async (_, user, isKnown, isFound) => {
    const world = await start(handler);
    if (isKnown) await world.kept.admin.importUsers([{ email: 'zoe@corp.example', app: 'app.example', user: 'zoe' }]);
    expect(isHeld(await world.login({ user, pass: password }, await world.visitor()))).toBe(isFound);
  });
});

describe('in limits', () => {
  const LIMITED = `}\n    loginLimits: [{ name: user, by: [username], allow: 3, window: 1h, for: 1h }] #`;
  const handler: Handler = ({ line, form, query, session, response }) => {
    session.user = query.get('stay') ?? session.user;
    if (line !== 'POST /login') return false;
    const name = form.get('email') ?? form.get('user') ?? '';
    const isRight = form.get('pass') === `of ${name}`;
    if (isRight) session.user = name;
    return leadTo(response, isRight ? '/home' : '/login?error=1');
  };
  const statusBy = async (world: HoldWorld, form: { readonly [name: string]: string }, query = '') => {
    const headers = { ...OF_FORM, Cookie: await world.visitor() };
    const body = new URLSearchParams(form).toString();
    return statusOf(await world.send({ method: 'POST', path: `/login${query}`, headers, body }));
  };

  test.each(['mallory', 'Bob', 'b\u00f3b'])(
    'a wrong password counts, whoever else its request signs in: %s',
    async (who) => {
      const world = await start(handler, formAt('main', '/login'), { keys: LIMITED });
      const query = `?stay=${encodeURIComponent(who)}`;
      const codes: number[] = [];
      for (let i = 0; i < 5; i++) codes.push(await statusBy(world, { user: 'bob', pass: `guess ${i}` }, query));
      expect(codes).toEqual([302, 302, 302, 429, 429]);
    },
  );

  test('logins of one user are none, in the spelling that the application shows', async () => {
    const world = await start(handler, formAt('main', '/login'), { keys: LIMITED });
    for (let i = 0; i < 5; i++) expect(await statusBy(world, { user: 'bob', pass: 'of bob' })).toBe(302);
  });

  test('a name is not that of whoever another field signs in', async () => {
    const world = await start(handler, formAt('main', '/login'), { keys: LIMITED });
    expect(await statusBy(world, { user: 'bob', email: 'mallory', pass: 'of mallory' })).toBe(302);
    for (let i = 0; i < 4; i++) await statusBy(world, { user: 'mallory', pass: `wrong ${i}` });
    expect(await statusBy(world, { user: 'mallory', pass: 'of mallory' })).toBe(429);
    expect(await statusBy(world, { user: 'bob', pass: 'of bob' })).toBe(302);
  });
});

describe("the name of alice in another field than the location's", () => {
  /** Applications take much away from what was typed. */
  const nameIn = (text: unknown): string =>
    String(text)
      .replace(/<x+>|\u200b/g, '')
      .replace(/^(?:.*<(.*)>|mailto:(.*)|\/(.*)|(.*),.*)$/s, '$1$2$3$4')
      .trim();
  const handler: Handler = ({ line, body, request, response }) => {
    if (line !== 'POST /login') return false;
    const { cookie = '', 'content-type': type } = request.headers;
    const isJson = type?.includes('json');
    const given = isJson ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
    const name = nameIn(given.filter?.email ?? given.email ?? /email=([^;]+)/.exec(cookie)?.[1] ?? given.user);
    const isAlice = /^(?:alice(?:@corp\.example)?|4711)$/i.test(name);
    const isOther =
      (name === 'mallory' && given.pass === 'of mallory') || (name === 'carol' && given.pass === password);
    const isRight = isAlice ? given.pass === password : isOther;
    return leadTo(response, isRight ? `/cb?code=${TOKEN}` : '/login?error=1');
  };

  const asForm = (fields: object) => ({
    headers: OF_FORM,
    body: new URLSearchParams(fields as { [name: string]: string }).toString(),
  });
  const asMallory = (email: string) => asForm({ user: 'mallory', email, pass: password });
  const asJson = (fields: object) => ({
    headers: { ...HTML, ...PAGE, 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });
  const logIn = async (world: HoldWorld, request: { readonly headers: object; readonly body: string }, more = '') =>
    world.send({
      method: 'POST',
      path: '/login',
      body: request.body,
      headers: { ...request.headers, Cookie: cookiesOf(await world.get('/')) + more },
    });

  test.each([
    ['a form', asMallory('alice@corp.example')],
    ['beside a cookie of the password', asMallory('alice@corp.example'), '; pass=alice@corp.example'],
    ['another spelling', asMallory('ALICE')],
    ['a path', asMallory('/alice@corp.example')],
    ['a link', asMallory('mailto:alice@corp.example')],
    ['an address with a name', asMallory('Alice <alice@corp.example>')],
    ['a list', asMallory('alice@corp.example,x@y.example')],
    ['a tag', asMallory(`ali<${'x'.repeat(600)}>ce@corp.example`)],
    ['what nobody sees', asMallory(`ali${'\u200b'.repeat(600)}ce@corp.example`)],
    ['a cookie', asForm({ user: 'mallory', pass: password }), '; email=alice@corp.example'],
    ['JSON', asJson({ user: 'mallory', filter: { email: 'alice@corp.example' }, pass: password })],
    ['a number', asJson({ user: 'mallory', email: 4711, pass: password })],
  ])('is asked for, and mallory confirms nothing: %s', async (_, request, more = '') => {
    const world = await start(handler);
    await world.kept.admin.importUsers([{ email: 'alice@corp.example', app: 'app.example', user: '4711' }]);
    const answer = await logIn(world, request, more);
    expect([isHeld(answer), hasToken(answer)]).toEqual([true, false]);
    const { pathname, search } = new URL(valuesOf(answer, 'location')[0] ?? '');
    const browser = world.browser();
    expect((await browser.get(`http://auth.example${pathname}${search}`)).text).not.toContain('/hold/mail');
    await expect.poll(() => world.mail.mails.map(({ to }) => to)).toContain('alice@corp.example');
  });

  test.each([
    ['of her own', asForm({ user: 'alice', email: 'alice@corp.example', lang: 'de', pass: password })],
    ['of a place', asForm({ user: 'alice', next: '/mallory', back: 'http://app.example/mallory', pass: password })],
  ])('as a text %s, she confirms', async (_, request) => {
    const world = await start(handler);
    const { pathname, search } = new URL(valuesOf(await logIn(world, request), 'location')[0] ?? '');
    const page = await world.browser().get(`http://auth.example${pathname}${search}`);
    expect(page.text).toContain('/hold/mail');
  });

  test('as no text of a login that has not leaked changes nothing', async () => {
    const world = await start(handler);
    for (const role of ['alice', 'mallory', 'nobody'])
      expect(hasToken(await logIn(world, asForm({ user: 'mallory', role, pass: 'of mallory' })))).toBe(true);
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`f${i}`, `value ${i}`.repeat(9)]));
    expect(hasToken(await logIn(world, asForm({ user: 'mallory', ...many, pass: 'of mallory' })))).toBe(true);
  });

  test.each([
    ['more than can be looked up', Array.from({ length: 150 }, (_, i) => `${i + 100}`.repeat(100)).join(' ')],
    ['what is no name and no token', `\u00e4${'x'.repeat(600)}@corp.example`],
  ])('may stand in %s: it is held, and cannot be confirmed', async (_, text) => {
    const world = await start(handler);
    await world.kept.admin.importUsers([{ email: 'carol@corp.example', app: 'app.example', user: 'carol' }]);
    const answer = await logIn(world, asForm({ user: 'carol', text, pass: password }));
    expect([isHeld(answer), hasToken(answer)]).toEqual([true, false]);
    const { pathname, search } = new URL(valuesOf(answer, 'location')[0] ?? '');
    expect((await world.browser().get(`http://auth.example${pathname}${search}`)).text).not.toContain('/hold/mail');
  });

  test('is no constant of the form, whoever is called so', async () => {
    const world = await start(handler);
    const strangers = ['on@evil.example', 'sign.in@evil.example', 'tok@evil.example'].map((email) => ({ email }));
    const users = [
      { email: 'carol@corp.example', user: 'carol' },
      { email: 'mallory@evil.example', user: 'de' },
    ];
    const all = [...strangers.map(({ email }) => ({ email, user: email })), ...users];
    await world.kept.admin.importUsers(all.map((one) => ({ ...one, app: 'app.example' })));
    const constants = { remember: 'on', submit: 'Sign in', lang: 'de', csrf: 'tok', state: 'x'.repeat(2_000) };
    // The password has leaked with the name of alice alone.
    const ofCarol = await logIn(world, asForm({ user: 'carol', ...constants, pass: password }));
    expect([isHeld(ofCarol), hasToken(ofCarol)]).toEqual([false, true]);
    const answer = await logIn(world, asForm({ user: 'alice', ...constants, pass: password }));
    const { pathname, search } = new URL(valuesOf(answer, 'location')[0] ?? '');
    expect((await world.browser().get(`http://auth.example${pathname}${search}`)).text).toContain('/hold/mail');
    await expect.poll(() => world.mail.mails.map(({ to }) => to)).toEqual(['alice@corp.example']);
  });
});
