// Logins that the configuration does not describe, at places where other things hide them: fields
// of other names beside the preset for common ones, the page where passwords are changed, and a
// browser that somebody is signed in with.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { startOrigin } from '../../support/gateway/gateway.ts';
import { PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
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
