// Limits as people and attackers meet them: a gateway in front of an application with a login.

import { describe, expect, test } from 'vitest';
import { cookieOf, RIGHT, startLimitedApp } from '../../support/gateway/state/limited-app.ts';
import { stateFolder } from '../../support/gateway/state/states.ts';

const HTML = ['Accept: text/html'];
const BY_USER = '[{ name: user, by: [username], allow: 3, window: 1m, for: 1h, answer: { unlockUrl: /lost?a=1&b=2 } }]';

describe('a login over a limit', () => {
  test('is refused for its time, and does not reach the application', async () => {
    const app = await startLimitedApp({ limits: 'failures', stateDirectory: stateFolder() });
    for (let i = 0; i < 5; i++) expect((await app.login(`user${i}`, 'wrong')).status).toBe(403);
    const refused = await app.login('ann', RIGHT);
    expect(refused.status).toBe(429);
    expect(Number(/^retry-after: (\d+)/im.exec(refused.head)?.[1])).toBeGreaterThan(3_590);
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'LOGIN_LIMITED', status: 429 });
    expect(app.seen).toHaveLength(5);
    expect((await app.get('/')).status).toBe(200);
  });

  test('is told with the limit, the login and whom it hit, and when to try again', async () => {
    const app = await startLimitedApp({ limits: BY_USER, stateDirectory: stateFolder() });
    for (let i = 0; i < 3; i++) await app.login('ann', 'wrong');
    const { status, body } = await app.login('ann', RIGHT, HTML);
    expect([status, body]).toEqual([429, expect.stringContaining('Try again in 60 minutes.')]);
    const [failed] = app.events.filter(({ event }) => event === 'login');
    const { user } = failed as { readonly user?: string };
    expect(user).toMatch(/^u_/);
    expect(app.events).toContainEqual(
      expect.objectContaining({
        event: 'request-refused',
        code: 'USER_LIMITED',
        limit: 'user',
        login: 'form',
        user,
      }),
    );
  });

  test('by username is the same for names in every spelling, and for names that no user has', async () => {
    const app = await startLimitedApp({ limits: BY_USER, stateDirectory: stateFolder() });
    for (const name of ['Ann', ' ann ', 'ＡＮＮ']) expect((await app.login(name, 'wrong')).status).toBe(403);
    for (let i = 0; i < 3; i++) await app.login('nobody', 'wrong');
    const pages = await Promise.all(['ann', 'nobody'].map((name) => app.login(name, RIGHT, HTML)));
    const [ann, nobody] = pages.map(({ body }) => body.replace(/Request [\w-]+/, ''));
    expect(pages.map(({ status }) => status)).toEqual([429, 429]);
    expect(ann).toBe(nobody);
    expect(ann).toContain('<a href="/lost?a=1&amp;b=2">Choose a new password</a>');
    expect(ann).toContain('a browser in which you have logged in before');
    expect((await app.login('bob', RIGHT)).status).toBe(302);
  });

  test('by username leaves cookies out that are named like one, if a username was typed', async () => {
    const app = await startLimitedApp({ limits: BY_USER, stateDirectory: stateFolder() });
    for (let i = 0; i < 5; i++) expect((await app.login(`user${i}`, 'wrong', ['Cookie: user=1'])).status).toBe(403);
    for (let i = 0; i < 3; i++) expect((await app.login('', 'wrong', ['Cookie: user=eve'])).status).toBe(403);
    expect((await app.login('', RIGHT, ['Cookie: user=eve'])).status).toBe(429);
    expect((await app.login('', RIGHT, ['Cookie: user=bob'])).status).toBe(302);
  });

  test('gives way to a browser that the user has logged in with', async () => {
    const app = await startLimitedApp({ limits: BY_USER, stateDirectory: stateFolder() });
    // Its session has ended: one that is open would leave the outcome assumed.
    const deviceOf = (...answer: Parameters<typeof cookieOf>) => cookieOf(...answer).replace(/\bsid=[^;]*;? ?/, '');
    const browser = deviceOf(await app.login('ann', RIGHT));
    expect(browser).toMatch(/credveil-device=[\w-]{43}/);
    for (let i = 0; i < 9; i++) await app.login('ann', 'wrong');
    expect((await app.login('ann', RIGHT)).status).toBe(429);
    const again = await app.login('ann', RIGHT, [browser]);
    expect(again.status).toBe(302);
    expect((await app.login('ann', RIGHT, [browser])).status).toBe(429);
    expect((await app.login('ann', RIGHT, [deviceOf(again)])).status).toBe(302);
  });

  test('has the answer of the operator', async () => {
    const answer = `answer: { status: 403, json: '{"later":true}', html: "<p>later</p>" }`;
    const limits = `[{ name: own, by: [address], allow: 1, window: 1m, for: 1m, ${answer} }]`;
    const app = await startLimitedApp({ limits, stateDirectory: stateFolder() });
    await app.login('ann', 'wrong');
    expect(await app.login('ann', 'wrong')).toMatchObject({ status: 403, body: '{"later":true}' });
    expect(await app.login('ann', 'wrong', HTML)).toMatchObject({ status: 403, body: '<p>later</p>' });
    expect(app.seen).toHaveLength(1);
  });

  test('is told by a header, and not without it', async () => {
    const limits = '[{ name: key, by: ["header:x-key"], allow: 1, window: 1m, for: 1m }]';
    const app = await startLimitedApp({ limits, stateDirectory: stateFolder() });
    for (let i = 0; i < 3; i++) expect((await app.login('ann', 'wrong')).status).toBe(403);
    expect((await app.login('ann', 'wrong', ['X-Key: a'])).status).toBe(403);
    expect((await app.login('ann', 'wrong', ['X-Key: a'])).status).toBe(429);
    expect((await app.login('ann', 'wrong', ['X-Key:'])).status).toBe(403);
    expect((await app.login('ann', 'wrong', ['X-Key:'])).status).toBe(429);
  });

  test('is told by a field of the body, whatever stands beside it', async () => {
    const limits = '[{ name: org, by: ["field:org"], allow: 3, window: 1m, for: 1m }]';
    const app = await startLimitedApp({ limits, stateDirectory: stateFolder() });
    const statusOf = async (more: string) => (await app.login('ann', 'wrong', [], more)).status;
    for (let i = 0; i < 5; i++) expect(await statusOf('')).toBe(403);
    // A server reads the first, the last, or either as a member of an array.
    for (const more of ['&org=a&org=x', '&org=y&org=a', '&org[]=a']) expect(await statusOf(more)).toBe(403);
    for (const more of ['&org=a', '&org=z&org=a', '&Org=a']) expect(await statusOf(more)).toBe(429);
    expect(await statusOf('&org=b')).toBe(403);
    expect(await statusOf('')).toBe(403);
    expect(await statusOf(Array.from({ length: 17 }, (_, i) => `&org=n${i}`).join(''))).toBe(429);
    expect(app.seen).toHaveLength(10);
  });

  test('counts each of several headers of one name', async () => {
    const limits = '[{ name: key, by: ["header:x-key"], allow: 2, window: 1m, for: 1m }]';
    const app = await startLimitedApp({ limits, stateDirectory: stateFolder() });
    for (const decoy of ['x', 'y']) await app.login('ann', 'wrong', ['X-Key: a', `X-Key: ${decoy}`]);
    expect((await app.login('ann', RIGHT, ['X-Key: a'])).status).toBe(429);
    expect((await app.login('ann', RIGHT, ['X-Key: z', 'X-Key: a'])).status).toBe(429);
    expect((await app.login('ann', RIGHT, ['X-Key: z'])).status).toBe(302);
  });

  test('is another one for logins that other sites send', async () => {
    const limits = '[{ name: all, by: [address], allow: 3, window: 1m, for: 1h, actOn: everything }]';
    const app = await startLimitedApp({ limits, stateDirectory: stateFolder() });
    const foreign = ['Sec-Fetch-Site: cross-site'];
    for (let i = 0; i < 3; i++) expect((await app.login(`user${i}`, 'wrong', foreign)).status).toBe(403);
    expect((await app.login('ann', RIGHT, foreign)).status).toBe(429);
    expect((await app.get('/')).status).toBe(200);
    expect((await app.login('ann', RIGHT, ['Sec-Fetch-Site: same-origin'])).status).toBe(302);
    for (let i = 0; i < 3; i++) expect((await app.login(`user${i}`, 'wrong')).status).toBe(403);
    // Of everybody at the address, and of whatever they ask for.
    expect((await app.login('ann', RIGHT)).status).toBe(429);
    expect((await app.get('/')).status).toBe(429);
    expect((await app.login('ann', RIGHT, foreign)).status).toBe(429);
  });

  test('by username is one for logins of all sites', async () => {
    const app = await startLimitedApp({ limits: BY_USER, stateDirectory: stateFolder() });
    await app.login('ann', 'wrong');
    for (let i = 0; i < 2; i++) await app.login('ann', 'wrong', ['Sec-Fetch-Site: cross-site']);
    expect((await app.login('ann', RIGHT)).status).toBe(429);
  });

  test('counts what cannot be read', async () => {
    const app = await startLimitedApp({ limits: 'failures', stateDirectory: stateFolder() });
    const odd = ['Content-Encoding: unheard-of'];
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await app.login('ann', 'wrong', odd)).status);
    expect(statuses.slice(0, 5).every((status) => status === 415 || status === 403)).toBe(true);
    expect(statuses.slice(5)).toEqual([429, 429]);
  });
});

