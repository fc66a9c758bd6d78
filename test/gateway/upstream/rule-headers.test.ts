// Names that rules set: a client's trailers have none of them, whether the rule applies or not.

import { expect, test } from 'vitest';
import { echo, echoOf, exchange, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { askHttp2, connectHttp2, echoOfHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';

const RULE = `rules: [{ when: 'http.request.method eq "PUT"', do: { setHeader: { X-Zone: writing } } }]`;

test('of HTTP/1.1', async () => {
  const { url } = await startOrigin(echo);
  const { port } = await serve(`{listen: '127.0.0.1:0', apps: {app.example: {to: '${url}', ${RULE}}}}`);
  const rest =
    'Transfer-Encoding: chunked\r\nTrailer: X-Zone\r\n\r\n2\r\nhi\r\n0\r\nX-Zone: forged\r\nX_Zone: too\r\nX-Sum: 7\r\n\r\n';
  for (const method of ['POST', 'PUT'])
    expect(echoOf(await exchange(port, `${method} / HTTP/1.1\r\nHost: app.example\r\n${rest}`))).toMatchObject({
      rawTrailers: ['X-Sum', '7'],
    });
});

test('of HTTP/2', async () => {
  const { url } = await startOrigin(echo);
  const { port } = await serve(hostsInFrontOf(url).replace('public.example: { ', `public.example: { ${RULE}, `));
  const session = await connectHttp2({ port, servername: 'public.example' });
  const head = { ':authority': 'public.example', ':method': 'POST', trailer: 'x-zone' };
  const answer = await askHttp2(session, head, 'hi', { 'x-zone': 'forged', x_zone: 'too', 'x-sum': '7' });
  expect(echoOfHttp2(answer).rawTrailers).toEqual(['x-sum', '7']);
});
