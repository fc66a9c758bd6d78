// Who may reach an application: the phase in a gateway, from the bytes of a request on.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createToken, revokeToken } from '../../../gateway/identity/tokens/token-folder.ts';
import { echoOf, seen } from '../../support/gateway/gateway.ts';
import { accessWorld } from '../../support/gateway/identity/access-world.ts';

const from = (address: string): string => `X-Forwarded-For: ${address}`;
const OFFICE = `      policies:
        - { name: office, action: bypass, include: [{ address: $office }] }
        - { name: staff, action: allow, include: [{ emailDomain: example.com }], paths: /people }
        - { name: nobody, action: block, include: [{ everyone: true }], paths: [/admin] }
        - { name: ci, action: service, include: [{ serviceToken: deploy }], paths: /deploy }
`;
const LISTS = 'lists: { office: { items: [192.0.2.0/24] }, late: { file: /nonexistent/list } }\n';

describe('an application with policies', () => {
  test('is reached by nobody whom none lets in', async () => {
    const { send, asked, events } = await accessWorld('      policies: []');
    const answer = await send('GET /', 'Accept: application/json');
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'ACCESS_DENIED' });
    expect((await send('POST /login', 'Content-Length: 3', '', 'a=b')).status).toBe(403);
    expect((await send('OPTIONS *')).status).toBe(403);
    expect(asked()).toBe(0);
    expect(events).toContainEqual(expect.objectContaining({ event: 'request-refused', code: 'ACCESS_DENIED' }));
  });

  test('is judged by the address of each request', async () => {
    const { send, asked } = await accessWorld(OFFICE, LISTS);
    expect((await send('GET /', from('192.0.2.9'))).status).toBe(200);
    expect((await send('GET /', from('198.51.100.1'))).status).toBe(403);
    // What a client writes itself is no address.
    expect((await send('GET /', from('192.0.2.9, 198.51.100.1'))).status).toBe(403);
    expect(asked()).toBe(1);
  });

  test('asks for a sign-in where a person could be let in, and lets in nobody until then', async () => {
    const { send, asked } = await accessWorld(OFFICE, LISTS);
    const answer = await send('GET /people/1', from('198.51.100.1'));
    expect(answer.status).toBe(401);
    expect(answer.head).toMatch(/\r\nWWW-Authenticate: Credveil\r\n/);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SIGN_IN_REQUIRED' });
    const forged = ['Credveil-Assertion: x', 'Cookie: __Host-cv-access=x; cv-access=y', 'Authorization: Bearer x'];
    expect((await send('GET /people/1', from('198.51.100.1'), ...forged)).status).toBe(401);
    expect(asked()).toBe(0);
  });

  test.each([
    '/admin',
    '/admin/',
    '/ADMIN/users',
    '/admin.json',
    '/admin.json/',
    '/admin.1/',
    '/index.php/admin',
    '/app_dev.php/admin',
    '//admin',
    '/./admin',
    '/x/../admin',
    '/%61dmin',
    '/%2561dmin',
    '/x/..%2fadmin',
    '/x/%2e%2e/admin',
    '/admin;x=1',
    '/x;/../admin',
    '/admin%2f',
    '/admin%3fx',
    '/x.php/../../admin',
    '/admin%00',
    '/admin%0a',
    '/%c1%a1dmin',
    'http://app.example/admin',
  ])('does not let %s around a block of /admin', async (target) => {
    const policies = OFFICE.replace('$office', '0.0.0.0/0');
    for (const mode of ['', '    path: as-is\n', '    path: normalize\n']) {
      const { send, asked } = await accessWorld(policies + mode, LISTS);
      const { status } = await send(`GET ${target}`);
      expect([308, 400, 403]).toContain(status);
      expect((await send(`POST ${target}`, 'Content-Length: 0')).status).not.toBe(200);
      expect(asked()).toBe(0);
    }
  });

  test.each(['', '    path: as-is\n'])('is not reached by way of another one of its host (%j)', async (mode) => {
    const open = 'policies: [{ name: open, action: bypass, include: [{ everyone: true }] }]';
    const staff = 'policies: [{ name: staff, action: allow, include: [{ emailDomain: example.com }] }]';
    const { send, asked } = await accessWorld(`      ${open}
    sameOriginTrust: true
${mode}  app.example/admin: { to: "http://127.0.0.1:9", sameOriginTrust: true, access: { ${staff} } }
  app.example/public: { to: "http://127.0.0.1:9", sameOriginTrust: true }
`);
    const json = 'Accept: application/json';
    expect((await send('GET /admin', json)).status).toBe(401);
    for (const end of ['.json', '.1/', '%0a', '.', '%20/users']) {
      const answer = await send(`GET /admin${end}`, json);
      expect([answer.status, JSON.parse(answer.body).code], end).toEqual([400, 'PATH_AMBIGUOUS']);
    }
    for (const path of ['/Admin', '/ADMIN/users', '/index.php/admin'])
      expect((await send(`GET ${path}`)).status, path).toBe(400);
    expect(asked()).toBe(0);
    for (const path of ['/Public', '/public.json', '/administer', '/x/admin'])
      expect((await send(`GET ${path}`)).status, path).toBe(200);
  });

  test('opens a path to all only where every reading of it is open', async () => {
    const open = `      policies: [{ name: open, action: bypass, include: [{ everyone: true }], paths: [/public] }]
    path: as-is
`;
    const { send, asked } = await accessWorld(open);
    expect((await send('GET /public/a')).status).toBe(200);
    const tricks = [
      '/public/../x',
      '/public/..%2fx',
      '/public/%2e%2e/x',
      '/public/..;/x',
      '/publicity',
      '/public%2f..%2fx',
    ];
    for (const path of tricks) expect((await send(`GET ${path}`)).status, path).toBe(403);
    expect(asked()).toBe(1);
  });

  test('learns from no client who somebody is, in any spelling', async () => {
    const open = `      policies: [{ name: open, action: bypass, include: [{ everyone: true }] }]
    keep: [X-WebAuth-User]
`;
    const { send } = await accessWorld(open);
    for (const name of [
      'Remote-User',
      'remote_user',
      'REMOTE.USER',
      'Cf-Access-Authenticated-User-Email',
      'x_auth_request_email',
    ]) {
      const answer = await send('GET /', `${name}: admin`, 'X-WebAuth-User: kept', 'X-Other: x');
      expect(answer.status).toBe(200);
      expect(echoOf(answer).rawHeaders).not.toContain('admin');
      expect(seen(echoOf(answer), 'x-webauth-user')).toEqual(['kept']);
      expect(seen(echoOf(answer), 'x-other')).toEqual(['x']);
    }
    expect((await send('GET /', 'Remote-User: a', 'Remote_User: admin')).status).toBe(400);
    const trailers = await send(
      'POST /',
      'Transfer-Encoding: chunked',
      'Trailer: Remote-User, X-Other',
      '',
      '0\r\nRemote-User: admin\r\nremote_user: admin\r\nX-Other: x',
    );
    expect(echoOf(trailers).rawTrailers).toEqual(['X-Other', 'x']);
  });

  test('refuses WebSockets as other requests', async () => {
    const { send, asked } = await accessWorld(OFFICE, LISTS);
    const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'];
    const socket = (path: string, address: string) =>
      send(`GET ${path}`, from(address), ...upgrade, 'Connection: Upgrade');
    expect((await socket('/', '198.51.100.1')).status).toBe(403);
    expect((await socket('/people', '198.51.100.1')).status).toBe(401);
    expect(asked()).toBe(0);
  });

  test('is closed by a list that was never read, whatever it is for', async () => {
    for (const policy of [
      '{ name: a, action: bypass, include: [{ address: $late }] }',
      '{ name: a, action: bypass, include: [{ everyone: true }], require: [{ address: $late }] }',
      '{ name: a, action: bypass, include: [{ everyone: true }], exclude: [{ address: $late }] }',
    ]) {
      const { send } = await accessWorld(`      policies: [${policy}]`, LISTS);
      expect((await send('GET /', from('192.0.2.9'))).status).toBe(403);
    }
    const { send } = await accessWorld(
      `${OFFICE}        - { name: b, action: block, include: [{ address: $late }] }\n`,
      LISTS,
    );
    expect((await send('GET /', from('192.0.2.9'))).status).toBe(403);
  });
});

