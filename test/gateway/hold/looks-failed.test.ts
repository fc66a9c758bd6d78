// What leaves behind a login with a leaked password that looks like a failure: nothing that a right
// password alone gets, whatever status and page tell.

import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { leadTo, pageOf, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, type HoldWorld, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { type Answer, cookiesOf, textOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const leaked = { user: 'alice', pass: password };
const TICKET = 'T123';
const PROGRAM = { 'Sec-Fetch-Mode': 'cors' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

type Reply = (response: ServerResponse, isRight: boolean) => unknown;

/** An application whose login opens nothing yet: a choice without a password signs in. */
async function start(reply: Reply, keys = ''): Promise<HoldWorld> {
  const app = await startHandledApp(({ line, form, session, response }) => {
    if (line === 'POST /role') {
      session.user = session.other;
      return leadTo(response, '/home');
    }
    if (line !== 'POST /login') return response.end(pageOf(session.user));
    const isRight = form.get('pass') === password;
    if (isRight) session.other = form.get('user') ?? '';
    return reply(response, isRight) ?? true;
  });
  return startHoldWorld({ users: {}, leaks, app, locations: formAt('main', '/login') + keys });
}

const allOf = (answer: Answer): string => JSON.stringify(answer.rawHeaders) + textOf(answer);

const asks = (status: number): Reply => {
  const page = (isRight: boolean) => (isRight ? '<form action=/role>choose a role</form>' : '<form>wrong</form>');
  return (response, isRight) => response.writeHead(isRight ? status : 401).end(page(isRight));
};

describe('the first step of a login', () => {
  test.each([401, 403, 422, 429])('that is answered %i goes on nowhere', async (status) => {
    const { login, visitor, send, get } = await start(asks(status));
    const before = await visitor();
    const answer = await login(leaked, before);
    const jars = [before, `${before}; ${cookiesOf(answer)}`, cookiesOf(answer)];
    for (const cookie of jars) {
      const headers = { Cookie: cookie, 'Content-Type': 'application/x-www-form-urlencoded' };
      const next = await send({ method: 'POST', path: '/role', body: 'role=x', headers });
      expect(textOf(await get('/home', `${cookie}; ${cookiesOf(next)}`))).not.toContain(SECRET);
    }
  });
});

const json = (response: ServerResponse, status: number, body: object) =>
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));

const drawn = () => randomBytes(12).toString('hex');

const REPLIES: readonly (readonly [string, Reply])[] = [
  ...[401, 403, 422, 429].map((status): readonly [string, Reply] => [
    `in JSON with status ${status}`,
    (response, isRight) =>
      isRight
        ? json(response, status, { code: 'PASSWORD_EXPIRED', resetTicket: TICKET })
        : json(response, 401, { code: 'WRONG' }),
  ]),
  [
    'in a header that refreshes',
    (response, isRight) =>
      response.writeHead(200, { Refresh: isRight ? `0;url=/enter?ticket=${TICKET}` : '3;url=/login' }).end('wait'),
  ],
  [
    'in a header of its own',
    (response, isRight) => response.writeHead(200, { 'X-Auth-Token': isRight ? TICKET : 'none' }).end('ok'),
  ],
  [
    'in a cookie that is no session',
    (response, isRight) =>
      response.writeHead(200, { 'Set-Cookie': `way=${isRight ? TICKET : 'none'}; Path=/` }).end('<form>again</form>'),
  ],
  [
    'where errors have a number, behind a code as long as theirs',
    (response, isRight) =>
      json(response, 200, {
        code: isRight ? 'PASSWORD_EXPIRED' : 'INVALID_PASSWORD',
        id: (isRight ? TICKET : 'E999') + drawn(),
      }),
  ],
];

describe('a ticket', () => {
  test.each(REPLIES)('%s never leaves', async (_, reply) => {
    // Whatever somebody says of failures.
    const proven = `failure: 'http.response.code in {200 401 403 422 429}'\n          proves: [failure]`;
    const { login, visitor } = await start(reply, `\n          ${proven}`);
    for (const headers of [undefined, PROGRAM])
      expect(allOf(await login(leaked, await visitor(), headers))).not.toContain(TICKET);
  });
});

describe('an answer that both passwords get', () => {
  // The session has it, the application keeps answers, or it takes passwords from cookies.
  type Way = readonly [string, string, { readonly [name: string]: string }, { readonly [name: string]: string }];
  const ofCookie = { Cookie: `pass=${encodeURIComponent(password)}` };
  test.each<Way>([
    ['of the session', 'session', {}, {}],
    ['of a number of the request', 'key', { 'Idempotency-Key': 'k1' }, {}],
    ['of a cookie', 'cookie', ofCookie, { x: password }],
  ])('%s leaves to nobody', async (_, by, headers, fields) => {
    const kept = new Map<string, string>();
    const app = await startHandledApp(({ line, form, session, request, response }) => {
      if (line !== 'POST /login') return false;
      const cookie = /(?:^|; )pass=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
      const given = by === 'cookie' && cookie !== undefined ? decodeURIComponent(cookie) : form.get('pass');
      if (given === password) session.other = TICKET;
      const key = String(request.headers['idempotency-key'] ?? '');
      const own = (by === 'session' ? session.other : given === password && TICKET) || 'WRONG';
      const code = by === 'key' ? (kept.get(key) ?? own) : own;
      kept.set(key, code);
      json(response, 403, { code });
      return true;
    });
    const world = await startHoldWorld({ users: {}, leaks, app, locations: formAt('main', '/login') });
    for (const kind of [PAGE, PROGRAM]) {
      const { Cookie = '', ...others } = headers as { Cookie?: string };
      const cookies = [await world.visitor(), Cookie].filter((each) => each !== '').join('; ');
      const answer = await world.login({ ...leaked, ...fields }, cookies, { ...kind, ...others });
      expect(allOf(answer)).not.toContain(TICKET);
      expect(answer.status).toMatch(/30[3]|40[13]/);
    }
  });
});

describe('a wrong password that has leaked', () => {
  const old = 'old-and-leaked-1';
  let both: LeakService;
  beforeAll(async () => {
    both = await startLeakService([{ username: 'alice', password: old }]);
  });
  afterAll(() => both.close());

  const start = async (page: (attempt: number) => string) => {
    let attempts = 0;
    const app = await startHandledApp(({ line, response }) =>
      line === 'POST /login' ? response.writeHead(403).end(page(attempts++)) : false,
    );
    return startHoldWorld({ users: {}, leaks: both, app, locations: formAt('main', '/login') });
  };

  test.each<[string, (attempt: number) => string]>([
    ['always the same', () => '<form>wrong</form>'],
    ['with a count', (attempt) => `<form>wrong, attempt ${attempt} of 5</form>`],
  ])('leads back to the form, where the page is %s', async (_, page) => {
    const { login, visitor, get, mail } = await start(page);
    const cookie = await visitor();
    const referer = 'http://app.example/in?lang=de';
    for (const [headers, href] of [
      [{ ...PAGE, Referer: referer }, referer],
      [{ ...PAGE, Referer: 'http://evil.example/' }, 'http://app.example/login'],
      [PAGE, 'http://app.example/login'],
    ] as const) {
      const answer = await login({ user: 'alice', pass: old }, cookie, headers);
      const shown = [answer.status, textOf(answer)];
      expect(shown).toEqual([expect.stringContaining('401'), expect.stringContaining(`href="${href}"`)]);
      expect(allOf(answer)).not.toContain('attempt');
    }
    expect(textOf(await get('/login', cookie))).toContain('form');
    expect(mail.mails).toEqual([]);
  });

  test('gets a program the answer of the application', async () => {
    const { login, visitor } = await start(() => '<form>wrong</form>');
    const answer = await login({ user: 'alice', pass: old }, await visitor(), PROGRAM);
    expect([answer.status, textOf(answer)]).toEqual([expect.stringContaining('403'), '<form>wrong</form>']);
  });
});

test('a login that names nobody is held by its password alone', async () => {
  const app = await startHandledApp(({ line, form, response }) =>
    line === 'POST /login'
      ? leadTo(response, form.get('pass') === password ? `/cb?code=${TICKET}` : '/login?error=1')
      : false,
  );
  const locations = `
        - name: main
          when: 'http.request.method == "POST" and http.request.uri.path == "/login"'
          password: 'http.request.body.form["pass"][0]'`;
  const { login, visitor } = await startHoldWorld({ users: {}, leaks, app, locations });
  const answer = await login({ pass: password }, await visitor());
  expect([answer.status, allOf(answer)]).toEqual([expect.stringContaining('303'), expect.not.stringContaining(TICKET)]);
});
