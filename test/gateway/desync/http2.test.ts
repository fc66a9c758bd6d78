// Malformed and ambiguous requests of HTTP/2: what becomes of them over HTTP/1.1.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../../../gateway/gateway.ts';
import { FORGED } from '../../support/gateway/desync/case.ts';
import { sendStream } from '../../support/gateway/desync/http2-frames.ts';
import { type RecordingOrigin, seenIn, startRecordingOrigin } from '../../support/gateway/desync/recording-origin.ts';
import { FLUSHED, flush } from '../../support/gateway/desync/send-case.ts';
import { valuesOf } from '../../support/gateway/desync/strict-reader.ts';
import { configOf } from '../../support/gateway/gateway.ts';
import { makeTlsFiles, type TestTlsFiles } from '../../support/tls-files.ts';
import { HTTP2_CASES } from './http2-cases.ts';

let files: TestTlsFiles;
let origin: RecordingOrigin;
let gateway: Gateway;

beforeAll(async () => {
  files = makeTlsFiles();
  origin = await startRecordingOrigin();
  const config = configOf(`
listen: [{ address: "127.0.0.1:0", protocol: https }, { address: "127.0.0.1:0", protocol: http }]
tls: { certFile: "${files.certFile}", keyFile: "${files.keyFile}" }
apps:
  app.example: { to: "${origin.url}", upstream: { maxConnections: 1 } }
`);
  gateway = await startGateway({ config });
});

afterAll(async () => {
  await gateway.close({ deadlineMs: 200 });
  origin.close();
  files.dispose();
});

test.each(HTTP2_CASES)('$name', async ({ expected, ...request }) => {
  const [secure = 0, plain = 0] = gateway.ports;
  const answer = await sendStream(secure, request);
  expect(await flush(plain)).toContain('200 OK');
  const { bytes, strict, read } = origin.take();
  const reached = strict.map(seenIn).filter(({ target }) => target !== FLUSHED.target);
  expect(reached, answer).toEqual(expected ? [expected] : []);
  expect(read).toHaveLength(strict.length);
  expect(answer === '200').toBe(expected !== undefined);
  expect(bytes).not.toContain(FORGED);
  for (const { headers } of strict) expect(valuesOf(headers, 'x-real-ip')).toEqual(['127.0.0.1']);
});

test('the crumbs of a cookie are one header to the application', async () => {
  const crumbs = HTTP2_CASES.find(({ name }) => name === 'cookie crumbs');
  if (!crumbs) throw new Error('no such case');
  await sendStream(gateway.ports[0] as number, crumbs);
  expect(origin.take().strict.map(({ headers }) => valuesOf(headers, 'cookie'))).toEqual([['a=1; b=2; c=3']]);
});
