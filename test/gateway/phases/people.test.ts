// People behind policies: who has signed in is judged on each request, and the application is told.

import { once } from 'node:events';
import net from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { echoOf, exchange, seen } from '../../support/gateway/gateway.ts';
import { peopleWorld } from '../../support/gateway/identity/access-world.ts';
import { personOf } from '../../support/gateway/identity/people.ts';

const POLICIES = `      policies:
        - { name: staff, action: allow, include: [{ emailDomain: example.com }], exclude: [{ address: 203.0.113.0/24 }] }
        - { name: finance, action: allow, include: [{ group: finance }], paths: /finance }
        - { name: open, action: bypass, include: [{ everyone: true }], paths: /public }
        - { name: gone, action: block, include: [{ email: bob@example.com }] }
`;
const HEADERS = '      headers: { Remote-User: email, Remote-Groups: groups }\n';
const ANN = personOf('ann', { groups: ['all', 'finance,admin'] });
const PAGE = 'Accept: text/html';
const from = (address: string) => `X-Forwarded-For: ${address}`;
const OFFICE = from('192.0.2.7');

describe('somebody who has signed in', () => {
  test('is let in by policies about people, and the application verifies who it is', async () => {
    const { send, enter, port } = await peopleWorld(POLICIES + HEADERS);
    const { headers } = await enter(ANN);
    const echoed = echoOf(await send('GET /', OFFICE, ...headers));
    expect(seen(echoed, 'remote-user')).toEqual(['ann@example.com']);
    // A group with a comma would be two.
    expect(seen(echoed, 'remote-groups')).toEqual(['all']);
    expect(seen(echoed, 'cookie')).toEqual(['other=1']);
    const keys = createRemoteJWKSet(new URL(`http://localhost:${port}/.well-known/jwks.json`));
    const [token = ''] = seen(echoed, 'credveil-assertion');
    const { payload } = await jwtVerify(token, keys, { issuer: 'https://localhost', audience: 'app.example' });
    expect(payload).toMatchObject({ sub: 'staff:subject of ann', email: 'ann@example.com', groups: ANN.groups });
    expect((await send('GET /finance', OFFICE, ...headers)).status).toBe(403);
    const { headers: ofFinance } = await enter(personOf('cy', { email: 'cy@example.org', groups: ['finance'] }));
    expect((await send('GET /finance', OFFICE, ...ofFinance)).status).toBe(200);
    expect((await send('GET /', OFFICE, ...ofFinance)).status).toBe(403);
  });

  test('is judged anew with each request: by its address, and by what has ended', async () => {
    const { send, enter, store, asked } = await peopleWorld(POLICIES);
    const { headers, id } = await enter(ANN);
    expect((await send('GET /', OFFICE, ...headers)).status).toBe(200);
    expect((await send('GET /', from('203.0.113.9'), ...headers)).status).toBe(403);
    expect((await send('GET /', OFFICE, ...headers)).status).toBe(200);
    const upgrade = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
    const socket = () => send('GET /', OFFICE, ...headers, ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
    expect((await socket()).status).toBe(101);
    const before = asked();
    await store.endPerson(id);
    expect((await socket()).status).toBe(401);
    expect((await send('GET /', OFFICE, ...headers)).status).toBe(401);
    expect((await send('POST /login', OFFICE, ...headers, 'Content-Length: 0')).status).toBe(401);
    expect(asked()).toBe(before);
  });

  test('opens WebSockets from pages of the application, and from those that it names', async () => {
    const cors = '      cors: { origins: ["https://friend.example:8443"] }\n';
    const { send, enter, asked } = await peopleWorld(POLICIES + cors);
    const { headers } = await enter(ANN);
    const upgrade = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
    const open = async (...more: string[]) =>
      (await send('GET /', OFFICE, ...headers, ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...more))
        .status;
    for (const origin of ['https://app.example', 'https://app.example:8443', 'https://friend.example:8443'])
      expect(await open(`Origin: ${origin}`), origin).toBe(101);
    // A program of the person names none.
    expect(await open()).toBe(101);
    const before = asked();
    for (const origin of ['https://evil.example', 'https://x.app.example', 'null', 'https://friend.example', 'x'])
      expect(await open(`Origin: ${origin}`), origin).toBe(403);
    expect(asked()).toBe(before);
  });

  test('is blocked by name also where everybody may', async () => {
    const { send, enter } = await peopleWorld(POLICIES);
    const { headers } = await enter(personOf('bob'));
    expect((await send('GET /public/a', OFFICE, ...headers)).status).toBe(403);
    expect((await send('GET /', OFFICE, ...headers)).status).toBe(403);
  });

  test('is nobody at another host, in two cookies, and without TLS', async () => {
    const { send, enter, port, asked } = await peopleWorld(POLICIES);
    const { headers } = await enter(ANN, 'other.example');
    expect((await send('GET /', OFFICE, ...headers)).status).toBe(401);
    const [, cookie = ''] = (await enter(ANN)).headers;
    const pair = /__Host-cv-access=\S+/.exec(cookie)?.[0] ?? '';
    const https = 'X-Forwarded-Proto: https';
    for (const wrong of [
      [`Cookie: ${pair}; ${pair.slice(0, -3)}abc`, https],
      [`Cookie: ${pair.replace('__Host-', '')}`, https],
      [`Cookie: ${pair}`, 'X-Forwarded-Proto: http'],
      [`Cookie: ${pair.replace('=', '="')}"`, https],
      [`Authorization: Bearer ${pair.split('=')[1]}`, https],
      [`Credveil-Assertion: ${pair.split('=')[1]}`, https],
    ])
      expect((await send('GET /', OFFICE, ...wrong)).status, wrong.join()).toBe(401);
    // Who is named by Host is who is asked for: there is no other name under plain HTTP.
    const foreign = await exchange(port, `GET http://app.example/ HTTP/1.1\r\nHost: localhost\r\n${OFFICE}\r\n\r\n`);
    expect(foreign.status).toBe(400);
    expect(asked()).toBe(0);
  });
});

describe('what somebody has open', () => {
  const UPGRADE = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];

  /** @returns what has come so far, and a promise of its end */
  async function open(port: number, ...headers: readonly string[]) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
    });
    const ended = once(socket, 'close');
    socket.write(['GET /lasting HTTP/1.1', 'Host: app.example', OFFICE, ...headers, '', ''].join('\r\n'));
    await expect.poll(() => text).toMatch(/\r\n\r\n/);
    return { socket, ended, text: () => text };
  }

  test('ends with their session, and nothing else does', async () => {
    const { enter, store, port } = await peopleWorld(POLICIES);
    const [ann, cy] = [await enter(ANN), await enter(personOf('cy'))];
    const mine = [...UPGRADE, 'Connection: Upgrade'];
    const [webSocket, stream, other] = [
      await open(port, ...ann.headers, ...mine),
      await open(port, ...ann.headers),
      await open(port, ...cy.headers, ...mine),
    ];
    expect(webSocket.text()).toMatch(/^HTTP\/1.1 101 /);
    expect(stream.text()).toMatch(/^HTTP\/1.1 200 /);
    await store.endPerson(ann.id);
    await Promise.all([webSocket.ended, stream.ended]);
    other.socket.write('still there');
    await expect.poll(() => other.text()).toContain('still there');
  });

  test('ends with a configuration that lets nobody in any more', async () => {
    const { enter, port, gateway, config } = await peopleWorld(POLICIES);
    const { headers } = await enter(ANN);
    const { ended } = await open(port, ...headers, ...UPGRADE, 'Connection: Upgrade');
    await gateway.reload(config('      policies: []\n'));
    await ended;
  });
});

