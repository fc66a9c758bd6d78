// The page of sessions: a person sees and ends their own, by forms of the page that they see.

import { describe, expect, test } from 'vitest';
import { type Entered, launcherWorld, tokenIn } from '../../support/gateway/identity/launcher-world.ts';
import { personOf } from '../../support/gateway/identity/people.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const OWN = 'http://auth.example';
const APPS = `  wiki.example: { to: "http://127.0.0.1:1", access: { policies: [{ name: all, action: allow, include: [{ everyone: true }] }] } }\n`;
const ANN = personOf('ann');

async function world() {
  const { enter, store } = await launcherWorld(APPS);
  const [here, phone, ben] = [
    await enter(ANN, 'Firefox on Linux'),
    await enter(ANN, 'Chrome on Android'),
    await enter(personOf('ben'), 'Safari on iPhone'),
  ];
  const page = () => here.browser.get(`${OWN}/sessions`);
  const isIn = async ({ id }: Entered) => (await store.readPerson(id)) !== undefined;
  return { enter, store, here, phone, ben, page, isIn };
}

describe('a person', () => {
  test('sees their own sessions, with what was opened in each', async () => {
    const { here, phone, ben, page } = await world();
    await phone.open('wiki.example');
    await phone.open('wiki.example');
    await here.open('other.example');
    const { text } = await page();
    expect(text).toMatch(/Firefox on Linux <span class="badge">This browser<\/span>[\s\S]*Chrome on Android<\/h2>/);
    expect([...text.matchAll(/wiki\.example/g)]).toHaveLength(1);
    expect(text).toContain('other.example');
    expect(text).not.toMatch(/Safari|ben@/);
    expect(text).not.toContain(ben.id);
  });

  test('ends one of them, and is told', async () => {
    const { here, phone, page, isIn } = await world();
    const ended = await here.post('/sessions/end', { token: tokenIn(await page()), session: phone.id });
    expect(ended.code).toBe(303);
    expect(valuesOf(ended, 'location')).toEqual(['/sessions?done=ended']);
    expect((await here.browser.open(`${OWN}/sessions?done=ended`)).text).toMatch(
      /role="status">The session has ended\.</,
    );
    expect([await isIn(here), await isIn(phone)]).toEqual([true, false]);
    expect((await here.browser.get(`${OWN}/sessions?done=__proto__`)).text).not.toContain('role="status"');
  });

  test('ends all others, or all', async () => {
    const { enter, here, phone, ben, page, isIn } = await world();
    await here.post('/sessions/end-all', { token: tokenIn(await page()), keep: 'this' });
    expect([await isIn(here), await isIn(phone), await isIn(ben)]).toEqual([true, false, true]);
    const again = await enter(ANN);
    const out = await here.post('/sessions/end-all', { token: tokenIn(await page()) });
    expect(out.text).toContain('Signed out');
    expect(valuesOf(out, 'set-cookie').join()).toContain('Max-Age=0');
    expect([await isIn(here), await isIn(again), await isIn(ben)]).toEqual([false, false, true]);
  });

  test('signs out by ending the session of their own browser', async () => {
    const { here, phone, page, isIn } = await world();
    const out = await here.post('/sessions/end', { token: tokenIn(await page()), session: here.id });
    expect(out.text).toContain('Signed out');
    expect([await isIn(here), await isIn(phone)]).toEqual([false, true]);
    expect((await page()).text).toContain('<h1>Sign in</h1>');
  });
});

describe('nobody else', () => {
  test('ends a session of theirs: by its id, another token, another site, or without one', async () => {
    const { here, phone, ben, page, isIn } = await world();
    const [mine, bens] = [tokenIn(await page()), tokenIn(await ben.browser.get(`${OWN}/sessions`))];
    expect(mine).not.toBe(bens);
    // Of somebody else: as one that is over.
    const foreign = await ben.post('/sessions/end', { token: bens, session: phone.id });
    expect(valuesOf(foreign, 'location')).toEqual(['/sessions?done=gone']);
    const others = ['', bens, tokenIn(await phone.browser.get(`${OWN}/sessions`)), `${mine}x`, mine.slice(1)];
    for (const path of ['/sessions/end', '/sessions/end-all'])
      for (const token of others) expect((await here.post(path, { token, session: phone.id })).code, token).toBe(403);
    for (const path of ['/sessions/end', '/sessions/end-all', '/sign-out'])
      for (const headers of [
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site', Origin: 'http://wiki.example' },
        { 'Sec-Fetch-Site': 'none' },
        { 'Sec-Fetch-Dest': 'iframe' },
        { 'Sec-Fetch-Dest': 'empty' },
        { 'Content-Type': 'text/plain' },
        { 'Content-Type': 'application/json' },
      ])
        expect((await here.post(path, { token: mine, session: phone.id }, headers)).code).toBeGreaterThanOrEqual(400);
    for (const path of ['/sessions/end', '/sessions/end-all'])
      expect((await here.browser.get(`${OWN}${path}?token=${mine}&session=${phone.id}`)).code).toBe(405);
    expect([await isIn(here), await isIn(phone), await isIn(ben)]).toEqual([true, true, true]);
  });

  test('learns what somebody else has: without a session there is a way to sign in', async () => {
    const { enter, store, here } = await world();
    const stranger = await enter(ANN);
    await store.endPerson(stranger.id);
    expect((await stranger.post('/sessions/end', { session: here.id })).code).toBe(401);
    expect((await stranger.browser.get(`${OWN}/sessions`)).text).not.toMatch(/Firefox|ann@/);
  });
});
