// Endpoints that attack their sender: they hang, drip, redirect, or are somewhere internal.

import dns from 'node:dns';
import https from 'node:https';
import net, { type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createAllowed, isAllowable, isInternal } from '../../notify/http/addresses.ts';
import { outcomeOf } from '../../notify/http/outcome.ts';
import { createEndpoint, type Posted, type PostLimits } from '../../notify/http/post.ts';
import { startReceiver } from '../support/notify/receiver.ts';
import { caPem, pairOf } from '../support/tls-files.ts';

const LONG: PostLimits = { connectMs: 60_000, headersMs: 60_000, bodyMs: 60_000, bodyBytes: 1 << 12 };
const SHORT: PostLimits = { ...LONG, connectMs: 300, headersMs: 300 };
const open: { close(): unknown }[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const one of open.splice(0)) one.close();
});

async function listen<S extends Server>(server: S): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

/** Speaks TCP as `serve` does. */
const listenRaw = (serve: (socket: net.Socket) => void): Promise<number> =>
  listen(net.createServer((socket) => serve(socket.on('error', () => {}))));

interface PostTo {
  readonly allow?: readonly string[];
  readonly ca?: string;
  readonly limits?: PostLimits;
}

async function post(url: string, { allow = ['127.0.0.1'], ca, limits = LONG }: PostTo = {}): Promise<Posted> {
  const endpoint = createEndpoint({
    ...{ url: new URL(url), allowed: createAllowed(allow), maxSockets: 2, limits },
    ...(ca !== undefined && { ca }),
  });
  open.push(endpoint);
  return endpoint.post({ 'content-type': 'text/plain' }, 'body', AbortSignal.timeout(90_000));
}

const local = (port: number): string => `http://127.0.0.1:${port}/`;

