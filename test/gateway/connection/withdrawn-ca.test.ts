// The CA of client certificates is withdrawn while connections are open that one of its
// certificates has opened.

import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { configOf, echo, parseAnswer, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { until } from '../../support/gateway/http2-frames.ts';
import { ask, askHttp2, connectHttp2, secure, tlsKey } from '../../support/gateway/tls.ts';
import { fixture } from '../../support/paths.ts';
import { makeTlsFiles, pairOf } from '../../support/tls-files.ts';

const HOST = 'managed.example';

async function served(more = '') {
  const files = makeTlsFiles();
  onTestFinished(() => files.dispose());
  const { url } = await startOrigin(echo);
  const managed = tlsKey('second', 'ca', more).replace(
    JSON.stringify(fixture('tls', 'ca.pem')),
    JSON.stringify(files.caFile),
  );
  const text = (tls: string) =>
    `listen: { address: "127.0.0.1:0", protocol: https }\ntls: ${tlsKey('first')}\napps:\n` +
    `  public.example: { to: "${url}" }\n  ${HOST}: { to: "${url}", tls: ${tls} }\n`;
  const gateway = await serve(text(managed));
  const withdraw = (): void => files.put({ ca: pairOf('stranger').cert });
  return { ...gateway, withdraw, config: configOf(text(managed)), other: configOf(text(tlsKey('first'))) };
}

const clientOf = (port: number) => ({ port, servername: HOST, ...pairOf('client') });

/** Two connections on which a request was answered. */
async function openBoth(port: number) {
  const [socket, session] = [await secure(clientOf(port)), await connectHttp2(clientOf(port))];
  expect((await askAgain(socket)).status).toBe(200);
  expect((await askHttp2(session, { ':authority': HOST })).status).toBe(200);
  return { socket, session };
}

async function askAgain(socket: Awaited<ReturnType<typeof secure>>) {
  socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return parseAnswer(bytes.toString('latin1'));
}

async function expectGone({ socket, session }: Awaited<ReturnType<typeof openBoth>>): Promise<void> {
  const ended = once(socket, 'close');
  const closed = once(session, 'close');
  const answer = await askAgain(socket);
  expect(answer).toMatchObject({ status: 421, head: expect.stringContaining('Connection: close') });
  await ended;
  expect((await askHttp2(session, { ':authority': HOST })).status).toBe(421);
  await closed;
}

test.each(['', ', require: false'])('a reload ends what its certificates may do: h1 and h2 %s', async (more) => {
  const { gateway, port, config, withdraw } = await served(more);
  const open = await openBoth(port);
  withdraw();
  await gateway.reload(config);
  await expectGone(open);
  const fresh = await ask({ port, servername: HOST, ...pairOf('stranger') });
  expect(fresh?.status).toBe(200);
});

test('so does a file that is replaced', async () => {
  const { port, withdraw, events } = await served();
  const open = await openBoth(port);
  const loaded = () => events.filter(({ event }) => event === 'tls-loaded').length;
  const before = loaded();
  withdraw();
  await until(() => loaded() > before);
  await expectGone(open);
});

test('so does a profile that was away in between', async () => {
  const { gateway, port, config, other, withdraw } = await served();
  const open = await openBoth(port);
  await gateway.reload(other);
  withdraw();
  await gateway.reload(config);
  await expectGone(open);
});

test('a reload without a change leaves connections as they are', async () => {
  const { gateway, port, config } = await served();
  const { socket, session } = await openBoth(port);
  await gateway.reload(config);
  expect((await askAgain(socket)).status).toBe(200);
  expect((await askHttp2(session, { ':authority': HOST })).status).toBe(200);
});
