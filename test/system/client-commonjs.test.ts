// The packed client in CommonJS projects: Jest 29 without configuration, Node 22 and 24, TypeScript
// 5 with each module resolution. Jest, TypeScript 5, the frameworks and Node 22 come from the npm
// registry.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InstalledClient, installClient } from '../support/client/packed-client.ts';
import { installNode, npm } from '../support/npm.ts';
import { type ClientWorld, createClientWorld, LEAKED, STRANGER } from '../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../support/worlds/oprf-world.ts';

const run = promisify(execFile);
const PACKAGES = ['jest@29', 'typescript@5.9', 'express@5', '@types/express@5', 'fastify@5', 'hono@4'];
const PEERS = ['libsodium-wrappers-sumo@^0.8.4', 'better-auth@1'];

let installed: InstalledClient;
let world: ClientWorld;
let oprf: OprfWorld;
let node22: string;
beforeAll(async () => {
  installed = await installClient();
  node22 = await installNode('22', path.join(installed.folder, 'node-22'));
  await npm(
    ['install', ...PACKAGES, ...PEERS, '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'],
    installed.folder,
  );
  // No "type": a CommonJS project, with no configuration of Jest.
  installed.write('package.json', JSON.stringify({ name: 'consumer', private: true }));
  world = await createClientWorld();
  oprf = await createOprfWorld({ pairs: [LEAKED] });
}, 600_000);
afterAll(async () => {
  await oprf?.close();
  await world?.close();
  installed?.dispose();
});

const JEST_TEST = `
const { createLeakChecker, LookupError } = require('@credveil/client');
const { createSodiumOprf } = require('@credveil/client/sodium');
const { keyed, oblivious, leaked, stranger } = JSON.parse(process.env.CREDVEIL_INPUT);

test.each(['express', 'fastify', 'hono', 'fetch', 'next', 'node'])('requires %s', (name) => {
  expect(typeof require('@credveil/client/' + name)).toBe('object');
});
test.each([
  ['a key', () => keyed],
  ['@noble/curves', () => oblivious],
  ['libsodium', () => ({ ...oblivious, engine: createSodiumOprf() })],
])('checks with %s', async (_, options) => {
  const leaks = createLeakChecker({ timeoutMs: 60000, ...options() });
  expect((await leaks.check(leaked)).status).toBe('pair');
  expect((await leaks.check(stranger)).status).toBe('clean');
  await expect(leaks.check({})).rejects.toBeInstanceOf(LookupError);
});
`;

test.each([
  [22, (): string => node22],
  [24, (): string => process.execPath],
])('Jest 29 without configuration requires the client on Node %i', async (major, binary) => {
  expect((await run(binary(), ['--version'])).stdout).toMatch(new RegExp(`^v${major}\\.`));
  installed.write('leaks.test.js', JEST_TEST);
  const input = {
    keyed: { url: world.url, key: world.made.key.revealText() },
    oblivious: { url: oprf.url, publicKey: oprf.publicKey },
    leaked: LEAKED,
    stranger: STRANGER,
  };
  const env = { ...process.env, NODE_OPTIONS: '', CREDVEIL_INPUT: JSON.stringify(input) };
  const { stderr } = await run(binary(), ['node_modules/jest/bin/jest.js'], { cwd: installed.folder, env });
  expect(stderr).toMatch(/Tests: +9 passed, 9 total/);
});

const CONSUMER = `
import { createLeakChecker, LookupError, type Verdict } from '@credveil/client';
import { leakCheck as better } from '@credveil/client/better-auth';
import { leakCheck as express } from '@credveil/client/express';
import { leakCheck as fastify } from '@credveil/client/fastify';
import { leakCheck as fetched } from '@credveil/client/fetch';
import { leakCheck as hono } from '@credveil/client/hono';
import { leakProxy } from '@credveil/client/next';
import { createFileSource } from '@credveil/client/node';
import { createSodiumOprf } from '@credveil/client/sodium';

const checker = createLeakChecker({ url: 'https://leaks.example.org', publicKey: 'k', engine: createSodiumOprf() });
export const all = [better({ checker }), express(checker), fastify, fetched(checker), hono(checker), leakProxy, createFileSource('f')];
export const check = async (): Promise<Verdict['status']> => (await checker.check({ password: 'p' })).status;
export const isOurs = (error: unknown): boolean => error instanceof LookupError && error.code === 'KEY_MALFORMED';
// @ts-expect-error a number is no password: the types are there
checker.check({ password: 7 });
`;

test.each([
  ['commonjs', 'node10', 'ts'],
  ['node16', 'node16', 'cts'],
  ['node16', 'node16', 'mts'],
  ['nodenext', 'nodenext', 'cts'],
  ['nodenext', 'nodenext', 'mts'],
  ['esnext', 'bundler', 'ts'],
])(
  'TypeScript 5 finds all types with module %s and moduleResolution %s in a .%s file',
  async (module, moduleResolution, extension) => {
    const name = `consumer-${moduleResolution}.${extension}`;
    installed.write(name, CONSUMER);
    const config = installed.write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution,
          target: 'es2022',
          lib: ['es2022', 'dom', 'dom.iterable'],
          types: ['node'],
          strict: true,
          noEmit: true,
          esModuleInterop: true,
          // better-auth and others have type errors under old resolutions.
          skipLibCheck: true,
        },
        files: [name],
      }),
    );
    const tsc = ['node_modules/typescript/bin/tsc', '-p', config];
    const outcome = await run(process.execPath, tsc, { cwd: installed.folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(outcome.stdout).toBe('');
  },
);
