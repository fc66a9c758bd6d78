// The budget of checks for logins that prove nothing: what takes a place in it, and what becomes of
// those that find none.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { setCookies, statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startGuardedApp, startLeakService } from '../../support/gateway/login/guarded-app.ts';

const [leaked] = seededPairs(1, 4715) as [{ username: string; password: string }];

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([leaked]);
});
afterAll(() => leaks.close());

describe('checks of what is not proven', () => {
  const from = (address: string) => ({ 'X-Forwarded-For': address });
  const answer: Parameters<typeof startGuardedApp>[0]['answer'] = ({ form }, response) =>
    form.get('password') === 'wrong'
      ? response.writeHead(401).end()
      : response.writeHead(302, { Location: '/home', 'Set-Cookie': 'sid=1' }).end();
  const right = { username: leaked.username, password: leaked.password };

  test('are a few for a party, whose further logins are refused without their cookies', async () => {
    const { post, events, gateway, seen } = await startGuardedApp({
      leaks,
      keys: 'login: { presets: [generic], unknownChecks: 10 }',
      answer,
    });
    for (let i = 0; i < 2; i++) await post('/login', { username: 'ann', password: `junk-${i}` }, from('192.0.2.1'));
    const refused = await post('/login', right, from('192.0.2.1'));
    expect(statusOf(refused)).toBe(429);
    expect(refused.body.toString()).toContain('CHECKS_SPENT');
    expect(setCookies(refused)).toEqual([]);
    expect(Number(/retry-after\n(\d+)/i.exec(refused.rawHeaders.join('\n'))?.[1])).toBeGreaterThan(0);
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'login', reason: 'CHECK_BUDGET', verdict: 'unknown' }),
    );
    expect(events).toContainEqual(expect.objectContaining({ event: 'request-refused', code: 'CHECKS_SPENT' }));
    expect(JSON.stringify(await gateway.metrics())).toContain('CHECK_BUDGET');
    expect(seen).toHaveLength(2);
    expect(statusOf(await post('/login', right, from('192.0.2.2')))).toBe(302);
  });

  test('are taken by no failure that is proven', async () => {
    const { post } = await startGuardedApp({ leaks, keys: 'login: { presets: [generic], unknownChecks: 5 }', answer });
    for (let i = 0; i < 4; i++) expect(statusOf(await post('/login', { ...right, password: 'wrong' }))).toBe(401);
    expect(statusOf(await post('/login', right))).toBe(302);
  });

  test.each([
    ['nobody described', 'presets: [generic]', 'sid'],
    ['describes its cookie', 'presets: [generic], sessionCookies: [sid]', 'sid'],
    ['has plug-ins beside what names its users', 'presets: [wordpress, generic]', 'sid'],
    ['reads names of cookies as PHP does', 'presets: [generic], sessionCookies: [my_sid]', 'my.sid'],
  ])(
    'that are spent leave no session logged in that the client has brought, if an application %s',
    async (_, keys, name) => {
      const loggedIn = new Set<string>();
      const { post, seen, logins } = await startGuardedApp({
        leaks,
        keys: `login: { ${keys}, unknownChecks: 5 }`,
        // It adopts any session, as PHP does without session_regenerate_id.
        answer: ({ path, form, cookie }, response) => {
          const session = cookie(name);
          if (session !== undefined && form.get('password') === leaked.password) loggedIn.add(session);
          response.writeHead(path === '/login' ? 302 : 200, path === '/login' ? { Location: '/home' } : {}).end();
        },
      });
      const cookies = { Cookie: `${name}=brought` };
      await post('/login', { username: 'ann', password: 'guess' }, cookies);
      const answers = [await post('/login', right, cookies)];
      expect(answers.map(statusOf)).toEqual([429]);
      expect(Number(/retry-after\n(\d+)/i.exec(answers[0]?.rawHeaders.join('\n') ?? '')?.[1])).toBeGreaterThan(0);
      expect([...loggedIn]).toEqual([]);
      expect(seen).toHaveLength(1);
      expect(logins().at(-1)).toBe('unknown unknown');
    },
  );

  test('are taken by a login that gets no answer', async () => {
    const { post, logins } = await startGuardedApp({
      leaks,
      keys: 'login: { presets: [generic] }',
      answer: (_, response) => response.socket?.destroy(),
    });
    expect(statusOf(await post('/login', right, { Cookie: 'sid=brought' }))).toBe(502);
    await expect.poll(logins).toEqual(['unknown pair']);
  });
});
