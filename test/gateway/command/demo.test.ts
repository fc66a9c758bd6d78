// npm run demo:gateway, as a newcomer runs it.

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { root } from '../../support/paths.ts';

test('npm run demo:gateway shows what becomes of logins, and ends by itself', async () => {
  const child = spawn(process.execPath, ['scripts/demo-gateway.ts'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise((resolve) => child.once('close', resolve));
  const [shown, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(await code, errors).toBe(0);
  const rows = shown
    .slice(shown.indexOf('REQUEST '))
    .split('\n')
    .filter((line) => line.includes('  '))
    .map((line) => line.trim().split(/ {2,}/));
  expect(rows).toEqual([
    ['REQUEST', 'ANSWER', 'OUTCOME', 'THE APPLICATION GOT'],
    ['ana logs in', '302', 'success, clean', 'no verdict'],
    ['her next page', '200', '-', 'no verdict'],
    ['ben logs in, whose pair leaked', '302', 'success, pair', 'no verdict'],
    ['his next page', '200', '-', 'verdict 1: this pair leaked'],
    ['ana sends a forged verdict', '200', '-', 'no verdict'],
    ...[1, 2, 3, 4, 5].map((i) => [`wrong password ${i} for ben`, '200', 'failure', 'no verdict']),
    ['wrong password 6 for ben', '429', '-', 'nothing'],
    ['ana logs in through an open proxy', '403', '-', 'nothing'],
    ['ana opens the old intranet', '200', '-', 'no verdict'],
    ['she logs in', '302', 'success, clean', 'no verdict'],
    ['her next page', '200', '-', 'no verdict'],
    ['ben opens it', '200', '-', 'no verdict'],
    ['he logs in, and is asked to confirm it', '303', 'success, pair', 'no verdict'],
    ['his next page, with the session of before', '401', '-', 'nothing'],
  ]);
});
