// Headers from which an application takes a name and a password, though they are no plain
// `Authorization: Basic`: with a leaked one, nothing reaches it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { startOrigin } from '../../support/gateway/gateway.ts';
import { startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const ANYWHERE = `
        - name: basic
          when: 'starts_with(http.request.uri.path, "/")'
          username: credveil.basic.username
          password: credveil.basic.password`;

let leaks: LeakService;
const users: { [name: string]: string } = { alice: password, mallory: 'n3ver-leaked-anywhere' };

beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

const pairIn = (encoded = ''): string[] => Buffer.from(encoded, 'base64').toString().split(':');
const pair = (user: string): string => Buffer.from(`${user}:${users[user]}`).toString('base64');

/** As copied snippets read credentials, and as Symfony does. */
async function startWorld() {
  const seen: string[] = [];
  const { url, server } = await startOrigin(({ headers }, response) => {
    const value = (headers.authorization ?? headers.xauthorization ?? headers.authentication ?? '') as string;
    const ways = [/Basic\s+(.*)$/i.exec(value)?.[1], value.slice(6), value.split(' ')[1]].map(pairIn);
    const named = [headers['php-auth-user'], headers['php-auth-pw']] as string[];
    const [user = 'nobody'] =
      [...ways, named].find(([name = '', given]) => given !== undefined && users[name] === given) ?? [];
    seen.push(user);
    response.end(user);
  });
  const app = { url, server, seen: [], signedIn: () => [] };
  const world = await startHoldWorld({ users, leaks, app, locations: ANYWHERE });
  const ask = async (headers: { readonly [name: string]: string }) => {
    seen.length = 0;
    const answer = await world.get('/page', '', headers);
    return [statusOf(answer), ...seen];
  };
  return ask;
}

test('a leaked password does not reach the application behind any scheme, or in another header', async () => {
  const ask = await startWorld();
  for (const value of [`Foo Basic ${pair('alice')}`, `Bearer ${pair('alice')}`, `Token ${pair('alice')}`])
    expect(await ask({ Authorization: value }), value).toEqual([401]);
  for (const name of ['XAuthorization', 'Authentication'])
    expect(await ask({ [name]: `Basic ${pair('alice')}` }), name).toEqual([401]);
  const php = await ask({ 'PHP-Auth-User': 'alice', 'PHP-Auth-Pw': password });
  expect(php).toEqual([200, 'nobody']);
  expect(await ask({ PHP_AUTH_USER: 'alice', PHP_AUTH_PW: password })).toEqual([400]);
});

test('a password that has not leaked reaches it, and so do tokens', async () => {
  const ask = await startWorld();
  expect(await ask({ Authorization: `Bearer ${pair('mallory')}` })).toEqual([200, 'mallory']);
  expect(await ask({ XAuthorization: `Basic ${pair('mallory')}` })).toEqual([200, 'mallory']);
  for (const token of ['eyJhbGciOiJIUzI1NiJ9.eyJuYW1lIjoiQTogQiJ9.c2ln', '0b79bab50daca910b000d4f1a2b675d6'])
    expect(await ask({ Authorization: `Bearer ${token}` })).toEqual([200, 'nobody']);
});
