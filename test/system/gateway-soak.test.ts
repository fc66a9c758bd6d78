// A short run of the gateway's soak: `npm run soak:gateway` has a long one.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../support/paths.ts';

test('no request fails while everything is replaced, but those that the application lost', async () => {
  const soak = path.join(root, 'bench/gateway/soak/soak.ts');
  // It exits with 1 otherwise.
  const { stdout } = await promisify(execFile)(process.execPath, [soak, '--seconds', '8']);
  expect(stdout).toMatch(/failed otherwise +0\n/);
});
