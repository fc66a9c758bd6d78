// Administration of a running gateway: its Unix socket, and the commands that ask there.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { askGateway } from '../../../gateway/admin/admin-client.ts';
import { startAdminServer } from '../../../gateway/admin/admin-server.ts';
import { credveil, startCredveil } from '../../support/credveil.ts';

function folder(): string {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
  return home;
}

const AT = '2026-01-01T00:00:00.000Z';
const status = {
  ...{ pid: 1, version: '0', startedAt: AT, config: { file: 'gw.yaml', appliedAt: AT, lastReload: undefined } },
  ...{ urls: [], apps: ['a.example'], lists: [] },
};
const nothing = {
  status: () => status,
  acceptList: async () => false,
  refreshList: async () => undefined,
  bans: async () => ({ bans: [], total: 0 }),
  lift: async () => false,
  sessions: async () => ({ sessions: [], next: undefined }),
  endSessions: async () => 0,
  users: () => {
    throw new Error('no users');
  },
  pageLink: () => undefined,
};

describe('the admin socket', () => {
  test('is open to its user and group alone', async () => {
    const socketFile = path.join(folder(), 'state', 'admin.sock');
    onTestFinished(await startAdminServer({ socketFile }, nothing));
    expect(fs.statSync(socketFile).mode & 0o777).toBe(0o660);
    expect(fs.statSync(path.dirname(socketFile)).mode & 0o777).toBe(0o700);
    expect(await askGateway(socketFile, 'GET', '/status')).toEqual({ status: 200, body: status });
    expect((await askGateway(socketFile, 'POST', '/lists/x/accept')).status).toBe(404);
    expect((await askGateway(socketFile, 'GET', '/lists/x/accept')).status).toBe(404);
    expect((await askGateway(socketFile, 'GET', '/sessions')).body).toEqual({ sessions: [] });
    for (const path of ['/sessions?after=x', '/sessions/', '/sessionsx', '/sessions/end'])
      expect((await askGateway(socketFile, 'GET', path)).status, path).toBe(404);
    const id = 'a'.repeat(43);
    for (const body of [
      {},
      { id: 'x' },
      { user: '' },
      { user: 'a', app: 'b' },
      { id, user: 'a' },
      { user: 'a'.repeat(9_000) },
    ])
      expect((await askGateway(socketFile, 'POST', '/sessions/end', body)).status).toBe(400);
    expect(await askGateway(socketFile, 'POST', '/sessions/end', { id })).toEqual({ status: 200, body: { ended: 0 } });
  });

  test('replaces one that a killed gateway left, and no other file', async () => {
    const home = folder();
    const socketFile = path.join(home, 'admin.sock');
    const close = await startAdminServer({ socketFile }, nothing);
    await expect(startAdminServer({ socketFile }, nothing)).rejects.toMatchObject({ code: 'ADMIN_SOCKET_IN_USE' });
    fs.renameSync(socketFile, `${socketFile}.kept`);
    await close();
    fs.renameSync(`${socketFile}.kept`, socketFile);
    const again = await startAdminServer({ socketFile }, nothing);
    await again();
    fs.writeFileSync(socketFile, 'notes');
    await expect(startAdminServer({ socketFile }, nothing)).rejects.toMatchObject({ code: 'ADMIN_SOCKET_FAILED' });
    expect(fs.readFileSync(socketFile, 'utf8')).toBe('notes');
  });

  test('has a path that the kernel takes', async () => {
    const socketFile = path.join(folder(), 'x'.repeat(120));
    await expect(startAdminServer({ socketFile }, nothing)).rejects.toMatchObject({ code: 'ADMIN_SOCKET_PATH' });
  });
});

describe('credveil gateway status', () => {
  test('asks the gateway that runs with the configuration', async () => {
    const config = path.join(folder(), 'gw.yaml');
    fs.writeFileSync(path.join(path.dirname(config), 'feed.txt'), '9.9.9.9\n203.0.113.1\n127.0.0.1\n');
    fs.writeFileSync(
      config,
      'listen: 127.0.0.1:0\nworkers: 0\nlists: { office: { items: [192.0.2.0/24] }, feed: { file: feed.txt } }\napps: { a.example: { to: "http://127.0.0.1:1" } }\n',
    );
    const away = await credveil(['gateway', 'status', '--config', config]);
    expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining('error GATEWAY_AWAY') });
    const running = startCredveil(['gateway', '--config', config]);
    onTestFinished(async () => {
      running.child.kill('SIGTERM');
      await running.ended;
    });
    while (!running.written.stdout.includes('listening')) await new Promise((resolve) => setTimeout(resolve, 20));
    const { stdout } = await credveil(['gateway', 'status', '--config', config]);
    const { pid } = running.child;
    expect(running.written.stderr.split('\n')[0]).toContain(`"event":"starting","pid":${pid}`);
    expect(stdout).toMatch(
      new RegExp(
        `^process ${pid}, version [\\d.]+, started at \\S+Z\\nconfiguration ${config}, in force since \\S+Z\\n` +
          'listening on http://127\\.0\\.0\\.1:\\d+\\napplications: a\\.example\\nLIST .*\\noffice .* ok\\nfeed .* ok\\n$',
      ),
    );
    const lists = await credveil(['gateway', 'lists', '--config', config, '--json']);
    expect(JSON.parse(lists.stdout)).toMatchObject([{ name: 'office', isKnown: true }, { leftOut: 2 }]);
    const refused = await credveil(['gateway', 'lists', 'accept', 'office', '--config', config]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('office does not wait to be accepted') });
    const typo = await credveil(['gateway', 'lists', 'accept', 'offce', '--config', config]);
    expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean office?') });
    const sourceless = await credveil(['gateway', 'lists', 'refresh', 'office', '--config', config]);
    expect(sourceless).toMatchObject({ code: 2, stderr: expect.stringContaining('office has no source') });
    const { stdout: feed } = await credveil(['gateway', 'lists', 'refresh', 'feed', '--config', config]);
    expect(feed).toMatch(/^LIST +ENTRIES +LEFT OUT .*\nfeed +1 +2 .* ok\n$/);

    // A file that is broken or gone hides no running gateway.
    fs.writeFileSync(config, 'listen: 1\n');
    running.child.kill('SIGHUP');
    while (!running.written.stderr.includes('config-refused')) await new Promise((resolve) => setTimeout(resolve, 20));
    const broken = await credveil(['gateway', 'status', '--config', config]);
    expect(broken.stdout).toMatch(/\nrefused at \S+Z: .*gw\.yaml:1:1: apps is missing/);
    const socket = path.join(path.dirname(config), 'gw.state', 'admin.sock');
    const bySocket = await credveil(['gateway', 'status', '--socket', socket, '--json']);
    expect(JSON.parse(bySocket.stdout)).toMatchObject({ pid, apps: ['a.example'], config: { file: config } });
    const other = path.join(path.dirname(config), 'other.yaml');
    expect(await credveil(['gateway', 'status', '--config', other])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--socket <file>'),
    });
  });
});
