// The admin page's server: who is answered, and who is not.

import http from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PageSessions } from '../../../gateway/admin/page-sessions.ts';
import { type MadePage, startMadePage } from '../../support/gateway/admin-page.ts';

interface Asked {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: object | string;
}

/** As a script of the page would, unless told otherwise. */
function ask(made: MadePage, path: string, { method = 'POST', headers = {}, body = {} }: Asked = {}) {
  return new Promise<{
    status: number;
    headers: http.IncomingHttpHeaders;
    body: Record<string, never> & { token: string };
  }>((resolve, reject) => {
    const all = { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/json', ...headers };
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
    const request = http.request(new URL(path, made.page.url), { method, headers: given }, async (response) => {
      let text = '';
      for await (const piece of response.setEncoding('utf8')) text += piece as string;
      const isJson = response.headers['content-type'] === 'application/json';
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: isJson ? JSON.parse(text) : {} });
    });
    request
      .on('error', reject)
      .end(method === 'GET' ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

async function start(hosts?: readonly string[]): Promise<MadePage> {
  const made = await startMadePage(hosts);
  onTestFinished(() => made.page.close());
  return made;
}

const keyOf = ({ page }: MadePage): string => page.createLink().split('#key=')[1] as string;

async function signIn(made: MadePage): Promise<{ readonly Authorization: string }> {
  const { body } = await ask(made, '/sign-in', { body: { key: keyOf(made) } });
  return { Authorization: `Bearer ${body.token}` };
}

const stateOf = async (made: MadePage, headers: { readonly Authorization: string }) =>
  (await ask(made, '/state', { method: 'GET', headers })).body as unknown as {
    bans: { id: string; token: string }[];
    lists: { name: string; token: string }[];
    rules: unknown[];
    sessions: { id: string; token: string }[];
    serviceTokens: { id: string; token: string }[];
  };

describe('the admin page', () => {
  test('answers under its own host alone, whatever a name points to', async () => {
    const made = await start(['gateway.example']);
    const get = (host: string) => ask(made, '/', { method: 'GET', headers: { Host: host } });
    for (const host of ['evil.example', '127.0.0.1', 'localhost', '0.0.0.0:1', 'gateway.example.evil'])
      expect([host, (await get(host)).status]).not.toEqual([host, 200]);
    expect((await get('Gateway.example')).status).toBe(200);
    expect((await get(new URL(made.page.url).host.replace('127.0.0.1', 'localhost'))).status).toBe(200);
  });

  test.each(['cross-site', 'same-site', 'none', ''])('answers no request of another site: %j', async (site) => {
    const made = await start();
    const headers = { ...(await signIn(made)), 'Sec-Fetch-Site': site };
    const [ban] = (await stateOf(made, await signIn(made))).bans;
    expect((await ask(made, '/state', { method: 'GET', headers })).status).toBe(403);
    expect((await ask(made, '/sign-in', { headers, body: { key: keyOf(made) } })).status).toBe(403);
    expect((await ask(made, '/lift', { headers, body: { ...ban } })).status).toBe(403);
    expect(made.lifted).toEqual([]);
  });

  test('shows and does nothing without a session, and a link signs in once', async () => {
    const made = await start();
    for (const [method, path] of [
      ['GET', '/state'],
      ['POST', '/lift'],
      ['POST', '/accept'],
      ['POST', '/end'],
      ['POST', '/revoke'],
      ['POST', '/x'],
    ] as const)
      for (const Authorization of ['', 'Bearer x', 'Bearer '])
        expect((await ask(made, path, { method, headers: { Authorization } })).status).toBe(401);
    const key = keyOf(made);
    expect((await ask(made, '/sign-in', { body: { key } })).status).toBe(200);
    expect((await ask(made, '/sign-in', { body: { key } })).status).toBe(401);
    const session = await signIn(made);
    expect((await ask(made, '/sign-out', { headers: session })).status).toBe(200);
    expect((await ask(made, '/state', { method: 'GET', headers: session })).status).toBe(401);
  });

  test('does one thing for the token of this thing and session', async () => {
    const made = await start();
    const session = await signIn(made);
    const { bans, lists, rules } = await stateOf(made, session);
    const other = await stateOf(made, await signIn(made));
    const [one, two] = bans;
    const [, vpn] = lists;
    expect(rules).toEqual([{ rule: 'admin from outside', action: 'block', count: 10 }]);
    for (const token of ['', two?.token, other.bans[0]?.token, vpn?.token])
      expect((await ask(made, '/lift', { headers: session, body: { id: one?.id, token } })).status).toBe(403);
    expect(made.lifted).toEqual([]);
    expect((await ask(made, '/lift', { headers: session, body: { ...one } })).body).toEqual({ isDone: true });
    expect((await ask(made, '/accept', { headers: session, body: { ...vpn } })).body).toEqual({ isDone: true });
    expect([made.lifted, made.accepted]).toEqual([[{ id: 'l.one' }], ['vpn']]);
  });

  test('ends a session of somebody, and revokes a token of a program', async () => {
    const made = await start();
    const session = await signIn(made);
    const { sessions, serviceTokens } = await stateOf(made, session);
    const [ann, bo] = sessions;
    const [backup] = serviceTokens;
    const other = await stateOf(made, await signIn(made));
    for (const [path, body] of [
      ['/end', { id: ann?.id }],
      ['/end', { id: ann?.id, token: bo?.token }],
      ['/end', { id: ann?.id, token: other.sessions[0]?.token }],
      ['/revoke', { id: backup?.id, token: ann?.token }],
      ['/revoke', { id: ann?.id, token: ann?.token }],
    ] as const)
      expect((await ask(made, path, { headers: session, body })).status).toBe(403);
    expect([made.ended, made.revoked]).toEqual([[], []]);
    expect((await ask(made, '/end', { headers: session, body: { ...ann } })).body).toEqual({ isDone: true });
    expect((await ask(made, '/end', { headers: session, body: { ...ann } })).body).toEqual({ isDone: false });
    expect((await ask(made, '/revoke', { headers: session, body: { ...backup } })).body).toEqual({ isDone: true });
    expect([made.ended[0], made.revoked]).toEqual([{ id: ann?.id }, [backup?.id]]);
  });

  test('is kept by no cache, and runs nothing inline', async () => {
    const made = await start();
    for (const answer of [await ask(made, '/', { method: 'GET' }), await ask(made, '/state', { method: 'GET' })]) {
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(answer.headers['content-security-policy']).not.toContain('unsafe');
      expect(answer.headers['set-cookie']).toBe(undefined);
    }
  });

  test.each([
    [{ headers: { 'Content-Type': 'text/plain' } }, 415],
    [{ body: '{' }, 400],
    [{ body: 'null' }, 400],
    [{ body: { key: 'x'.repeat(5_000) } }, 413],
    [{ body: { key: 7 } as object }, 401],
  ])('refuses a malformed request: %#', async (asked, status) => {
    expect((await ask(await start(), '/sign-in', asked)).status).toBe(status);
  });
});

test('links and sessions end', () => {
  let now = 0;
  const sessions = new PageSessions(() => now);
  const late = sessions.createLink();
  now = 300_001;
  expect(sessions.signIn(late)).toBe(undefined);
  const token = sessions.signIn(sessions.createLink());
  expect(sessions.find(`Bearer ${token}`)).toBeDefined();
  now += 13 * 3_600_000;
  expect(sessions.find(`Bearer ${token}`)).toBe(undefined);
});
