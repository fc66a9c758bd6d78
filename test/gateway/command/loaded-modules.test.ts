// What a worker loads: the SDK for a configuration with `leaks`, and never what checks
// configurations.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { configOf } from '../../support/gateway/gateway.ts';
import { root } from '../../support/paths.ts';

/** Prints the files that have been loaded once the gateway of a worker has its setup. */
const PROGRAM = `
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
const { startGateway } = await import(process.env.GATEWAY);
const config = JSON.parse(process.env.CONFIG);
await startGateway({ config }).then((gateway) => gateway.close(), () => undefined);
console.log(loaded.join('\\n'));
`;

async function loadedWith(leaks: object): Promise<string[]> {
  const config = configOf('listen: 127.0.0.1:0\napps: { a.example: { to: "http://127.0.0.1:1", login: generic } }\n');
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    env: {
      ...process.env,
      GATEWAY: path.join(root, 'gateway/gateway.ts'),
      CONFIG: JSON.stringify({ ...config, ...leaks }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (await text(child.stdout)).split('\n');
}

const within = (files: readonly string[], folder: string): string[] => files.filter((file) => file.includes(folder));

test('a worker loads zod never, and the SDK for leaks alone', async () => {
  const without = await loadedWith({});
  expect(within(without, '/gateway/pipeline.ts')).toHaveLength(1);
  expect(within(without, '/node_modules/zod/')).toEqual([]);
  // Some of its files stand alone: how a form or a verdict reads.
  for (const part of ['/client-sdk/index.ts', '/client-sdk/transport/']) expect(within(without, part)).toEqual([]);
  for (const library of ['mmdb-lib', 'pkijs', 'asn1js'])
    expect(within(without, `/node_modules/${library}/`)).toEqual([]);
  const withLeaks = await loadedWith({ leaks: { url: 'http://127.0.0.1:1', keyFile: 'none', timeoutMs: 1_000 } });
  expect(within(withLeaks, '/client-sdk/index.ts')).toHaveLength(1);
  expect(within(withLeaks, '/node_modules/zod/')).toEqual([]);
});
