// Logins through a gateway: what reaches the application, what does not, and what is told of it.

import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { echo, echoOf, exchange, parseAnswer, seen, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { askHttp2, connectHttp2, echoOfHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';

const HEAD = 'POST /wp-login.php HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/x-www-form-urlencoded\r\n';
const login = (body: string, more = ''): string => `${HEAD}${more}Content-Length: ${body.length}\r\n\r\n${body}`;

/** @param app lines of the application */
async function withLogin(app = 'login: wordpress', more = '') {
  let requests = 0;
  const { url } = await startOrigin((request, response) => {
    requests++;
    echo(request, response);
  });
  const served = await serve(`listen: 127.0.0.1:0\n${more}apps:\n  app.example:\n    to: ${url}\n    ${app}\n`);
  return { ...served, requests: () => requests };
}

describe('a login', () => {
  test('reaches the application byte for byte, which is asked for no coding', async () => {
    const { port } = await withLogin();
    const body = 'log=bob&pwd=%73%20x+y&x';
    const echoed = echoOf(await exchange(port, login(body, 'Accept-Encoding: gzip\r\n')));
    expect(echoed).toMatchObject({ method: 'POST', url: '/wp-login.php', body });
    expect(seen(echoed, 'accept-encoding')).toEqual(['identity']);
    expect(seen(echoed, 'content-length')).toEqual([String(body.length)]);
    const other = await exchange(
      port,
      'GET /wp-login.php HTTP/1.1\r\nHost: app.example\r\nAccept-Encoding: gzip\r\n\r\n',
    );
    expect(seen(echoOf(other), 'accept-encoding')).toEqual(['gzip']);
  });

  test('gets a length if it comes in chunks', async () => {
    const { port } = await withLogin();
    const chunks = '7\r\nlog=bob\r\n6\r\n&pwd=s\r\n0\r\n\r\n';
    const echoed = echoOf(await exchange(port, `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunks}`));
    expect(echoed.body).toBe('log=bob&pwd=s');
    expect(seen(echoed, 'content-length')).toEqual(['13']);
    expect(seen(echoed, 'transfer-encoding')).toEqual([]);
  });

  test('is asked for by 100 Continue', async () => {
    const { port } = await withLogin();
    const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
    socket.write(`${HEAD}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 13\r\n\r\n`);
    const [first] = await once(socket, 'data');
    expect(first).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('log=bob&pwd=s');
    const [answer] = await once(socket, 'data');
    expect(echoOf(parseAnswer(answer as string)).body).toBe('log=bob&pwd=s');
  });

  test('is refused before it is sent if it says that it is too large', async () => {
    const { port, requests } = await withLogin();
    const answer = await exchange(port, `${HEAD}Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n`);
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'LOGIN_TOO_LARGE' });
    expect(requests()).toBe(0);
  });

  test('is refused if it turns out to be too large', async () => {
    const { port, requests } = await withLogin();
    const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`;
    const answer = await exchange(port, `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`);
    expect(answer.status).toBe(413);
    expect(requests()).toBe(0);
  });

  test('keeps its connection if it is answered after its body was read', async () => {
    const { port } = await withLogin();
    const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
    for (const next of ['', 'again']) {
      socket.write(login(`log=bob&pwd=sesame&pwd=xyzzy${next}`));
      const [answer] = await once(socket, 'data');
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).not.toMatch(/^connection: close/im);
    }
    socket.destroy();
  });

  test('is refused with an event that names the reason and no value', async () => {
    const { port, events, requests } = await withLogin();
    const answer = await exchange(port, login('log=bob-q&pwd=sesame-q&pwd=xyzzy-q'));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'LOGIN_UNREADABLE' });
    expect(requests()).toBe(0);
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'login-unreadable', login: 'wp-login', why: 'a field stands twice' }),
    );
    expect(JSON.stringify(events) + answer.body).not.toMatch(/-q/);
  });

  test('whose client leaves in the middle never reaches the application', async () => {
    const { port, requests, gateway } = await withLogin();
    const socket = net.connect(port, '127.0.0.1');
    socket.end(`${HEAD}Content-Length: 100\r\n\r\nlog=bob`);
    await once(socket.resume(), 'close');
    expect((await exchange(port, login('log=bob&pwd=s'))).status).toBe(200);
    expect(requests()).toBe(1);
    expect(JSON.stringify(await gateway.metrics())).toContain('CLIENT_GONE');
  });

  test('that comes too slowly is cut off', async () => {
    const { port, requests } = await withLogin(
      'login: wordpress',
      'limits: { bodyRateMs: 50, minBodyBytesPerSecond: 1000 }\n',
    );
    const socket = net.connect(port, '127.0.0.1');
    socket.write(`${HEAD}Content-Length: 100\r\n\r\nlog=bob`);
    await once(socket.resume(), 'close');
    expect(requests()).toBe(0);
  });
});

describe('a login by HTTP/2', () => {
  const POST = { ':authority': 'public.example', ':method': 'POST', ':path': '/wp-login.php' };
  const FORM = { ...POST, 'content-type': 'application/x-www-form-urlencoded' };
  const connect = async () => {
    const { url } = await startOrigin(echo);
    const hosts = hostsInFrontOf(url).replace(`{ to: "${url}"`, `{ login: wordpress, to: "${url}"`);
    expect(hosts).toContain('login: wordpress');
    return connectHttp2({ port: (await serve(hosts)).port, servername: 'public.example' });
  };

  test('reaches the application with its length, or is refused', async () => {
    const session = await connect();
    const echoed = echoOfHttp2(await askHttp2(session, FORM, 'log=bob&pwd=s'));
    expect(echoed.body).toBe('log=bob&pwd=s');
    expect(seen(echoed, 'content-length')).toEqual(['13']);
    expect((await askHttp2(session, FORM, 'log=bob&pwd=s&pwd=t')).status).toBe(400);
    expect((await askHttp2(session, FORM, 'a'.repeat(70_000))).status).toBe(413);
    expect((await askHttp2(session, { ...FORM, 'content-encoding': 'zstd' }, 'a')).status).toBe(415);
    expect(echoOfHttp2(await askHttp2(session, FORM, 'a=b')).body).toBe('a=b');
  });
});

test('bodies of logins have a bound together, and those without a body pass beyond it', async () => {
  const { port, gateway } = await withLogin('login: wordpress', `limits: { maxBufferedBytes: ${2 ** 20} }\n`);
  const reserved = async () =>
    (await gateway.metrics()).find(({ name }) => name === 'credveil_gateway_reserved_bytes')?.values[0]?.value;
  const begin = (localAddress: string, head: string) => {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress });
    socket.write(head);
    return socket;
  };
  const slow = Array.from({ length: 16 }, (_, i) =>
    begin(`127.0.0.${2 + (i % 4)}`, `${HEAD}Content-Length: 65536\r\n\r\nlog=bob`),
  );
  while ((await reserved()) !== 2 ** 20) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await exchange(port, login('log=bob&pwd=s'))).toMatchObject({ status: 503 });
  expect((await exchange(port, 'GET / HTTP/1.1\r\nHost: app.example\r\n\r\n')).status).toBe(200);
  for (const socket of slow) socket.destroy();
  while ((await reserved()) !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await exchange(port, login('log=bob&pwd=s'))).status).toBe(200);
});

test('logins have room where uploads, or the logins of another party, have none left', async () => {
  const { port, gateway } = await withLogin('login: wordpress', `limits: { maxBufferedBytes: ${2 ** 20} }\n`);
  const reserved = async () =>
    (await gateway.metrics()).find(({ name }) => name === 'credveil_gateway_reserved_bytes')?.values[0]?.value;
  const open: net.Socket[] = [];
  const begin = (host: number, head: string) => {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${host}` });
    socket.on('error', () => undefined).write(head);
    open.push(socket);
    return socket;
  };
  const upload = 'POST /any HTTP/1.1\r\nHost: app.example\r\nContent-Length: 1000000\r\n\r\na';
  for (const host of [2, 3, 4, 5]) begin(host, upload);
  while ((await reserved()) !== 4 * 196_608) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await exchange(port, upload)).toMatchObject({ status: 503 });
  expect((await exchange(port, login('log=bob&pwd=s'))).status).toBe(200);
  for (let i = 0; i < 3; i++) begin(6, `${HEAD}Content-Length: 65536\r\n\r\nlog=bob`);
  while ((await reserved()) !== 4 * 196_608 + 3 * 65_536) await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await exchange(port, login('log=bob&pwd=s'))).status).toBe(200);
  for (const socket of open.splice(0)) socket.destroy();
  while ((await reserved()) !== 0) await new Promise((resolve) => setTimeout(resolve, 10));

  for (let i = 0; i < 4; i++) begin(2, `${HEAD}Content-Length: 65536\r\n\r\nlog=bob`);
  while ((await reserved()) !== 2 ** 18) await new Promise((resolve) => setTimeout(resolve, 10));
  const [answer] = await once(begin(2, `${HEAD}Content-Length: 65536\r\n\r\nlog=bob`), 'data');
  expect(String(answer)).toMatch(/^HTTP\/1.1 503 /);
  expect((await exchange(port, login('log=bob&pwd=s'))).status).toBe(200);
  for (const socket of open) socket.destroy();
});

