// Requests that node answers itself where nobody listens: CONNECT, and Expect of anything but
// 100-continue.

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { echo, exchange, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { askHttp2, connectHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';

const HOST = 'Host: app.example\r\n';

async function serveApp() {
  const asked: string[] = [];
  const { url } = await startOrigin((request, response) => {
    asked.push(request.url ?? '');
    echo(request, response);
  });
  const served = await serve(`{listen: '127.0.0.1:0', apps: {app.example: {to: '${url}'}}}`);
  return { ...served, asked };
}

describe('over HTTP/1.1', () => {
  test.each([
    ['Expect', `POST / HTTP/1.1\r\n${HOST}Expect: other\r\nContent-Length: 5\r\n\r\nhello`, 417, 'EXPECTATION_UNKNOWN'],
    ['Expect twice', `GET / HTTP/1.1\r\n${HOST}Expect: x\r\nExpect: 100-continue\r\n\r\n`, 417, 'EXPECTATION_UNKNOWN'],
    ['a list in Expect', `GET / HTTP/1.1\r\n${HOST}Expect: 100-continue, x\r\n\r\n`, 417, 'EXPECTATION_UNKNOWN'],
    ['CONNECT', `CONNECT app.example:80 HTTP/1.1\r\n${HOST}\r\n`, 405, 'METHOD_REFUSED'],
    [
      'CONNECT with bytes behind',
      `CONNECT / HTTP/1.1\r\n${HOST}\r\nGET /behind HTTP/1.1\r\n${HOST}\r\n`,
      405,
      'METHOD_REFUSED',
    ],
  ])('%s is answered by the gateway', async (_, bytes, status, code) => {
    const { port, asked, events } = await serveApp();
    const answer = await exchange(port, bytes);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ code });
    expect(events).toContainEqual(expect.objectContaining({ code }));
    expect(asked).toEqual([]);
  });

  test('Expect means nothing in HTTP/1.0', async () => {
    const { port } = await serveApp();
    expect((await exchange(port, `GET / HTTP/1.0\r\n${HOST}Expect: other\r\n\r\n`)).status).toBe(200);
  });
});

describe('over HTTP/2', () => {
  test('both are answered by the gateway', async () => {
    const { url } = await startOrigin(echo);
    const { port, events } = await serve(hostsInFrontOf(url));
    const session = await connectHttp2({ port, servername: 'public.example' });
    const expecting = await askHttp2(session, { ':authority': 'public.example', ':path': '/', expect: 'other' });
    expect(JSON.parse(expecting.body)).toMatchObject({ code: 'EXPECTATION_UNKNOWN', status: 417 });
    const tunnel = session.request({ ':method': 'CONNECT', ':authority': 'public.example' });
    const [{ ':status': status }] = (await once(tunnel, 'response')) as [{ ':status': number }];
    expect(status).toBe(405);
    expect(events).toContainEqual(expect.objectContaining({ code: 'METHOD_REFUSED' }));
  });
});
