// Calls between processes: replies, failures, and peers that die, hang or stop reading.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { test as base, expect } from 'vitest';
import { type Channel, type ChannelOptions, openChannel } from '../../runtime/ipc.ts';
import type { PeerContract, TestContract } from '../support/programs/ipc-peer.ts';

interface Peer {
  readonly child: ChildProcess;
  readonly channel: Channel<PeerContract, TestContract>;
}

interface Fixtures extends Peer {
  /** Starts a peer, which is killed after the test. */
  readonly start: (options?: ChannelOptions) => Peer;
}

const test = base.extend<Fixtures & { readonly peer: Peer }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  start: async ({}, use) => {
    const children: ChildProcess[] = [];
    await use((options = {}) => {
      const child = fork(new URL('../support/programs/ipc-peer.ts', import.meta.url), { serialization: 'advanced' });
      children.push(child);
      return { child, channel: openChannel<PeerContract, TestContract>(child, options) };
    });
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  },
  peer: async ({ start }, use) => use(start()),
  child: async ({ peer }, use) => use(peer.child),
  channel: async ({ peer }, use) => use(peer.channel),
});

test('each of many concurrent asks gets its own reply', async ({ channel }) => {
  const asked = Array.from({ length: 500 }, (_, i) => channel.ask('double', i));
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 500 }, (_, i) => 2 * i));
  expect(await channel.ask('bytes', Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(3, 2, 1));
});

test('both peers can ask each other', async ({ channel }) => {
  channel.handle('increment', async (value) => value + 1);
  expect(await channel.ask('viaParent', 20)).toBe(42);
});

test('notes arrive in the order they are sent', async ({ channel }) => {
  for (const note of ['a', 'b', 'c']) expect(channel.tell('note', note)).toBe(true);
  expect(await channel.ask('notes', undefined)).toEqual(['a', 'b', 'c']);
});

test('an ask whose handler throws fails with our own error text, but never with foreign text', async ({ channel }) => {
  await expect(channel.ask('fail', 'ours')).rejects.toMatchObject({
    name: 'IpcError',
    code: 'PEER_FAILED',
    failure: { code: 'DATASET_MISSING', message: 'no dataset', hint: 'Make one.' },
  });
  const failed = await channel.ask('fail', 'foreign').catch((error: Error) => error);
  expect(failed).toMatchObject({ code: 'PEER_FAILED', failure: { code: 'Error' } });
  expect(JSON.stringify(failed) + String(failed)).not.toContain('secrets');
});

test('an ask without a handler fails', async ({ channel }) => {
  await expect(channel.ask('viaParent', 1)).rejects.toMatchObject({ code: 'PEER_FAILED' });
});

test('an ask to a silent peer fails after its timeout', async ({ channel }) => {
  await expect(channel.ask('never', undefined, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'PEER_SILENT' });
  expect(await channel.ask('double', 1)).toBe(2);
});

test('pending and later asks are rejected when the peer dies', async ({ channel }) => {
  await channel.ask('double', 1);
  let gone = 0;
  channel.onGone(() => gone++);
  const pending = channel.ask('never', undefined);
  const dying = channel.ask('die', undefined);
  await expect(pending).rejects.toMatchObject({ code: 'PEER_GONE', hint: expect.any(String) });
  await expect(dying).rejects.toMatchObject({ code: 'PEER_GONE' });
  expect(channel.open).toBe(false);
  await expect(channel.ask('double', 1)).rejects.toMatchObject({ code: 'PEER_GONE' });
  expect(channel.tell('note', 'late')).toBe(false);
  channel.onGone(() => gone++);
  expect(gone).toBe(2);
});

test('asks beyond maxWaiting are rejected', async ({ start }) => {
  const { child, channel } = start({ maxWaiting: 2 });
  await channel.ask('double', 1);
  const waiting = [channel.ask('never', undefined), channel.ask('never', undefined)].map((asked) =>
    asked.catch((error: { code: string }) => error.code),
  );
  await expect(channel.ask('double', 1)).rejects.toMatchObject({ code: 'PEER_BUSY' });
  child.kill('SIGKILL');
  expect(await Promise.all(waiting)).toEqual(['PEER_GONE', 'PEER_GONE']);
});

test('messages to a peer that stopped reading are refused instead of filling memory', async ({ child, channel }) => {
  await channel.ask('double', 1);
  child.kill('SIGSTOP');
  const note = 'n'.repeat(10_000);
  let told = 0;
  while (channel.tell('note', note)) if (++told > 100_000) throw new Error('nothing is refused');
  await expect(channel.ask('double', 1)).rejects.toMatchObject({ code: 'PEER_BUSY' });
});
