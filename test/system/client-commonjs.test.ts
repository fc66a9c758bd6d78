// The packed client in CommonJS projects: Jest 29 without configuration, Node 22 and 24, TypeScript
// 5 with each module resolution. Jest, TypeScript 5, the frameworks and Node 22 come from the npm
// registry.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { InstalledClient } from '../support/client/packed-client.ts';
import { test as packedTest } from '../support/client/packed-fixture.ts';
import { npm } from '../support/npm.ts';
import { keyPinOf } from '../support/pins.ts';
import { LEAKED, STRANGER } from '../support/worlds/client-world.ts';

const run = promisify(execFile);
const PACKAGES = ['jest@29', 'typescript@5.9', 'express@5', '@types/express@5', 'fastify@5', 'hono@4'];
const PEERS = ['libsodium-wrappers-sumo@^0.8.4', 'better-auth@1'];

const test = packedTest.extend<{ readonly project: InstalledClient }>({
  /** A CommonJS project, with no "type" and no configuration of Jest. */
  project: [
    async ({ installed }, use) => {
      const packages = [...PACKAGES, ...PEERS];
      const options = ['--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'];
      await npm(['install', ...packages, ...options], installed.folder);
      installed.write('package.json', JSON.stringify({ name: 'consumer', private: true }));
      await use(installed);
    },
    { scope: 'file' },
  ],
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

const TITLE = 'Jest 29 without configuration requires the client on Node %i';
test.for([22, 24])(TITLE, async (major, { project, world, oprf, node22 }) => {
  const binary = major === 22 ? node22 : process.execPath;
  expect((await run(binary, ['--version'])).stdout).toMatch(new RegExp(`^v${major}\\.`));
  project.write('leaks.test.js', JEST_TEST);
  const input = {
    keyed: { url: world.url, ...keyPinOf(world.made) },
    oblivious: { url: oprf.url, ...oprf.pin },
    leaked: LEAKED,
    stranger: STRANGER,
  };
  const env = { ...process.env, NODE_OPTIONS: '', CREDVEIL_INPUT: JSON.stringify(input) };
  const { stderr } = await run(binary, ['node_modules/jest/bin/jest.js'], { cwd: project.folder, env });
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

const checker = createLeakChecker({ url: 'https://leaks.example.org', trust: 'k', engine: createSodiumOprf() });
export const all = [better({ checker }), express(checker), fastify, fetched(checker), hono(checker), leakProxy, createFileSource('f')];
export const check = async (): Promise<Verdict['status']> => (await checker.check({ password: 'p' })).status;
export const isOurs = (error: unknown): boolean => error instanceof LookupError && error.code === 'KEY_MALFORMED';
// @ts-expect-error a number is no password: the types are there
checker.check({ password: 7 });
`;

test.for([
  ['commonjs', 'node10', 'ts'],
  ['node16', 'node16', 'cts'],
  ['node16', 'node16', 'mts'],
  ['nodenext', 'nodenext', 'cts'],
  ['nodenext', 'nodenext', 'mts'],
  ['esnext', 'bundler', 'ts'],
] as const)(
  'TypeScript 5 finds all types with module %s and moduleResolution %s in a .%s file',
  async ([module, moduleResolution, extension], { project }) => {
    const name = `consumer-${moduleResolution}.${extension}`;
    project.write(name, CONSUMER);
    const config = project.write(
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
    const outcome = await run(process.execPath, tsc, { cwd: project.folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(outcome.stdout).toBe('');
  },
);