describe('with workers', () => {
  test('attempts at once let through exactly the quota, and a ban on everything holds in all, also after a restart', async () => {
    const stateDirectory = stateFolder();
    const limits = '[{ name: all, by: [address], allow: 7, window: 1m, for: 1d, actOn: everything }]';
    const app = await startLimitedApp({ limits, stateDirectory, workers: 2 });
    const answers = await Promise.all(Array.from({ length: 60 }, () => app.login('ann', 'wrong')));
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(7);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(53);
    expect(app.seen).toHaveLength(7);
    // Connections go to either worker.
    const pages = await Promise.all(Array.from({ length: 20 }, () => app.get('/')));
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([429]));
    await app.close();
    const again = await startLimitedApp({ limits, stateDirectory, workers: 2 });
    const later = await Promise.all(Array.from({ length: 20 }, () => again.get('/')));
    expect(new Set(later.map(({ status }) => status))).toEqual(new Set([429]));
    const { bans } = await again.service.state().bans();
    expect(bans).toMatchObject([{ app: 'app.example', limit: 'all', network: '127.0.0.1' }]);
    expect(await again.service.state().lift({ id: bans[0]?.id ?? '' })).toBe(true);
    await expect.poll(async () => (await again.get('/')).status).toBe(200);
    expect((await again.login('ann', RIGHT)).status).toBe(302);
  });

  test('a user is lifted by name', async () => {
    const app = await startLimitedApp({ limits: BY_USER, stateDirectory: stateFolder(), workers: 2 });
    for (let i = 0; i < 5; i++) await app.login('ann', 'wrong');
    expect((await app.login('ann', RIGHT)).status).toBe(429);
    expect(await app.service.state().lift({ app: 'app.example', username: ' ANN' })).toBe(true);
    expect((await app.login('ann', RIGHT)).status).toBe(302);
    expect(await app.service.state().lift({ app: 'app.example', username: 'bob' })).toBe(false);
  });
});
