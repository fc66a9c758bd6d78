// Every route of the gateway's own host that changes something: what another site sends, or whoever
// has no token of the session, changes nothing. A route that is added later is tried as well.

import { expect, test } from 'vitest';
import { OWN_ROUTES } from '../../../gateway/identity/routes/own-pages.ts';
import { launcherWorld } from '../../support/gateway/identity/launcher-world.ts';
import { personOf } from '../../support/gateway/identity/people.ts';

const APPS = '  a.example: { to: "http://127.0.0.1:1" }\n';
const POSTS = OWN_ROUTES.filter(([, method]) => method !== 'GET').map(([path]) => path);
/**
 * Who signs in or confirms a login has no session yet: these take a sealed way, or a cookie of
 * their own. JSON has its token in a header, and whoever asks for a challenge names it first: tests
 * of factors try those.
 */
const HAS_OWN_PROOF = /^\/(?:pin|hold|api)\//;

test.each(POSTS)('%s', async (path) => {
  const { enter, store, state } = await launcherWorld(APPS);
  const ann = await enter(personOf('ann'));
  const other = await enter(personOf('ann'), 'Chrome on Android');
  const before = JSON.stringify(state.list('session', '', 100));
  const fields = { session: other.id, keep: 'this', factor: 'A'.repeat(16), name: 'x', method: 'totp', to: 'x' };
  const json = { 'Content-Type': 'application/json', Accept: 'application/json', 'Sec-Fetch-Mode': 'cors' };
  const send = async (headers: object, token?: string): Promise<number> =>
    (await ann.post(path, { ...fields, ...(token !== undefined && { token }) }, headers)).code;
  for (const site of ['cross-site', 'same-site', 'none']) {
    expect(await send({ 'Sec-Fetch-Site': site }), site).toBe(403);
    expect(await send({ ...json, 'Sec-Fetch-Site': site }), site).toBe(403);
  }
  // An old browser, which says where a form comes from by its Origin alone.
  const { 'Content-Type': type } = json;
  for (const contentType of [type, 'application/x-www-form-urlencoded']) {
    const headers = { Origin: 'http://evil.example', 'Content-Type': contentType };
    const page = await ann.browser.send(`http://auth.example${path}`, {
      method: 'POST',
      path: '',
      headers,
      body: 'a=b',
    });
    expect(page.code, contentType).toBe(403);
  }
  if (!HAS_OWN_PROOF.test(path))
    for (const token of [undefined, '', 'A'.repeat(43)]) expect(await send({}, token)).toBe(403);
  expect(JSON.stringify(state.list('session', '', 100))).toBe(before);
  expect(await store.readPerson(ann.id)).toBeDefined();
  expect(await store.readPerson(other.id)).toBeDefined();
});

test('they are all that change something', () => {
  expect(POSTS.length).toBeGreaterThan(18);
  expect(new Set(OWN_ROUTES.map(([, method]) => method))).toEqual(new Set(['GET', 'POST']));
});
