// Signals to a server with workers: SIGTERM and SIGINT drain it, SIGHUP reloads its configuration.

import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'vitest';
import { allEnded, get, getMany, pause, test } from '../support/served-workers.ts';

test.for([
  ['SIGTERM', 0],
  ['SIGINT', 130],
] as const)('%s lets requests in flight finish and ends all processes', async ([signal, exitCode], { workers }) => {
  const { url, child, ended } = await workers.serve();
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: 12 }, () => net.connect(Number(port), hostname));
  for (const socket of sockets) socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await Promise.all(sockets.map((socket) => once(socket, 'data')));
  // An incomplete request. The response to the one before it shows that it has arrived.
  for (const socket of sockets)
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n');
  await Promise.all(sockets.map((socket) => once(socket, 'data')));
  const processes = workers.pids();
  child.kill(signal);
  // A terminal signals all processes.
  for (const pid of processes) process.kill(pid, signal);
  await workers.seen('closing', 2);
  const answers = sockets.map(async (socket) => {
    socket.end('\r\n');
    let text = '';
    for await (const piece of socket.setEncoding('latin1')) text += piece as string;
    return text;
  });
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 503 .*NOT_READY/s);
  expect((await ended).code).toBe(exitCode);
  await allEnded(processes);
  await expect(get(url, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('SIGTERM waits for an unfinished request no longer than the drain time', async ({ workers }) => {
  const { url, ended, child } = await workers.serve(['--drain-ms', '100']);
  const { hostname, port } = new URL(url);
  const stuck = net.connect(Number(port), hostname);
  stuck.on('error', () => undefined);
  stuck.write('GET /healthz HTTP/1.1\r\n');
  await getMany(url, '/healthz', 10);
  child.kill('SIGTERM');
  expect((await ended).code).toBe(0);
  stuck.destroy();
});

test('SIGTERM ends a worker that hangs', async ({ workers }) => {
  const { child, ended } = await workers.serve(['--drain-ms', '1']);
  const processes = workers.pids();
  process.kill(processes[0] as number, 'SIGSTOP');
  child.kill('SIGTERM');
  expect((await ended).code).toBe(0);
  await allEnded(processes);
});

test('SIGHUP applies live settings in every worker, lists the others, and rejects an invalid file', async ({
  workers,
}) => {
  const config = workers.place.write('config.json', '{}');
  const { url, child } = await workers.serve(['--config', config]);
  const long = `/v1/account/0?snapshot=${'0'.repeat(200)}`;
  const statuses = async (): Promise<Set<number | undefined>> =>
    new Set((await getMany(url, long)).map(({ status }) => status));
  expect(await statuses()).toEqual(new Set([400]));
  workers.place.write('config.json', JSON.stringify({ limits: { maxUrlBytes: 100 }, maxHeldBytes: 1 }));
  child.kill('SIGHUP');
  expect(await workers.seen('config-reloaded', 1)).toMatchObject([
    { changed: ['limits.maxUrlBytes'], needRestart: ['maxHeldBytes'] },
  ]);
  while ((await statuses()).has(400)) await pause();
  expect(await statuses()).toEqual(new Set([414]));
  for (const [i, nonsense] of ['{', '{"limits":{"maxUrlBytes":0}}', '{"lsten":":1"}'].entries()) {
    workers.place.write('config.json', nonsense);
    child.kill('SIGHUP');
    await workers.seen('config-refused', i + 1);
  }
  expect(workers.events('config-refused').map(({ code }) => code)).toEqual([
    'SETTINGS_FILE_MALFORMED',
    'SETTING_INVALID',
    'SETTING_UNKNOWN',
  ]);
  expect(await statuses()).toEqual(new Set([414]));
  // A worker started now has the current settings.
  process.kill(workers.pids()[0] as number, 'SIGKILL');
  await workers.seen('worker-ready', 3);
  expect(await statuses()).toEqual(new Set([414]));
});
