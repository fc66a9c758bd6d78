// Signals that come before the gateway has said where it listens.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createWorkPlace, type Running, startCredveil } from '../../support/credveil.ts';

/** A gateway that starts while a list of its configuration does not come. */
async function startSlowly(): Promise<{ readonly running: Running; readonly goOn: () => void }> {
  const place = createWorkPlace();
  let goOn: () => void = () => undefined;
  const mayAnswer = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let asked: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const feed = http.createServer((_, response) => {
    asked();
    void mayAnswer.then(() => response.end('192.0.2.1\n'));
  });
  await new Promise<void>((resolve) => feed.listen(0, '127.0.0.1', resolve));
  const { port } = feed.address() as AddressInfo;
  const file = place.write(
    'gateway.yaml',
    `listen: 127.0.0.1:0\nworkers: 1\nlogLevel: info\nlists: { bad: { kind: ip, url: "http://127.0.0.1:${port}/" } }\napps: { "*": { to: "http://127.0.0.1:9" } }\n`,
  );
  const running = startCredveil(['gateway', '--config', file]);
  onTestFinished(async () => {
    running.child.kill('SIGKILL');
    feed.close().closeAllConnections();
    await running.ended;
    await place.dispose();
  });
  await Promise.race([isAsked, running.ended]);
  return { running, goOn };
}

async function written(running: Running, text: RegExp): Promise<void> {
  while (!text.test(running.written.stdout + running.written.stderr)) {
    if (running.child.exitCode !== null || running.child.signalCode !== null)
      throw new Error(`it ended: ${running.child.signalCode} ${running.written.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('SIGHUP reloads once it has started', async () => {
  const { running, goOn } = await startSlowly();
  running.child.kill('SIGHUP');
  running.child.kill('SIGHUP');
  goOn();
  await written(running, /listening on /);
  await written(running, /config-reloaded/);
  running.child.kill('SIGTERM');
  await running.ended;
  expect(running.child.exitCode).toBe(0);
});

test('SIGTERM ends it as soon as it has started', async () => {
  const { running, goOn } = await startSlowly();
  running.child.kill('SIGTERM');
  goOn();
  await running.ended;
  expect([running.child.exitCode, running.child.signalCode]).toEqual([0, null]);
  expect(running.written.stderr).toContain('closed');
});

test('a second SIGTERM ends it at once', async () => {
  const { running } = await startSlowly();
  running.child.kill('SIGTERM');
  // The first one has to arrive before the second, which would be the same to the kernel.
  await new Promise((resolve) => setTimeout(resolve, 300));
  running.child.kill('SIGTERM');
  await running.ended;
  expect(running.child.signalCode).toBe('SIGTERM');
});