describe('what is no login', () => {
  test('goes on with the body that was read', async () => {
    const { port } = await withLogin('login: [wordpress, generic]');
    expect(echoOf(await exchange(port, login('a=b'))).body).toBe('a=b');
    const large = `a=${'b'.repeat(200_000)}`;
    const post = `POST /any HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
    expect(echoOf(await exchange(port, `${post}Content-Length: ${large.length}\r\n\r\n${large}`)).body).toBe(large);
    const chunked = `Transfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    expect(echoOf(await exchange(port, post + chunked)).body).toBe(large);
    expect(echoOf(await exchange(port, `${post}Trailer: X-A\r\n${chunked}`)).body).toBe(large);
  });
});

describe('rules', () => {
  const rules = 'rules: [{ name: l, when: cf.waf.auth_detected and credveil.login.app eq "wordpress", do: block }]';

  test('see that a request is a login', async () => {
    const { port } = await withLogin(`login: wordpress\n    ${rules}`);
    expect((await exchange(port, login('log=bob&pwd=s'))).status).toBe(403);
    expect((await exchange(port, login('log=bob'))).status).toBe(200);
  });
});

describe('unreadable: pass', () => {
  test('lets a login through, of any size, and tells so', async () => {
    const { port, events } = await withLogin('login: { presets: [wordpress], unreadable: pass }');
    expect(echoOf(await exchange(port, login('log=bob&pwd=s&pwd=t'))).body).toBe('log=bob&pwd=s&pwd=t');
    const large = `log=bob&pwd=s&a=${'b'.repeat(200_000)}`;
    expect(echoOf(await exchange(port, login(large))).body).toBe(large);
    expect(events.filter(({ event }) => event === 'login-passed-unread')).toHaveLength(2);
  });
});
