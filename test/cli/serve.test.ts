// What `credveil serve` reports at its start.

import readline from 'node:readline';
import { describe, expect } from 'vitest';
import { startCredveil } from '../support/credveil.ts';
import { seededPairs } from '../support/dataset.ts';
import { makeTlsFiles } from '../support/tls-files.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(20) });

/** Serves until the URL is printed. @returns the events of the log */
async function eventsOf(args: readonly string[]): Promise<readonly { level: string; event: string }[]> {
  const running = startCredveil(['serve', ...args, '--workers', '0', '--allow-anonymous', '--json']);
  const lines = readline.createInterface({ input: running.child.stdout as NodeJS.ReadableStream });
  await Promise.race([new Promise((resolve) => lines.once('line', resolve)), running.ended]);
  running.child.kill('SIGTERM');
  const { code, stderr } = await running.ended;
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^\{/)]);
  return stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: string; event: string });
}

describe('an address that other machines reach', () => {
  const warnings = async (args: readonly string[]) => (await eventsOf(args)).filter(({ level }) => level === 'warn');

  test('a server without TLS warns of plain HTTP', async ({ made }) => {
    expect(await warnings([made.folder, '--listen', '0.0.0.0:0'])).toEqual([
      expect.objectContaining({ event: 'plain-http', hint: expect.stringContaining('tls.certFile') }),
    ]);
  });

  test('a server with TLS, or on loopback, does not warn', async ({ made }) => {
    const files = makeTlsFiles();
    try {
      const tls = ['--tls-cert-file', files.certFile, '--tls-key-file', files.keyFile];
      expect(await warnings([made.folder, '--listen', '0.0.0.0:0', ...tls])).toEqual([]);
      expect(await warnings([made.folder, '--listen', 'localhost:0'])).toEqual([]);
    } finally {
      files.dispose();
    }
  });
});
