// The modules that a server loads at its start: each of its processes pays for them.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { seededPairs } from '../support/dataset.ts';
import { program } from '../support/paths.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(20) });

test('a server without clients, evaluator and documents starts without the modules for them', async ({ made }) => {
  const args = [program('loaded-by-server.ts'), made.folder];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 });
  const loaded = JSON.parse(stdout) as string[];
  // The list is complete: what the server does need is on it.
  for (const needed of [/server\/server\.ts$/, /better-sqlite3/, /^NativeModule _http_server$/])
    expect(loaded.filter((name) => needed.test(name)).length, String(needed)).toBeGreaterThan(0);
  expect(loaded.filter((name) => /undici|libsodium|node_modules\/(zod|express|prom-client)\//.test(name))).toEqual([]);
});