describe('a service token', () => {
  test('lets a program in where a policy names it, until it is revoked', async () => {
    const { send, folder, asked } = await accessWorld(OFFICE, LISTS);
    const { token, secret } = createToken(folder, 'deploy');
    const other = createToken(folder, 'backup');
    const show = (id: string, text: string) => [`Credveil-Token-Id: ${id}`, `credveil-token-secret: ${text}`];
    const mine = show(token.id, secret);
    await expect.poll(async () => (await send('GET /deploy', ...mine)).status).toBe(200);
    const answer = await send('POST /deploy/x', 'Content-Length: 0', ...mine);
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain(secret);
    expect(echoOf(answer).rawHeaders.join()).not.toMatch(/credveil/i);
    const before = asked();
    for (const wrong of [
      show(token.id, other.secret),
      show(other.token.id, secret),
      show(other.token.id, other.secret),
      show('0'.repeat(18), secret),
      show(token.id, ''),
      [...mine, `Credveil-Token-Secret: ${secret}`],
      [...mine, `Credveil-Token-Id: ${token.id}`],
      [`Credveil-Token-Id: ${token.id}`],
      [`Credveil-Token-Secret: ${secret}`],
    ])
      expect((await send('GET /deploy', ...wrong)).status).toBe(403);
    // Elsewhere nobody named it.
    expect((await send('GET /people', ...mine)).status).toBe(403);
    expect((await send('GET /', ...mine)).status).toBe(403);
    expect(
      (await send('GET /deploy', `Credveil_Token_Id: ${token.id}`, `Credveil_Token_Secret: ${secret}`)).status,
    ).toBe(400);
    expect(asked()).toBe(before);

    expect(revokeToken(folder, token.id)?.name).toBe('deploy');
    await expect.poll(async () => (await send('GET /deploy', ...mine)).status).toBe(403);
  });

  test('ends at its time', async () => {
    const { send, folder } = await accessWorld(OFFICE, LISTS);
    const { token, secret } = createToken(folder, 'deploy', 1);
    const lasting = createToken(folder, 'deploy');
    const show = ({ id }: { id: string }, text: string) => [
      `Credveil-Token-Id: ${id}`,
      `Credveil-Token-Secret: ${text}`,
    ];
    await expect.poll(async () => (await send('GET /deploy', ...show(lasting.token, lasting.secret))).status).toBe(200);
    expect((await send('GET /deploy', ...show(token, secret))).status).toBe(403);
  });

  test('that cannot be read is none', async () => {
    const { send, folder, events } = await accessWorld(OFFICE, LISTS);
    const { token, secret } = createToken(folder, 'deploy');
    const mine = [`Credveil-Token-Id: ${token.id}`, `Credveil-Token-Secret: ${secret}`];
    await expect.poll(async () => (await send('GET /deploy', ...mine)).status).toBe(200);
    fs.renameSync(folder, `${folder}.old`);
    fs.writeFileSync(folder, 'no folder');
    await expect.poll(async () => (await send('GET /deploy', ...mine)).status).toBe(403);
    expect(events.filter(({ event }) => event === 'service-tokens-failed')).toHaveLength(1);
    fs.rmSync(folder);
    fs.renameSync(`${folder}.old`, folder);
    await expect.poll(async () => (await send('GET /deploy', ...mine)).status).toBe(200);
    fs.writeFileSync(path.join(folder, `${token.id}.json`), '{}');
    fs.writeFileSync(path.join(folder, 'x'), '');
    await expect.poll(async () => (await send('GET /deploy', ...mine)).status).toBe(403);
  });

  test('is on disk for its user alone, and without its secret', async () => {
    const { folder } = await accessWorld(OFFICE, LISTS);
    const { token, secret } = createToken(folder, 'deploy');
    const file = path.join(folder, `${token.id}.json`);
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.readFileSync(file, 'utf8')).not.toContain(secret);
  });
});

test('decisions are counted by application, verdict and policy', async () => {
  const { send, gateway } = await accessWorld(OFFICE, LISTS);
  await send('GET /', from('192.0.2.9'));
  await send('GET /admin', from('192.0.2.9'));
  await send('GET /people', from('198.51.100.1'));
  const metric = (await gateway.metrics()).find(({ name }) => name === 'credveil_gateway_access_total');
  const labels = { app: 'app.example' };
  expect(JSON.stringify(metric)).toContain(JSON.stringify({ ...labels, verdict: 'bypass', policy: 'office' }));
  expect(JSON.stringify(metric)).toContain(JSON.stringify({ ...labels, verdict: 'denied', policy: 'nobody' }));
  expect(JSON.stringify(metric)).toContain(JSON.stringify({ ...labels, verdict: 'sign-in', policy: '' }));
});