describe('somebody who has not signed in', () => {
  test('is led to the pages where people do, and a program is told of them', async () => {
    const { send, asked } = await peopleWorld(POLICIES);
    const page = await send('GET /', OFFICE, PAGE, 'X-Forwarded-Proto: https');
    expect(page.status).toBe(303);
    expect(page.head).toMatch(/\r\nlocation: https:\/\/localhost\/sign-in\?to=/i);
    const program = await send('GET /', OFFICE, 'Accept: application/json', 'X-Forwarded-Proto: https');
    expect(program.status).toBe(401);
    expect((await send('GET /', from('203.0.113.9'), PAGE)).status).toBe(403);
    expect(asked()).toBe(0);
  });

  test('runs no script of the application by asking what is allowed', async () => {
    const ask = (origin: string, method = 'PUT') => [
      `Origin: ${origin}`,
      `Access-Control-Request-Method: ${method}`,
      'X-Forwarded-Proto: https',
      OFFICE,
    ];
    const closed = await peopleWorld(POLICIES);
    expect((await closed.send('OPTIONS /index.php?do=delete', ...ask('https://spa.example'))).status).toBe(401);
    expect(closed.asked()).toBe(0);

    const { send, asked, enter } = await peopleWorld(`${POLICIES}      cors: { origins: [https://spa.example] }\n`);
    const answer = await send('OPTIONS /index.php?do=delete', ...ask('https://spa.example'));
    expect(answer.status).toBe(204);
    expect(answer.head).toMatch(/\r\naccess-control-allow-origin: https:\/\/spa\.example\r\n/i);
    expect(answer.head).toMatch(/\r\naccess-control-allow-methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n/i);
    expect((await send('OPTIONS /', ...ask('https://evil.example'))).status).toBe(401);
    expect((await send('GET /', ...ask('https://spa.example'))).status).toBe(401);
    expect((await send('OPTIONS /', 'Origin: https://spa.example', OFFICE)).status).toBe(401);
    expect((await send('OPTIONS /', ...ask('https://spa.example'), 'Content-Length: 3', '', 'abc')).status).toBe(401);
    expect(asked()).toBe(0);
    const { headers } = await enter(ANN);
    expect((await send('OPTIONS /', OFFICE, ...headers)).status).toBe(200);
  });
});
