// `credveil gateway quarantine test`, and what it allows: a gateway of two workers that holds
// logins back, also over the end of a process.

import net from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readRecord } from '../../../gateway/record/read-record.ts';
import { createWorkPlace, credveil } from '../../support/credveil.ts';
import { seededPairs } from '../../support/dataset.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { APP, loginKeys, PAGE } from '../../support/gateway/hold/hold-world.ts';
import { SECRET, startInPlaceApp } from '../../support/gateway/hold/in-place-app.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { type Answer, cookiesOf, formOf, textOf, visit, withCookie } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const users = { alice: password, test: 'an account of tests' };
const account = (pass: string): string =>
  JSON.stringify({ login: '/login', fields: { user: 'test', pass }, page: '/home', signedIn: SECRET });

/** A stream, a WebSocket, or a body that does not end. */
function openTo(port: number, kind: string, cookie: string) {
  const more: { readonly [kind: string]: readonly string[] } = {
    '/ws': [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
    ],
    slow: ['Content-Length: 4', 'Connection: close'],
  };
  const line = kind === 'slow' ? 'POST /home' : `GET ${kind}`;
  const socket = net.connect(port, '127.0.0.1');
  const opened = { socket, kind, text: '', isClosed: false };
  socket.write(
    [
      `${line} HTTP/1.1`,
      `Host: ${APP}`,
      `Cookie: ${cookie}`,
      ...(more[kind] ?? []),
      '',
      kind === 'slow' ? 'a' : '',
    ].join('\r\n'),
  );
  socket.setEncoding('latin1').on('error', () => undefined);
  socket.on('data', (piece: string) => {
    opened.text += piece;
  });
  socket.on('close', () => {
    opened.isClosed = true;
  });
  return opened;
}

async function world() {
  const app = await startInPlaceApp({ users, answerMs: 30 });
  const leaks = await startLeakService([{ username: 'alice', password }]);
  onTestFinished(() => leaks.close());
  const place = createWorkPlace();
  onTestFinished(() => place.dispose());
  const hold = `sessions: [PHPSESSID], whoami: { path: /home, after: '<b>', before: '</b>' }`;
  const file = place.write(
    'gateway.yaml',
    `listen: 127.0.0.1:0
workers: 2
auth: auth.example
identity: { mail: { pin: { smtp: "smtp://127.0.0.1:9", from: a@example.com, to: ["@example.com"] } } }
leaks: ${leaks.keys()}
apps:
  ${APP}:
    to: "${app.url}"
    login: ${loginKeys(hold)}
`,
  );
  return { app, file, accountFile: place.write('account.yaml', account(users.test), 0o644) };
}

describe('credveil gateway quarantine test', () => {
  test('decides whether the gateway starts, and holds logins on each worker and after a kill', async () => {
    const { file, app, accountFile } = await world();
    const untested = await credveil(['gateway', '--config', file], '', { ownProcess: true });
    expect([untested.code, untested.stderr]).toEqual([1, expect.stringContaining('HOLD_UNTESTED')]);
    expect(untested.stderr).toContain(`credveil gateway quarantine test '${APP}' --config FILE < account.yaml`);
    const args = ['gateway', 'quarantine', 'test', APP, '--config', file];
    const exposed = await credveil([...args, '--account', accountFile]);
    expect([exposed.code, exposed.stderr]).toEqual([1, expect.stringContaining('KEY_FILE_EXPOSED')]);
    const failed = await credveil(args, account('wrong'));
    expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining('failed  the account signs in')]);
    expect(failed.stdout + failed.stderr).not.toContain('wrong');
    const passed = await credveil([...args, '--json'], account(users.test));
    expect([passed.code, passed.stderr]).toEqual([0, '']);
    expect(JSON.parse(passed.stdout)).toMatchObject({ ok: true });

    const gateway = await startGatewayCommand(file);
    const send = (port: number, path: string, cookie = '', headers = {}): Promise<Answer> =>
      visit(port, APP, cookie === '' ? { path, headers } : withCookie({ path, headers }, cookie));
    const port = gateway.ports[0] ?? 0;
    const cookie = cookiesOf(await send(port, '/'));
    const form = formOf({ user: 'alice', pass: password });
    const { length } = app.signedIn();
    const { length: before } = app.seen;
    // Each connection is of one of both workers.
    const open = ['/stream', '/ws', 'slow'].flatMap((kind) =>
      Array.from({ length: 6 }, () => openTo(port, kind, cookie)),
    );
    await expect.poll(() => open.every(({ text, kind }) => kind === 'slow' || text.includes('login form'))).toBe(true);
    const login = visit(
      port,
      APP,
      withCookie({ ...form, path: '/login', headers: { ...form.headers, ...PAGE } }, cookie),
    );
    await expect.poll(() => app.signedIn().length, { interval: 1 }).toBe(length + 1);
    // By connections of their own, which reach both workers.
    const during = await Promise.all(Array.from({ length: 24 }, () => send(port, '/home', cookie)));
    expect(during.filter((answer) => textOf(answer).includes(SECRET))).toEqual([]);
    expect(statusOf(await login)).toBe(303);
    await expect.poll(() => open.every(({ isClosed, kind }) => kind === 'slow' || isClosed)).toBe(true);
    for (const { socket, kind } of open) if (kind === 'slow') socket.write('bcd');
    await expect.poll(() => open.every(({ isClosed }) => isClosed)).toBe(true);
    expect(open.filter(({ text }) => text.includes(SECRET))).toEqual([]);
    expect(app.seen.slice(before).map(({ line }) => line)).not.toContain('POST /home');
    const after = await Promise.all(Array.from({ length: 24 }, () => send(port, '/home', cookie)));
    expect([...new Set(after.map(statusOf))]).toEqual([401]);

    const held = async (): Promise<string | undefined> => {
      for await (const decision of readRecord(path.join(path.dirname(file), 'gateway.state'), 0))
        if (decision.held) return decision.id;
      return undefined;
    };
    await expect.poll(held).toBeDefined();
    const explained = await credveil(['gateway', 'explain', (await held()) ?? '', '--config', file]);
    expect(explained.stdout).toMatch(/^held +until its owner confirms it/m);

    gateway.running.child.kill('SIGKILL');
    await gateway.running.ended;
    const again = await startGatewayCommand(file);
    onTestFinished(again.stop);
    expect(statusOf(await send(again.ports[0] ?? 0, '/home', cookie))).toBe(401);
    expect(statusOf(await send(again.ports[0] ?? 0, '/home', cookie, PAGE))).toBe(303);
  });
});