describe('a POST to an endpoint', () => {
  test.for<[string, (socket: net.Socket) => void]>([
    ['takes the request and answers nothing', (socket) => socket.resume()],
    [
      'drips headers',
      (socket) => {
        const timer = setInterval(() => socket.write('x'), 20);
        socket.once('close', () => clearInterval(timer)).write('HTTP/1.1 200 OK\r\nx-');
      },
    ],
    [
      'sends interim answers for ever',
      (socket) => {
        const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 20);
        socket.once('close', () => clearInterval(timer));
      },
    ],
  ])('ends when it %s', async ([, serve]) => {
    const port = await listenRaw(serve);
    expect(await post(local(port), { limits: SHORT })).toEqual({ failure: 'TIMEOUT' });
  });

  test('ends when the endpoint does not finish the handshake of TLS', async () => {
    const port = await listenRaw((socket) => socket.resume());
    expect(await post(`https://127.0.0.1:${port}/`, { limits: SHORT })).toEqual({ failure: 'TIMEOUT' });
  });

  test('takes the status of an endpoint whose body never ends, and drops the connection', async () => {
    let closed = 0;
    const port = await listenRaw((socket) => {
      const timer = setInterval(() => socket.write('x'.repeat(1000)), 5);
      socket.once('close', () => {
        clearInterval(timer);
        closed++;
      });
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n');
    });
    expect(await post(local(port), { limits: { ...LONG, bodyMs: 200 } })).toMatchObject({ status: 200 });
    await expect.poll(() => closed).toBe(1);
  });

  test.for<[string, string]>([
    ['ANSWER_MALFORMED', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['ANSWER_MALFORMED', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`],
    ['CONNECTION_LOST', ''],
    ['CONNECTION_LOST', 'HTTP/1.1 200 OK\r\nx: y'],
    ['CONNECTION_LOST', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('names %s', async ([failure, text]) => {
    const port = await listenRaw((socket) => socket.once('data', () => socket.end(text)));
    expect(await post(local(port))).toEqual({ failure });
  });

  test('ends at once if the endpoint switches protocols, and drops the connection', async () => {
    let closed = 0;
    const port = await listenRaw((socket) => {
      socket.once('close', () => closed++);
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      );
    });
    const posted = await post(local(port));
    expect(outcomeOf(posted, 0)).toMatchObject({ delivered: false, failure: 'STATUS_101' });
    await expect.poll(() => closed).toBe(1);
  });

  test('follows no redirect', async () => {
    const inner = await startReceiver();
    const outer = await startReceiver((response) => response.writeHead(307, { location: inner.url }).end());
    open.push(inner, outer);
    expect(outcomeOf(await post(outer.url), 0)).toMatchObject({ delivered: false, failure: 'REDIRECTED' });
    expect([outer.received.length, inner.received.length]).toEqual([1, 0]);
  });

  test('is repeated on another connection if the endpoint closed an idle one', async () => {
    const receiver = await startReceiver((response) =>
      response.writeHead(204).end(() => response.socket?.destroySoon()),
    );
    open.push(receiver);
    const allowed = createAllowed(['127.0.0.1']);
    const endpoint = createEndpoint({ url: new URL(receiver.url), allowed, maxSockets: 1, limits: LONG });
    open.push(endpoint);
    for (let i = 0; i < 20; i++)
      expect(await endpoint.post({}, String(i), AbortSignal.timeout(90_000))).toMatchObject({ status: 204 });
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(20);
  });
});

describe('internal addresses', () => {
  test.for([
    ...['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254'],
    ...['100.64.0.1', '100.100.100.200', '0.0.0.0', '192.0.0.192', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
    ...['::1', '::', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '::127.0.0.1', 'fe80::1', 'fe80::1%eth0', 'fc00::1'],
    ...['fd00:ec2::254', 'ff02::1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:0:7f00:1::', '2001:db8::1', '100::1'],
    ...['', 'localhost', '1.2.3', '0x7f.1'],
  ])('are refused: %s', (address) => {
    expect(isInternal(address)).toBe(true);
  });

  test.for(['8.8.8.8', '172.32.0.1', '100.128.0.1', '192.0.1.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    'do not include %s',
    (address) => {
      expect(isInternal(address)).toBe(false);
    },
  );

  test('are refused where a URL has one, in any spelling, and nothing is sent', async () => {
    let connections = 0;
    const port = await listenRaw(() => connections++);
    for (const host of ['127.0.0.1', '2130706433', '0x7f.0.0.1', '127.1', '[::ffff:127.0.0.1]', 'localhost'])
      expect(await post(`https://${host}:${port}/`, { allow: [] }), host).toEqual({ failure: 'INTERNAL_ADDRESS' });
    expect(connections).toBe(0);
  });

  test('are refused when a name resolves to them, each time anew', async () => {
    const port = await listen(https.createServer(pairOf('first'), (_, response) => response.end()));
    const answers = ['127.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', 'fd00::1', '10.0.0.1'];
    const lookup = vi.spyOn(dns, 'lookup');
    for (const address of answers) {
      lookup.mockImplementation(((_name: string, _options: object, done: (...result: unknown[]) => void) =>
        done(null, [{ address, family: net.isIPv6(address) ? 6 : 4 }])) as unknown as typeof dns.lookup);
      expect(await post(`https://hooks.example:${port}/`, { allow: [] })).toEqual({ failure: 'INTERNAL_ADDRESS' });
    }
    expect(lookup).toHaveBeenCalledTimes(answers.length);
  });

  test('are allowed by address, net and host, and no further', async () => {
    const receiver = await startReceiver();
    open.push(receiver);
    const { port } = new URL(receiver.url);
    for (const allow of ['127.0.0.1', '127.0.0.0/8'])
      expect(await post(receiver.url, { allow: [allow] })).toMatchObject({ status: 204 });
    expect(await post(`http://localhost:${port}/`, { allow: ['localhost'] })).toMatchObject({ status: 204 });
    for (const allow of ['127.0.0.2', '10.0.0.0/8', 'localhost'])
      expect(await post(receiver.url, { allow: [allow] })).toEqual({ failure: 'INTERNAL_ADDRESS' });
    expect(['10.0.0.0/8', 'hooks.internal', 'fd00::/8', '::1'].every(isAllowable)).toBe(true);
    expect(['10.0.0.0/33', 'a/8', '*', 'a b', '10.0.0.0/8/8', '', 'https://a'].some(isAllowable)).toBe(false);
  });

  test('without TLS are used on loopback alone, whatever is allowed', async () => {
    vi.spyOn(dns, 'lookup').mockImplementation(((
      _name: string,
      _options: object,
      done: (...result: unknown[]) => void,
    ) => done(null, [{ address: '10.9.9.9', family: 4 }])) as unknown as typeof dns.lookup);
    expect(await post('http://localhost:9/', { allow: ['localhost', '10.0.0.0/8'] })).toEqual({
      failure: 'INTERNAL_ADDRESS',
    });
  });
});

describe('TLS', () => {
  test('is verified against the platform, or the CA of a sink', async () => {
    const port = await listen(https.createServer(pairOf('first'), (_, response) => response.end()));
    const url = `https://localhost:${port}/`;
    expect(await post(url, { allow: ['localhost'] })).toEqual({ failure: 'TLS_FAILED' });
    expect(await post(url, { allow: ['localhost'], ca: String(caPem) })).toMatchObject({ status: 200 });
    const stranger = await listen(https.createServer(pairOf('stranger'), (_, response) => response.end()));
    expect(await post(`https://localhost:${stranger}/`, { allow: ['localhost'], ca: String(caPem) })).toEqual({
      failure: 'TLS_FAILED',
    });
  });
});

test('TLS is verified whatever the environment asks for', async () => {
  const port = await listen(https.createServer(pairOf('first'), (_, response) => response.end()));
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  try {
    expect(await post(`https://localhost:${port}/`, { allow: ['localhost'] })).toEqual({ failure: 'TLS_FAILED' });
  } finally {
    vi.unstubAllEnvs();
  }
});

describe('the outcome of an answer', () => {
  test.for<[number, string | undefined, object]>([
    [200, undefined, { delivered: true }],
    [202, undefined, { delivered: true }],
    [301, undefined, { failure: 'REDIRECTED', isOfEvent: false, isFinal: false }],
    [400, undefined, { failure: 'STATUS_400', isOfEvent: true }],
    [401, undefined, { failure: 'STATUS_401', isOfEvent: false }],
    [410, undefined, { failure: 'STATUS_410', isOfEvent: false, isFinal: true }],
    [429, '120', { failure: 'STATUS_429', isOfEvent: false, retryAfterMs: 120_000 }],
    [503, 'Thu, 01 Jan 1970 00:01:00 GMT', { failure: 'STATUS_503', retryAfterMs: 60_000 }],
    [503, '999999999', { retryAfterMs: 86_400_000 }],
  ])('%d, Retry-After %s', ([status, retryAfter, expected]) => {
    expect(outcomeOf({ status, retryAfter }, 0)).toMatchObject(expected);
  });

  test.for(['soon', '-5', '1e9', '', 'Thu, 01 Jan 1960 00:00:00 GMT'])('ignores Retry-After: %s', (retryAfter) => {
    expect(outcomeOf({ status: 500, retryAfter }, 0)).not.toHaveProperty('retryAfterMs');
  });
});
