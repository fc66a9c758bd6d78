// Logins that the configuration does not describe, at places where other things hide them: fields
// of other names beside the preset for common ones, the page where passwords are changed, and a
// browser that somebody is signed in with.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { startOrigin } from '../../support/gateway/gateway.ts';
import { leadTo, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { type Answer, cookiesOf, formOf, textOf, valuesOf, withCookie } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const CLEAN = 'n3ver-leaked-anywhere';
const users: { [name: string]: string } = { alice: password, mallory: CLEAN };
const OWN = { benutzer: 'alice', kennwort: password };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

interface WorldOptions {
  /** Beside the location's own keys, as YAML. */
  readonly ofLocation?: string;
  /** Beside `locations`, as YAML. */
  readonly beside?: string;
  /** Elsewhere it begins a session of its own, beside the one that is there. */
  readonly hasPortal?: boolean;
}

/** Its login box stands on every page, and is described at one. */
async function startWorld({ ofLocation = '', beside = '', hasPortal = false }: WorldOptions) {
  const sessions = new Map<string, string>();
  let drawn = 0;
  const { url, server } = await startOrigin(async (request, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    const form = new URLSearchParams(body);
    const [, sent = `s${drawn++}`] = /PHPSESSID=(\w+)/.exec(request.headers.cookie ?? '') ?? [];
    const name = form.get('benutzer') ?? '';
    const isRight = users[name] !== undefined && users[name] === form.get('kennwort');
    const isOfPortal = hasPortal && isRight && request.url !== '/login';
    if (isRight) sessions.set(isOfPortal ? 'portal' : sent, name);
    const portal = isOfPortal ? ['PHPSESSID=portal; Path=/portal'] : [];
    response.setHeader('Set-Cookie', [...portal, `PHPSESSID=${sent}; Path=/`]);
    const user = sessions.get(sent);
    response.end(user === undefined ? 'nobody' : `<b>${user}</b>`);
  });
  const locations = `
        - name: main
          when: 'http.request.method == "POST" and http.request.uri.path == "/login"'
          username: 'http.request.body.form["benutzer"][0]'
          password: 'http.request.body.form["kennwort"][0]'
          ${ofLocation}
      ${beside}`;
  const app = { url, server, seen: [], signedIn: () => [] };
  const world = await startHoldWorld({ users, leaks, app, locations });
  const post = (path: string, fields: { readonly [name: string]: string }, cookie: string) => {
    const { headers, body = '' } = formOf(fields);
    return world.send(withCookie({ method: 'POST', path, body, headers: { ...headers, ...PAGE } }, cookie));
  };
  /** With what the browser has, and with what it was given. */
  const isIn = async (cookie: string, answer: Answer): Promise<boolean> => {
    const all = [cookie, ...valuesOf(answer, 'set-cookie').map((each) => each.split(';')[0] ?? '')];
    const pages = await Promise.all(all.map((each) => world.get('/home', each)));
    return pages.some((page) => textOf(page).includes('<b>alice'));
  };
  return { ...world, post, isIn };
}

test.each([
  ['beside the preset for common names', '/x/login', { beside: 'presets: [generic]' }],
  ['at the page of another form', '/other', { ofLocation: 'changePassword: /profile' }],
  ['at the page where passwords are changed', '/profile', { ofLocation: 'changePassword: /profile' }],
])('a login %s is held', async (_, path, options: WorldOptions) => {
  const { visitor, post, isIn } = await startWorld(options);
  const cookie = await visitor();
  const answer = await post(path, OWN, cookie);
  expect(valuesOf(answer, 'location')).toEqual([expect.stringContaining('/hold?')]);
  expect(await isIn(cookie, answer)).toBe(false);
});

test('a session that is begun beside that of another user is held', async () => {
  const { visitor, post, isIn } = await startWorld({ hasPortal: true });
  const before = await visitor();
  const own = await post('/login', { benutzer: 'mallory', kennwort: CLEAN }, before);
  expect(textOf(own)).toBe('<b>mallory</b>');
  const cookie = cookiesOf(own) || before;
  const answer = await post('/x/login', OWN, cookie);
  expect(valuesOf(answer, 'location')).toEqual([expect.stringContaining('/hold?')]);
  expect(await isIn(cookie, answer)).toBe(false);
});

const JSON_OWN = JSON.stringify({ user: 'alice', pass: password });
const part = (headers: string) =>
  `--b\r\nContent-Disposition: form-data; name="login"${headers}\r\n\r\n${JSON_OWN}\r\n--b--\r\n`;
/** Each text behind its length, which looks like a letter. */
const tagged = (key: number, value: number): Buffer =>
  Buffer.concat(
    ['user', 'alice', 'pass', password].map((text, i) =>
      Buffer.concat([Buffer.from([(i % 2 === 0 ? key : value) + text.length]), Buffer.from(text)]),
    ),
  );

const MULTIPART = 'multipart/form-data; boundary=b';
const LINE = 'application/x-www-form-urlencoded';

test.each([
  ['JSON in a form', LINE, `data=${encodeURIComponent(JSON_OWN)}`],
  ['JSON in a part', MULTIPART, part('')],
  ['JSON in a file of a form', MULTIPART, part('; filename="a.json"\r\nContent-Type: application/json')],
  ['JSON in JSON', 'application/json', JSON.stringify({ data: JSON_OWN })],
  ['a form in JSON', 'application/json', JSON.stringify({ data: `user=alice&pass=${password}` })],
  [
    'a list of names and values',
    'application/json',
    JSON.stringify([
      { name: 'user', value: 'alice' },
      { name: 'pass', value: password },
    ]),
  ],
  ['CBOR', 'application/cbor', Buffer.concat([Buffer.from([0xa2]), tagged(0x60, 0x60)])],
  ['Smile', 'application/x-jackson-smile', Buffer.concat([Buffer.from(':)\n\x01', 'latin1'), tagged(0x7f, 0x3f)])],
])('%s signs nobody in, at the place of a login and elsewhere', async (_, type, body) => {
  for (const path of ['/login', '/api']) {
    const app = await startHandledApp(({ body: sent, session }) => {
      if ([password, encodeURIComponent(password)].some((text) => sent.includes(text))) session.user = 'alice';
      return false;
    });
    const world = await startHoldWorld({ users, leaks, app, locations: formAt('main', '/login') });
    const cookie = await world.visitor();
    const request = { method: 'POST', path, body, headers: { 'Content-Type': type, ...PAGE } };
    const answer = await world.send(withCookie(request, cookie));
    expect(statusOf(answer), path).toBe(400);
    for (const each of [cookie, cookiesOf(answer)])
      expect(textOf(await world.get('/home', each)), path).not.toContain('alice');
  }
});

test('the fields of a login at its place, by another method, are held though a page comes between', async () => {
  const app = await startHandledApp(({ line, form, query, session, response }) => {
    const name = form.get('user') ?? query.get('user') ?? '';
    const given = form.get('pass') ?? query.get('pass');
    if (line === 'POST /terms') session.user = session.other;
    else if (!line.endsWith(' /login')) return false;
    else if (users[name] === given) session.other = name;
    return leadTo(response, '/terms');
  });
  const world = await startHoldWorld({ users, leaks, app, locations: formAt('main', '/login') });
  for (const method of ['GET', 'PUT', 'POST']) {
    const cookie = await world.visitor();
    const { headers, body = '' } = formOf({ user: 'alice', pass: password });
    const own = method === 'GET' ? { path: `/login?${body}` } : { path: '/login', body };
    await world.send(withCookie({ method, ...own, headers: { ...headers, ...PAGE } }, cookie));
    await world.send(withCookie({ method: 'POST', path: '/terms', headers: PAGE }, cookie));
    expect(textOf(await world.get('/home', cookie)), method).not.toContain('alice');
  }
});
