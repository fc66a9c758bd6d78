// The published build of @credveil/client: it needs nothing of Node, and runs without Node.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import type { Pair } from '../support/dataset.ts';
import { program, root } from '../support/paths.ts';
import { perFile } from '../support/per-file.ts';
import { keyPinOf } from '../support/pins.ts';
import { clientTest } from '../support/worlds/client-fixture.ts';
import { type ClientWorld, LEAKED, STRANGER, TIMEOUT_MS } from '../support/worlds/client-world.ts';
import { createOprfWorld } from '../support/worlds/oprf-world.ts';

const ADAPTERS = ['express', 'fastify', 'hono', 'fetch', 'next', 'better-auth'];
/** What runs in Node alone; the rest of a replica is part of every checker. */
const OF_NODE =
  /^client-sdk.(node|replica.(download|files|folder|inspect|lock|ownership|pull|reading|replica|slots))\./;
const run = promisify(execFile);

interface Fixtures {
  readonly world: ClientWorld;
  /** The folder of the build. */
  readonly built: string;
}

async function buildClient(): Promise<string> {
  // Below the root, so that type declarations and @noble resolve as in an installed package.
  fs.mkdirSync(path.join(root, '.tmp'), { recursive: true });
  const built = fs.mkdtempSync(path.join(root, '.tmp', 'client-'));
  const tsc = path.join(root, 'node_modules/.bin/tsc');
  // The Node entry point is a separate project: the rest compiles without the types of Node.
  for (const project of ['build', 'node'])
    await run(tsc, ['-p', path.join(root, `client-sdk/tsconfig.${project}.json`), '--outDir', built]);
  return built;
}

const test = clientTest().extend<Pick<Fixtures, 'built'>>({
  built: perFile(buildClient, (built) => fs.rmSync(built, { recursive: true, force: true })),
});

interface BareResult {
  readonly verdict: { readonly status: string; readonly reason?: string };
  readonly modules: readonly string[];
}

async function checkInBareRealm({ world, built }: Fixtures, credential: Pair): Promise<BareResult> {
  const script = program('bare-realm.ts');
  const entry = path.join(built, 'client-sdk/index.js');
  const node = ['--no-warnings', '--experimental-vm-modules', script];
  const child = run(process.execPath, [...node, entry]);
  child.child.stdin?.end(JSON.stringify({ url: world.url, ...keyPinOf(world.made), credential }));
  return JSON.parse((await child).stdout);
}

describe('the built package', () => {
  test('returns correct verdicts in a bare realm with a few web globals', async ({ world, built }) => {
    const { verdict, modules } = await checkInBareRealm({ world, built }, LEAKED);
    expect(verdict).toMatchObject({ status: 'pair' });
    expect(modules.filter((file) => file.includes('/protocol/')).length).toBeGreaterThan(5);
    expect(modules.filter((file) => file.includes('@noble/curves'))).toEqual([]);
    expect((await checkInBareRealm({ world, built }, STRANGER)).verdict).toMatchObject({ status: 'clean' });
  });

  test('checks without a key, on the lazily loaded curve and on libsodium', async ({ built }) => {
    const oprf = await createOprfWorld({ pairs: [LEAKED] });
    try {
      const entry = (name: string): string => pathToFileURL(path.join(built, 'client-sdk', name)).href;
      const { createLeakChecker }: typeof import('../../client-sdk/index.ts') = await import(entry('index.js'));
      const { createSodiumOprf }: typeof import('../../client-sdk/sodium.ts') = await import(entry('sodium.js'));
      const options = { url: oprf.url, ...oprf.pin, timeoutMs: TIMEOUT_MS };
      for (const checker of [
        createLeakChecker(options),
        createLeakChecker({ ...options, engine: createSodiumOprf() }),
      ]) {
        expect((await checker.check(LEAKED)).status).toBe('pair');
        expect((await checker.check(STRANGER)).status).toBe('clean');
      }
    } finally {
      await oprf.close();
    }
  });

  test('answers from a filter file', async ({ world, built }) => {
    const entry = (name: string): string => pathToFileURL(path.join(built, 'client-sdk', name)).href;
    const { createLeakChecker }: typeof import('../../client-sdk/index.ts') = await import(entry('index.js'));
    const { createFileSource }: typeof import('../../client-sdk/node.ts') = await import(entry('node.js'));
    const source = createFileSource(path.join(world.made.folder, 'snapshots', '000001.filter'));
    const leaks = createLeakChecker({ url: world.url, ...keyPinOf(world.made), passwordFilter: { source } });
    await leaks.loadFilter();
    expect((await leaks.check({ password: STRANGER.password })).status).toBe('clean');
  });

  test('imports only its own files and @noble, except in the entry points of other packages', ({ built }) => {
    const files = fs
      .readdirSync(built, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js') || name.endsWith('.d.ts'));
    expect(files.length).toBeGreaterThan(20);
    for (const name of files) {
      const text = fs.readFileSync(path.join(built, name), 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '');
      const allowed = name.startsWith('accel')
        ? /^(\.{1,2}\/|@noble\/|libsodium-wrappers-sumo$)/
        : OF_NODE.test(name)
          ? /^(\.{1,2}\/|node:)/
          : name === 'client-sdk/bloom-filters.js'
            ? /^(\.{1,2}\/|@noble\/|bloom-filters$)/
            : /^(\.{1,2}\/|@noble\/)/;
      const framework = /^client-sdk\/adapter\/([a-z-]+)\.(?:js|d\.ts)$/.exec(name)?.[1];
      for (const [, specifier = ''] of text.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
        const isOfFramework = framework !== undefined && ADAPTERS.includes(specifier.split('/')[0] ?? '');
        if (isOfFramework) expect(specifier.split('/')[0], name).toBe(framework);
        else expect(specifier, name).toMatch(allowed);
        // The adapters of Express, Fastify, Hono and Next.js load without their framework.
        if (isOfFramework && name.endsWith('.js')) expect(framework).toBe('better-auth');
        if (specifier.includes('/accel/')) expect(name).toMatch(/^client-sdk\/sodium\./);
      }
      if (name.includes('/replica/') && OF_NODE.test(name)) continue;
      expect(text, name).not.toMatch(/reference types="node"|\bprocess\.[a-z]|\bBuffer\b/);
    }
  });
});
