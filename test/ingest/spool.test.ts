// The copy of a zip that comes from a stream: whole, also where the disk takes less than it is
// given.

import fs from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { spool } from '../../ingest/containers/zip.ts';

afterEach(() => vi.restoreAllMocks());

test('a short write is continued', async () => {
  const blocks = [Buffer.from('a'.repeat(3000)), Buffer.from('b'.repeat(10))];
  const { writeSync } = fs;
  const short = (fd: number, bytes: Buffer, at = 0, length: number = bytes.length - at): number =>
    writeSync(fd, bytes, at, Math.min(length, 700));
  vi.spyOn(fs, 'writeSync').mockImplementation(short as typeof fs.writeSync);
  const fd = await spool(
    (async function* () {
      yield* blocks;
    })(),
  );
  expect(fs.readFileSync(`/dev/fd/${fd}`)).toEqual(Buffer.concat(blocks));
  fs.closeSync(fd);
});
