// What an application is told of who was let in, from the bytes of a request to those that it gets.

import { createRemoteJWKSet, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';
import { createToken } from '../../../gateway/identity/tokens/token-folder.ts';
import { echoOf, exchange, seen } from '../../support/gateway/gateway.ts';
import { accessWorld } from '../../support/gateway/identity/access-world.ts';
import { createMemoryState } from '../../support/gateway/memory-state.ts';

const SERVICE = `      policies:
        - { name: ci, action: service, include: [{ serviceToken: deploy }] }
        - { name: open, action: bypass, include: [{ everyone: true }], paths: /public }
`;
const TOLD = '      headers: { Remote-User: serviceToken, X-Forwarded-User: serviceToken, X-Mail: email }\n';

async function world(access = SERVICE, more = 'auth: localhost\n') {
  const state = createMemoryState();
  const made = { ...(await accessWorld(access, more, state)), state };
  const { token, secret } = createToken(made.folder, 'deploy');
  const mine = [`Credveil-Token-Id: ${token.id}`, `Credveil-Token-Secret: ${secret}`];
  await expect.poll(async () => (await made.send('GET /', ...mine)).status).toBe(200);
  const jwks = createRemoteJWKSet(new URL(`http://localhost:${made.port}/.well-known/jwks.json`));
  const verify = async (token = '') =>
    (await jwtVerify(token, jwks, { issuer: 'https://localhost', audience: 'app.example', algorithms: ['ES256'] }))
      .payload;
  return { ...made, mine, verify };
}

describe('an application', () => {
  test('verifies with published keys who was let in', async () => {
    const { send, mine, verify } = await world();
    const [assertion, ...others] = seen(echoOf(await send('GET /', ...mine)), 'credveil-assertion');
    expect(others).toEqual([]);
    expect(await verify(assertion)).toMatchObject({ common_name: 'deploy', sub: '' });
    // Another instance, or a file of old ones, does not help.
    const forged = await send('GET /', ...mine, `Credveil-Assertion: ${assertion}`, 'Cf-Access-Jwt-Assertion: x');
    expect(seen(echoOf(forged), 'credveil-assertion')).toEqual([assertion]);
    expect(seen(echoOf(forged), 'cf-access-jwt-assertion')).toEqual([]);
    expect((await send('GET /', ...mine, 'credveil_assertion: x')).status).toBe(400);
  });

  test('hears nothing of somebody whom nobody knows', async () => {
    const { send } = await world(`${SERVICE}${TOLD}`);
    for (const name of ['Remote-User', 'remote_user', 'X-Forwarded-User', 'X-Mail', 'x_mail', 'Credveil-Assertion']) {
      const { rawHeaders } = echoOf(await send('GET /public/a', `${name}: admin`));
      expect(rawHeaders.join('\n')).not.toMatch(/admin|assertion/i);
    }
  });

  test('reads headers by its mapping, and the alias where configured', async () => {
    const { send, mine, verify } = await world(`${SERVICE}${TOLD}      assertionAlias: true\n`);
    const echoed = echoOf(
      await send('GET /', ...mine, 'Remote-User: admin', 'X-Forwarded-User: admin', 'X-Mail: a@b.c'),
    );
    expect(seen(echoed, 'remote-user')).toEqual(['deploy']);
    expect(seen(echoed, 'x-forwarded-user')).toEqual(['deploy']);
    expect(seen(echoed, 'x-mail')).toEqual([]);
    const [alias] = seen(echoed, 'cf-access-jwt-assertion');
    expect(alias).toBe(seen(echoed, 'credveil-assertion')[0]);
    expect(await verify(alias)).toMatchObject({ common_name: 'deploy' });
  });

  test('gets no name of Basic beside those of its headers, unless it keeps Authorization', async () => {
    const basic = `Authorization: Basic ${Buffer.from('admin:').toString('base64')}`;
    const said = async ({ send, mine }: Awaited<ReturnType<typeof world>>, line: string, header: string) => [
      ...seen(echoOf(await send(line, ...mine, header)), 'authorization'),
      ...seen(echoOf(await send(line.replace('/', '/public/a'), header)), 'authorization'),
    ];
    const told = await world(`${SERVICE}${TOLD}`);
    for (const line of ['GET /', 'POST /']) {
      expect(await said(told, line, basic)).toEqual([]);
      expect(await said(told, line, 'Authorization: Bearer x')).toEqual(['Bearer x', 'Bearer x']);
    }
    expect(await said(await world(), 'GET /', basic)).toHaveLength(2);
    const kept = await world(`${SERVICE}${TOLD}    keep: [Authorization]\n`);
    expect(await said(kept, 'GET /', basic)).toHaveLength(2);
  });

  test('is told of WebSockets and bodies as of other requests', async () => {
    const { send, mine, verify } = await world();
    const echoed = echoOf(await send('POST /', ...mine, 'Content-Length: 0'));
    expect(await verify(seen(echoed, 'credveil-assertion')[0])).toMatchObject({ common_name: 'deploy' });
  });

  test('gets no request of somebody whom it could not be told of, and no assertion without an issuer', async () => {
    const state = createMemoryState();
    const lost = await accessWorld(SERVICE, 'auth: localhost\n', state);
    const { token, secret } = createToken(lost.folder, 'deploy');
    const shown = [`Credveil-Token-Id: ${token.id}`, `Credveil-Token-Secret: ${secret}`];
    state.leave();
    await expect.poll(async () => (await lost.send('GET /', ...shown)).status).toBe(503);
    expect(lost.asked()).toBe(0);
    const withoutOrigin = await world(SERVICE, '');
    const echoed = echoOf(await withoutOrigin.send('GET /', ...withoutOrigin.mine));
    expect(seen(echoed, 'credveil-assertion')).toEqual([]);
  });
});

describe('the published keys', () => {
  test('are at the host of the gateway alone', async () => {
    const { port, state } = await world();
    const get = (host: string, line = 'GET /.well-known/jwks.json') =>
      exchange(port, `${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const answer = await get('localhost');
    expect(answer.status).toBe(200);
    expect(answer.head).toMatch(/\r\nCache-Control: public, max-age=3600/);
    expect(answer.head).toMatch(/\r\nContent-Type: application\/jwk-set\+json/);
    const { keys } = JSON.parse(answer.body) as { keys: object[] };
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect((await get('app.example')).status).toBe(403);
    expect((await get('localhost', 'POST /.well-known/jwks.json')).status).toBe(405);
    expect((await get('localhost', 'GET /')).status).toBe(404);
    // What this process has read is what it signs with.
    state.leave();
    expect((await get('localhost')).status).toBe(200);
  });
});

test.each([
  ['keep: [X-Mail], access: { headers: { X-Mail: email }, policies: [] }', /in keep too/],
  ['keep: [X-Desk], access: { headers: { X-Desk: email }, policies: [] }', /of a reserved header/],
  ['keep: [Remote-User], access: { headers: { remote-user: email }, policies: [] }', /in keep too/],
  ['keep: [Cf-Access-Jwt-Assertion], access: { assertionAlias: true, policies: [] }', /in keep too/],
  ['access: { headers: { X-A: email, x-a: subject }, policies: [] }', /another spelling/],
  ['access: { headers: { X-A: mail }, policies: [] }', /must be email, subject/],
  ['access: { headers: { Authorization: email }, policies: [] }', /must be a header name/],
  ['access: { headers: { X-Forwarded-For: email }, policies: [] }', /must be a header name/],
  ['access: { headers: { Credveil-User: email }, policies: [] }', /must be a header name/],
  [
    'access: { headers: { X-A: email }, policies: [] }, rules: [{ when: ssl, do: { setHeader: { X_A: x } } }]',
    /letters, digits and hyphens/,
  ],
  [
    'access: { headers: { X-A: email }, policies: [] }, rules: [{ when: ssl, do: { setHeader: { x-a: x } } }]',
    /set by a rule too/,
  ],
  ['access: { policies: [{ name: a, action: allow, include: [{ address: $offise }] }] }', /names no list/],
  ['access: { policies: [{ name: a, action: allow, include: [{ address: $words }] }] }', /has no addresses/],
])('a configuration with %s is refused', (keys, message) => {
  const lists = 'lists: { office: { items: [192.0.2.0/24] }, words: { kind: string, items: [a] } }';
  const { faults } = parseConfig(`listen: ":1"\n${lists}\napps:\n  a.example: { to: "http://h", ${keys} }`);
  expect(faults.map((fault) => fault.message).join()).toMatch(message);
  expect(faults.every(({ line }) => line === 4)).toBe(true);
});
