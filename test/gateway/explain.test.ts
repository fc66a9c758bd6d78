// What becomes of a request that is explained: odd ones too end as they would at the gateway.

import { expect, test } from 'vitest';
import { listsOf, withSetup } from '../../cli/gateway/offline-setup.ts';
import { parseAddress } from '../../gateway/addresses/address.ts';
import { type ExplainedRequest, explainRequest } from '../../gateway/explain.ts';
import { configOf } from '../support/gateway/gateway.ts';

const CONFIG = configOf('listen: ":1"\napps: { blog.example.com: { to: "http://127.0.0.1:2" } }');

const explain = (head: string): Promise<ExplainedRequest> =>
  withSetup(CONFIG, { lists: listsOf(CONFIG), onEvent: () => undefined }, (setup) => {
    const bytes = Buffer.from(`${head.replaceAll('\n', '\r\n')}\r\n\r\n`, 'latin1');
    return explainRequest(bytes, setup, { from: parseAddress('192.0.2.1') as never, isSecure: false });
  });

test.each([
  ['GET / HTTP/1.1', 'HOST_MALFORMED'],
  ['GET /', 'REQUEST_MALFORMED'],
  ['hello', 'REQUEST_MALFORMED'],
  ['Host: blog.example.com\nGET / HTTP/1.1', 'REQUEST_MALFORMED'],
  ['GET / HTTP/2\nHost: blog.example.com', 'REQUEST_MALFORMED'],
  ['PRI * HTTP/2.0', 'REQUEST_MALFORMED'],
  ['CONNECT blog.example.com:443 HTTP/1.1\nHost: blog.example.com', 'METHOD_REFUSED'],
  ['GET / HTTP/1.1\nHost: blog.example.com\nExpect: miracles', 'EXPECTATION_UNKNOWN'],
  [`GET / HTTP/1.1\nHost: blog.example.com\nX-Long: ${'x'.repeat(40_000)}`, 'HEADERS_TOO_LARGE'],
])('%j is refused', async (head, code) => {
  expect((await explain(head)).end).toEqual({ refused: code });
});

test.each([
  'GET /x HTTP/1.1\nHost: blog.example.com\nUpgrade: websocket\nConnection: Upgrade',
  'GET /x HTTP/1.1\nHost: blog.example.com\nExpect: 100-continue\nContent-Length: 5',
  `GET /x HTTP/1.1\nHost: blog.example.com\nX-Long: ${'x'.repeat(20_000)}`,
])('%j is forwarded', async (head) => {
  expect((await explain(head)).end).toEqual({ forwarded: '/x' });
});
