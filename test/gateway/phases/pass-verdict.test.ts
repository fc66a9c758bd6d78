// The verdict of a browser's last login, on its way to the application.

import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { Browsers } from '../../../gateway/handle/browsers.ts';
import { Handles } from '../../../gateway/handle/handles.ts';
import { deriveKey } from '../../../gateway/state/gateway-key.ts';
import { echo, echoOf, exchange, inFrontOf, seen, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { createMemoryState } from '../../support/gateway/memory-state.ts';
import { createMemoryLimits } from '../../support/gateway/state/states.ts';

const key = new Uint8Array(32).fill(3);
const APP = 'app.example';

async function world() {
  const state = createMemoryState();
  const { port } = await serve(inFrontOf((await startOrigin(echo)).url), {
    state: { state, key, limits: createMemoryLimits() },
  });
  const browsers = new Browsers(state, new Handles(deriveKey(key, 'handles')));
  const visit = async (handle: string, more = '', name = 'cv-b'): Promise<string[]> => {
    const answer = await exchange(
      port,
      `GET / HTTP/1.1\r\nHost: ${APP}\r\nCookie: a=1; ${name}=${handle}\r\n${more}\r\n`,
    );
    return seen(echoOf(answer), 'exposed-credential-check');
  };
  return { state, browsers, visit };
}

/** An answer to HEAD says a length, and has no body. */
async function visitAs(port: number, method: string, headers: string): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(`${method} / HTTP/1.1\r\nHost: ${APP}\r\nConnection: close\r\n${headers}\r\n`);
  await once(socket.resume(), 'close');
}

test('a verdict waits on if the application did not get the request that took it', async () => {
  const state = createMemoryState();
  const got: unknown[] = [];
  const { url } = await startOrigin((request, response) => {
    got.push(request.headers['exposed-credential-check']);
    if (got.length === 1) response.socket?.destroy();
    else response.end('a page');
  });
  const { port } = await serve(inFrontOf(url), { state: { state, key, limits: createMemoryLimits() } });
  const handle = await new Browsers(state, new Handles(deriveKey(key, 'handles'))).begin(APP, { header: '1' });
  const visit = () =>
    exchange(port, `POST / HTTP/1.1\r\nHost: ${APP}\r\nContent-Length: 0\r\nCookie: cv-b=${handle}\r\n\r\n`);
  expect((await visit()).status).toBe(502);
  for (let i = 0; i < 2; i++) expect((await visit()).status).toBe(200);
  expect(got).toEqual(['1', '1', undefined]);
});

describe('the next request of a browser', () => {
  test('has the verdict, and the one after it has none', async () => {
    const { browsers, visit } = await world();
    const handle = await browsers.begin(APP, { header: '1' });
    expect(await visit(handle)).toEqual(['1']);
    expect(await visit(handle)).toEqual([]);
  });

  test('has the verdict of the gateway, and not the one that the client sent', async () => {
    const { browsers, visit } = await world();
    const handle = await browsers.begin(APP, { header: '1' });
    expect(await visit(handle, 'Exposed-Credential-Check: 2\r\nexposed-Credential-check: 3\r\n')).toEqual(['1']);
    expect(await visit(handle, 'Exposed-Credential-Check: 4\r\n')).toEqual([]);
  });

  test.each([
    ['an image', 'Sec-Fetch-Dest: image\r\n'],
    ['a script', 'Sec-Fetch-Dest: script\r\n'],
    ['a page that is fetched ahead', 'Sec-Fetch-Dest: document\r\nSec-Purpose: prefetch;prerender\r\n'],
  ])('is not %s', async (_, more) => {
    const { browsers, visit } = await world();
    const handle = await browsers.begin(APP, { header: '1' });
    expect(await visit(handle, more)).toEqual([]);
    expect(await visit(handle, 'Sec-Fetch-Dest: document\r\n')).toEqual(['1']);
  });

  test.each(['Purpose: prefetch', 'X-Moz: prefetch', 'X-Purpose: preview', 'Sec-Purpose: prerender'])(
    'is not one that is fetched ahead: %s',
    async (more) => {
      const { browsers, visit } = await world();
      const handle = await browsers.begin(APP, { header: '1' });
      expect(await visit(handle, `${more}\r\n`)).toEqual([]);
      expect(await visit(handle)).toEqual(['1']);
    },
  );

  test('is not one that no handler answers', async () => {
    const state = createMemoryState();
    const got: unknown[] = [];
    const { url } = await startOrigin((request, response) => {
      got.push([request.method, request.headers['exposed-credential-check']]);
      response.end();
    });
    const { port } = await serve(inFrontOf(url), { state: { state, key, limits: createMemoryLimits() } });
    const handle = await new Browsers(state, new Handles(deriveKey(key, 'handles'))).begin(APP, { header: '1' });
    for (const method of ['OPTIONS', 'HEAD', 'POST'])
      await visitAs(port, method, `Cookie: cv-b=${handle}\r\nContent-Length: 0\r\n`);
    expect(got).toEqual([
      ['OPTIONS', undefined],
      ['HEAD', undefined],
      ['POST', '1'],
    ]);
  });

  test.each(['Sec-Fetch-Dest: empty\r\n', 'Sec-Fetch-Dest: iframe\r\n'])('may say %j', async (more) => {
    const { browsers, visit } = await world();
    expect(await visit(await browsers.begin(APP, { header: '4' }), more)).toEqual(['4']);
  });

  test('asks nobody without a handle, with one of no finding, and with the cookie of the other scheme', async () => {
    const { state, browsers, visit } = await world();
    const clean = await browsers.begin(APP, {});
    const leaked = await browsers.begin(APP, { header: '1' });
    const before = state.calls();
    expect(await visit(clean)).toEqual([]);
    expect(await visit(leaked, '', '__Host-cv-b')).toEqual([]);
    expect(await visit('short')).toEqual([]);
    expect(await visit(`${leaked}; cv-b=${clean}`)).toEqual([]);
    expect(state.calls()).toBe(before);
    expect(await visit(leaked)).toEqual(['1']);
  });

  test('goes on without a verdict while the state is away', async () => {
    const { state, browsers, visit } = await world();
    const handle = await browsers.begin(APP, { header: '1' });
    state.leave();
    expect(await visit(handle)).toEqual([]);
  });
});
