// A verifiable client of another maker, @cloudflare/voprf-ts, gets the outputs of the dataset's key
// from /v1/evaluate and /v1/prove. It and the curves it needs come from the npm registry.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PrivateInput } from '../../protocol/brands.ts';
import { npm } from '../support/npm.ts';
import { toHex } from '../support/oprf-engines.ts';
import { root } from '../support/paths.ts';
import { LEAKED } from '../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../support/worlds/oprf-world.ts';

const PACKAGES = ['@cloudflare/voprf-ts@1.0.0', '@noble/curves@1.5.0', '@noble/hashes@1.4.0'];
const INPUTS = ['61', '', '00ff', 'c3a9'.repeat(300)];

let folder: string;
let world: OprfWorld;
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-voprf-'));
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
  await npm(['install', ...PACKAGES, '--ignore-scripts', '--no-audit', '--no-fund'], folder);
  fs.copyFileSync(path.join(root, 'test/support/programs/voprf-client.cjs'), path.join(folder, 'client.cjs'));
  world = await createOprfWorld({ pairs: [LEAKED] });
}, 600_000);
afterAll(async () => {
  await world.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

function ask(url: string, isSwapped: boolean): Promise<object> {
  const publicKey = toHex(world.made.key.publicKey ?? new Uint8Array());
  return new Promise((resolve, reject) => {
    const client = execFile(process.execPath, ['client.cjs'], { cwd: folder }, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout) as object),
    );
    client.stdin?.end(JSON.stringify({ url, publicKey, inputs: INPUTS, isSwapped }));
  });
}

test('a verifiable client of another maker gets the same outputs, and refuses exchanged answers', async () => {
  const outputs = INPUTS.map((hex) =>
    toHex(world.made.suite.evaluate(Buffer.from(hex, 'hex') as Uint8Array as PrivateInput)),
  );
  expect(await ask(world.url, false)).toEqual({ outputs });
  expect(await ask(world.url, true)).toEqual({ error: 'proof failed' });
});
