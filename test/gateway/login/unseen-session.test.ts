// An application that logs in where nobody expects it, behind a gateway that checks logins.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Browsers } from '../../../gateway/handle/browsers.ts';
import { Handles } from '../../../gateway/handle/handles.ts';
import { deriveKey } from '../../../gateway/state/gateway-key.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { exchange, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { createMemoryState } from '../../support/gateway/memory-state.ts';
import { createMemoryLimits } from '../../support/gateway/state/states.ts';
import { keyPinOf } from '../../support/pins.ts';

const APP = 'app.example';
const key = new Uint8Array(32).fill(5);
let made: MadeDataset;
let folder: string;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'unseen-'));
  made = await makeDataset({ pairs: seededPairs(2) });
  fs.writeFileSync(path.join(folder, 'leaks.pin'), keyPinOf(made).key, { mode: 0o600 });
});
afterAll(() => {
  made.dispose();
  fs.rmSync(folder, { recursive: true });
});

/** An application that begins a session with every request but one for `/page`. */
async function world() {
  const { url } = await startOrigin((request, response) => {
    request.resume();
    const cookies = ['other=1', ...(request.url === '/page' ? [] : ['wordpress_logged_in_1=ann%7Csecret'])];
    response.writeHead(200, { 'Set-Cookie': cookies }).end('hello');
  });
  const state = createMemoryState();
  const config = JSON.stringify({
    listen: '127.0.0.1:0',
    apps: { [APP]: { to: url, login: 'wordpress' } },
    leaks: { url: 'http://127.0.0.1:9', keyFile: path.join(folder, 'leaks.pin') },
  });
  const { port, events } = await serve(config, { state: { state, key, limits: createMemoryLimits() } });
  const browsers = new Browsers(state, new Handles(deriveKey(key, 'handles')));
  const send = (line: string, more = '', body = '') =>
    exchange(port, `${line} HTTP/1.1\r\nHost: ${APP}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`);
  return { browsers, send, events };
}

test.each([
  ['an action of a plug-in', 'POST /?action=social', '', 'a=b'],
  ['a request without a body', 'GET /magic-link', '', ''],
  ['a request that expects 100', 'POST /rest', 'Expect: 100-continue\r\n', 'a=b'],
])('a session that %s begins does not leave', async (_, line, more, body) => {
  const { send, events } = await world();
  const { head, body: answer } = await send(line, more, body);
  const text = `${head}\r\n\r\n${answer}`;
  expect(text).toContain('HTTP/1.1 403 ');
  expect(text).toContain('SESSION_UNCHECKED');
  expect(text).not.toMatch(/secret|hello|other=1/);
  expect(events).toContainEqual(expect.objectContaining({ event: 'request-refused', code: 'SESSION_UNCHECKED' }));
});

test('others leave: of browsers with a checked login, and what is no session', async () => {
  const { browsers, send } = await world();
  const handle = await browsers.begin(APP, { users: { ofSession: ['ann'], typed: [] } });
  expect((await send('POST /?action=social', `Cookie: cv-b=${handle}\r\n`)).head).toContain('secret');
  const page = await send('GET /page');
  expect(page).toMatchObject({ status: 200, body: expect.stringContaining('hello') });
  expect(page.head).toContain('other=1');
});
