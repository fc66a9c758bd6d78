// Lists that are built in a thread.

import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { buildAside } from '../../../../gateway/lists/build/build-aside.ts';
import type { BuildTask } from '../../../../gateway/lists/build/build-list.ts';
import { findIn, HEADER } from '../../../support/gateway/build-lists.ts';

const OPTIONS = { kind: 'ip', allowPrivate: false, maxEntries: 100_000, maxBytes: 10_000_000 } as const;
const never = new AbortController().signal;

const taskOf = (content: string | Buffer): BuildTask => ({
  bytes: Uint8Array.from(Buffer.from(content as string)),
  header: HEADER,
  options: OPTIONS,
});
const manyAddresses = Array.from({ length: 20_000 }, (_, i) => `1.${i >> 8}.${i & 255}.7\n`).join('');

test('a large list is the thread’s work, and its bytes go there', async () => {
  const task = taskOf(manyAddresses);
  const built = await buildAside(task, never);
  expect(task.bytes.length).toBe(0);
  expect(built.report).toMatchObject({ format: 'lines', entries: 20_000 });
  expect(await findIn(built, ['1.78.31.7', '1.78.31.8'])).toEqual(['1.78.31.7']);
});

test('errors of the thread are those of a list that is read at once', async () => {
  const failure = { name: 'ContentError', code: 'FORMAT_UNKNOWN', message: expect.stringContaining('HTML') };
  await expect(buildAside(taskOf(`<html>${' '.repeat(20_000)}`), never)).rejects.toMatchObject(failure);
  await expect(buildAside(taskOf('<html>'), never)).rejects.toMatchObject(failure);
  const bomb = zlib.gzipSync(Buffer.alloc(20_000_000, '1.2.3.4\n'));
  await expect(buildAside(taskOf(bomb), never)).rejects.toMatchObject({ code: 'CONTENT_TOO_LONG' });
});

test('a list is given up when the gateway stops', async () => {
  const stop = new AbortController();
  const built = buildAside(taskOf(manyAddresses), stop.signal);
  stop.abort(new Error('stopped'));
  await expect(built).rejects.toThrow('stopped');
});
