// A held login is confirmed by its owner alone, who is led to the application alone.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { type Handled, type Handler, leadTo, pageOf, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, type HoldWorld, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { HTML } from '../../support/gateway/identity/browser.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { valuesOf, visit } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const users: Record<string, string> = { alice: password, mallory: 'n3ver-leaked-anywhere' };
const leaked = { user: 'alice', pass: password };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

async function start(handler: Handler, options: { readonly whoami?: string; readonly locations?: string } = {}) {
  const app = await startHandledApp(handler);
  return startHoldWorld({ users, leaks, app, locations: formAt('main', '/login'), ...options });
}

const rightName = ({ form }: Handled): string | undefined => {
  const name = form.get('user') ?? '';
  return users[name] === form.get('pass') ? name : undefined;
};
const isLogin = ({ line }: Handled): boolean => line === 'POST /login';
const backOf = (handled: Handled): string =>
  rightName(handled) === undefined ? '/login?error=1' : (handled.form.get('back') ?? '/home');

describe('whose login it is', () => {
  const form = (fields: { readonly [name: string]: string }) => ({
    method: 'POST',
    path: '',
    headers: { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  const LOGIN = 'http://app.example/login';

  test.each([
    ['shows the first one', 0],
    ['shows the last one', -1],
  ])('of several in one session is not of whoever the page shows, which %s', async (_, at) => {
    const world = await start((handled) => {
      const { session, response, query } = handled;
      if (isLogin(handled)) {
        const name = rightName(handled);
        if (name !== undefined) session.all.unshift(name);
        return leadTo(response, backOf(handled));
      }
      response.end(pageOf(session.all.at(Number(query.get('account') ?? at))));
      return true;
    });
    const mallory = world.browser();
    await mallory.get('http://app.example/');
    await mallory.send(LOGIN, form({ user: 'mallory', pass: users.mallory ?? '' }));
    expect((await mallory.get('http://app.example/home')).text).toContain('<b>mallory</b>');
    const held = await mallory.send(LOGIN, form(leaked));
    await mallory.get(valuesOf(held, 'location')[0] ?? '');
    await mallory.send('http://auth.example/hold/mail', form({}));
    await expect.poll(() => world.mail.mails.some(({ to }) => to === 'alice@corp.example')).toBe(true);
    expect(world.mail.mails.filter(({ to }) => to !== 'alice@corp.example')).toEqual([]);
    expect((await mallory.get('http://app.example/home?account=0')).text).not.toContain(SECRET);
  });

  test.each([
    ['both are known', true],
    ['the one alone is known', false],
  ])('of several whose names differ in case is not of the one whom the page shows: %s', async (_, areBoth) => {
    const world = await start((handled) => {
      const { session, response, form: fields } = handled;
      if (!isLogin(handled)) return response.end(pageOf(session.all[0]));
      const isOther = fields.get('user') === 'ALICE' && fields.get('pass') === users.mallory;
      const name = isOther ? 'ALICE' : rightName(handled);
      if (name !== undefined) session.all.push(name);
      return leadTo(response, backOf({ ...handled, form: new URLSearchParams(leaked) }));
    });
    const other = { email: 'mallory@evil.example', app: 'app.example', user: 'ALICE' };
    if (!areBoth) await world.kept.admin.forget('alice@corp.example');
    await world.kept.admin.importUsers([other]);
    const mallory = world.browser();
    await mallory.get('http://app.example/');
    await mallory.send(LOGIN, form({ user: 'ALICE', pass: users.mallory ?? '' }));
    const held = await mallory.send(LOGIN, form(leaked));
    const page = await mallory.get(valuesOf(held, 'location')[0] ?? '');
    expect(page.text).not.toContain('/hold/mail');
    await mallory.send('http://auth.example/hold/mail', form({}));
    if (areBoth) await expect.poll(() => world.mail.mails.length).toBeGreaterThan(0);
    expect(world.mail.mails.filter(({ to }) => to !== 'alice@corp.example')).toEqual([]);
  });

  test('of a browser without sessions is not of whom something else in its request signs in', async () => {
    const world = await start((handled) => {
      const { session, response, query, request } = handled;
      // A cookie that remembers somebody, and is no session.
      if (request.headers.cookie?.includes('stay=mallory') && !session.all.includes('mallory'))
        session.all.push('mallory');
      if (isLogin(handled)) {
        const name = rightName(handled);
        if (name !== undefined) session.all.push(name);
        return leadTo(response, backOf(handled));
      }
      response.end(pageOf(session.all.at(Number(query.get('account') ?? 0))));
      return true;
    });
    await confirmsNothing(world);
  });

  test('of two areas that both change is of nobody, if their users are two', async () => {
    const area = `{ path: /home, after: '<b>', before: '</b>' }`;
    const handler: Handler = (handled) => {
      const { session, response, line, request } = handled;
      if (request.headers.cookie?.includes('stay=mallory')) session.user = 'mallory';
      if (isLogin(handled)) {
        session.other = rightName(handled);
        return leadTo(response, '/admin');
      }
      response.end(pageOf(line === 'GET /admin' ? session.other : session.user));
      return true;
    };
    await confirmsNothing(await start(handler, { whoami: `[${area}, ${area.replace('home', 'admin')}]` }));
  });

  /** With a cookie of mallory's beside the leaked login of alice, nobody but alice hears of it. */
  async function confirmsNothing(world: HoldWorld): Promise<void> {
    const mallory = world.browser();
    mallory.jarOf(new URL(LOGIN)).set('stay', 'mallory');
    const held = await mallory.send(LOGIN, form(leaked));
    expect(held.code).toBe(303);
    await mallory.get(valuesOf(held, 'location')[0] ?? '');
    await mallory.send('http://auth.example/hold/mail', form({}));
    await expect.poll(() => world.mail.mails.length).toBeGreaterThan(0);
    expect(world.mail.mails.filter(({ to }) => to !== 'alice@corp.example')).toEqual([]);
  }

  test.each([
    ['app.example', 'app.example:4444', 404],
    ['"*"', 'evil.example.net', 404],
    ['"*.example"', 'evil.example', 404],
    ['"*.example"', 'app.example', 303],
  ])('of %s is held where its owner can be led to: at %s', async (name, host, status) => {
    const app = await startHandledApp((handled) => {
      if (!isLogin(handled)) return false;
      handled.session.user = rightName(handled);
      return leadTo(handled.response, backOf(handled));
    });
    const keys = name.includes('*') ? ', hosts: [app.example]' : '';
    const locations = formAt('main', '/login');
    const { port } = await startHoldWorld({ users, leaks, app, locations, name, keys });
    const { headers, ...request } = form(leaked);
    const answer = await visit(port, host, { ...request, path: '/login', headers: { ...headers, ...PAGE } });
    expect(statusOf(answer)).toBe(status);
    expect(app.signedIn()).toHaveLength(status === 303 ? 1 : 0);
  });

  test('is confirmed under the name of its own host, whatever host asks for the page', async () => {
    const app = await startHandledApp((handled) => {
      if (!isLogin(handled)) return false;
      handled.session.user = rightName(handled);
      return leadTo(handled.response, backOf(handled));
    });
    const [locations, keys] = [formAt('main', '/login'), ', hosts: [app.example]'];
    const { port } = await startHoldWorld({ users, leaks, app, locations, name: '"*.example"', keys });
    const { headers, ...request } = form(leaked);
    const held = await visit(port, 'app.example', { ...request, path: '/login', headers: { ...headers, ...PAGE } });
    expect(statusOf(held)).toBe(303);
    const cookie = valuesOf(held, 'set-cookie')
      .map((each) => each.split(';')[0])
      .join('; ');
    const page = { method: 'GET', path: '/', headers: { ...HTML, ...PAGE, Cookie: cookie } };
    const led = new URL(valuesOf(await visit(port, 'evil.example', page), 'location')[0] ?? '');
    const path = led.pathname + led.search;
    const asked = await visit(port, 'auth.example', { ...page, path, headers: { ...HTML, ...PAGE } });
    expect([led.pathname, statusOf(asked)]).toEqual(['/hold', 200]);
    expect(asked.body.toString()).toContain('app.example');
    expect(asked.body.toString()).not.toContain('evil.example');
  });

  test('at one host is not of whom another host calls by that name', async () => {
    const app = await startHandledApp((handled) => {
      if (!isLogin(handled)) return false;
      // Each host has users of its own.
      const isRight = handled.request.headers.host?.startsWith('a.') && rightName(handled) !== undefined;
      if (isRight) handled.session.user = 'alice';
      return leadTo(handled.response, isRight ? '/home' : '/login?error=1');
    });
    const [locations, keys] = [formAt('main', '/login'), ', hosts: [a.app.example, b.app.example]'];
    const world = await startHoldWorld({ users, leaks, app, locations, name: '"*.app.example"', keys });
    const { admin } = world.kept;
    await admin.importUsers([{ email: 'mallory@evil.example', app: 'b.app.example', user: 'alice' }]);
    const ask = async () => {
      const browser = world.browser();
      const held = await browser.send('http://a.app.example/login', form(leaked));
      return (await browser.get(valuesOf(held, 'location')[0] ?? '')).text;
    };
    expect(await ask()).not.toContain('/hold/mail');
    await admin.importUsers([{ email: 'alice@corp.example', app: 'a.app.example', user: 'alice' }]);
    expect(await ask()).toContain('/hold/mail');
    await expect.poll(() => world.mail.mails.map(({ to }) => to)).toEqual(['alice@corp.example']);
  });

  test('by another spelling is not of whom the operator knows by the first', async () => {
    const plain = (name: string): string => name.normalize('NFKD').replace(/\p{M}/gu, '');
    for (const shows of [plain, (name: string) => name]) {
      const world = await start((handled) => {
        if (!isLogin(handled)) return false;
        const typed = handled.form.get('user') ?? '';
        if (users[plain(typed)] === handled.form.get('pass')) handled.session.user = shows(typed);
        return leadTo(handled.response, backOf({ ...handled, form: new URLSearchParams(leaked) }));
      });
      await world.kept.admin.importUsers([{ email: 'owner@example.com', app: 'app.example', user: 'alice' }]);
      const { secret, pending } = await world.kept.peer.drawTotp('owner@example.com');
      const proof = await world.kept.peer.checkCode(
        'owner@example.com',
        await world.kept.admin.makeCode('owner@example.com'),
      );
      if (!('authority' in proof)) throw new Error('the code is not taken');
      const factor = { method: 'totp', name: 'app', pending, code: appCode(secret, Date.now()) } as const;
      await world.kept.peer.enrol({ user: 'owner@example.com', authority: proof.authority, factor });
      const browser = world.browser();
      const held = await browser.send(LOGIN, form({ user: 'alic\u00e9', pass: password }));
      const page = await browser.get(valuesOf(held, 'location')[0] ?? '');
      // Also where the application says that it is alice: two users may have names that look alike.
      expect(page.text).not.toContain('/step-up#');
      expect(page.text).not.toContain('/hold/mail');
      await expect.poll(() => world.mail.mails.some(({ to }) => to === 'owner@example.com')).toBe(true);
    }
  });

  test('is known by all names, however many others are typed', async () => {
    const service = await startLeakService([{ username: 'carol@corp.example', password }]);
    const locations = ' []\n      presets: [generic]';
    const world = await startHoldWorld({ users: { carol: password }, leaks: service, locations });
    const names = ['carol', 'carol2', 'carol3', 'carol4', 'carol5', 'carol6'];
    await world.kept.admin.importUsers(
      names.map((user) => ({ email: 'carol@corp.example', app: 'app.example', user })),
    );
    const fields = ['login', 'email', 'log', 'username', 'userid', 'name', 'uid'];
    const junk = Object.fromEntries(fields.map((field, i) => [field, `j\u00e9nk ${i}`]));
    await world.login({ user: 'carol', ...junk, pass: password });
    const { verdict } = world.events.find(({ event }) => event === 'login') as { verdict?: string };
    expect(verdict).toBe('pair');
    await service.close();
  });

  test.each([
    ['the address has leaked, and the name is typed', 'carol@corp.example', 'carol'],
    ['the name has leaked, and the address is typed', 'carol', 'carol@corp.example'],
    ['in upper case', 'carol@corp.example', 'CAROL'],
    ['in another case', 'carol@corp.example', 'Carol'],
    ['in full width', 'carol@corp.example', '\uff43arol'],
    ['with an accent', 'carol@corp.example', 'c\u00e1rol'],
    ['with a domain before it', 'carol@corp.example', 'CORP\\carol'],
  ])('is known by all names: %s', async (_, leakedName, typed) => {
    const service = await startLeakService([{ username: leakedName, password }]);
    const app = await startHandledApp((handled) => {
      if (!isLogin(handled)) return false;
      if (handled.form.get('pass') === password) handled.session.user = handled.form.get('user') ?? '';
      return leadTo(handled.response, '/home');
    });
    const world = await startHoldWorld({ users, leaks: service, app, locations: formAt('main', '/login') });
    await world.kept.admin.importUsers([{ email: 'carol@corp.example', app: 'app.example', user: 'carol' }]);
    await world.login({ user: typed, pass: password });
    const { verdict } = world.events.find(({ event }) => event === 'login') as { verdict?: string };
    expect(verdict).toBe('pair');
    await service.close();
  });
});
