// @credveil/client as a new user gets it: packed by npm, installed into an empty project, imported
// and type-checked.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect } from 'vitest';
import { CHECK_MODULE, CHECK_SCRIPT } from '../support/client/consumer.ts';
import { test } from '../support/client/packed-fixture.ts';
import { root } from '../support/paths.ts';
import { keyPinOf } from '../support/pins.ts';
import { LEAKED, STRANGER, TIMEOUT_MS } from '../support/worlds/client-world.ts';

const tsc = path.join(root, 'node_modules/.bin/tsc');
const run = promisify(execFile);

type Conditions = string | { readonly [condition: string]: Conditions };

interface Manifest {
  readonly name: string;
  readonly main: string;
  readonly types: string;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Conditions>>;
}

const SUBPATHS = [
  'sodium',
  'node',
  'bloom-filters',
  'replica',
  'watch',
  'express',
  'fastify',
  'hono',
  'fetch',
  'next',
  'better-auth',
];
/** The subpaths that load without a peer dependency. */
const ALONE = SUBPATHS.filter((name) => name !== 'sodium' && name !== 'better-auth');

const targetsIn = (conditions: Conditions): string[] =>
  typeof conditions === 'string' ? [conditions] : Object.values(conditions).flatMap(targetsIn);

const readManifest = (folder: string): Manifest =>
  JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;

describe('the package that npm packs', () => {
  test('installs with @noble alone, without native code or install scripts', ({ installed }) => {
    const modules = path.join(installed.folder, 'node_modules');
    const packages = fs
      .globSync('{*,@*/*}/package.json', { cwd: modules })
      .map((file) => readManifest(path.join(modules, path.dirname(file))));
    expect(packages.map(({ name }) => name).sort()).toEqual(['@credveil/client', '@noble/curves', '@noble/hashes']);
    for (const { name, scripts = {} } of packages)
      expect(
        Object.keys(scripts).filter((script) => /^(pre|post)?install$/.test(script)),
        name,
      ).toEqual([]);
    const files = fs.readdirSync(modules, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /\.node$|binding\.gyp$|\.wasm$/.test(file))).toEqual([]);
  });

  test('contains every file that it needs, and no other', ({ installed }) => {
    const files = fs
      .readdirSync(installed.home, { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'));
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/client-sdk/index.d.ts']),
    );
    const rest = files.filter((file) => !/^(LICENSE|README\.md|package\.json|dist(\/.*)?)$/.test(file));
    expect(rest).toEqual([]);
    expect(files.filter((file) => /\.test\.|\.tsx?$/.test(file) && !file.endsWith('.d.ts'))).toEqual([]);
    const { exports, typesVersions, main, types } = readManifest(installed.home);
    expect(Object.keys(exports)).toEqual(['.', ...SUBPATHS.map((name) => `./${name}`)]);
    expect(Object.keys(typesVersions['*'])).toEqual(SUBPATHS);
    const targets = [main, types, ...targetsIn({ ...exports }), ...Object.values(typesVersions['*']).flat()];
    for (const target of targets) expect(files, target).toContain(target.replace(/^\.\//, ''));
  });

  test('checks with and without a key', async ({ installed, world, oprf }) => {
    const keyed = { url: world.url, ...keyPinOf(world.made), timeoutMs: TIMEOUT_MS };
    const oblivious = { url: oprf.url, ...oprf.pin, timeoutMs: TIMEOUT_MS };
    for (const options of [keyed, oblivious]) {
      const input = { options, credentials: [LEAKED, STRANGER] };
      const verdicts = ['pair challenge', 'clean allow'];
      expect(await installed.runModule(CHECK_MODULE, { input })).toEqual(verdicts);
      expect(await installed.runScript(CHECK_SCRIPT, { input }), 'required').toEqual(verdicts);
      const args = ['--no-experimental-require-module'];
      expect(await installed.runScript(CHECK_SCRIPT, { input, args }), 'without require(esm)').toEqual(verdicts);
    }
  });

  const COUNT_COPIES = `
    const required = require('@credveil/client');
    const subpaths = ${JSON.stringify(ALONE)}.map((name) => typeof require('@credveil/client/' + name));
    import('@credveil/client').then((imported) => {
      let thrown;
      try { required.createLeakChecker({}); } catch (error) { thrown = error; }
      console.log(JSON.stringify({
        subpaths: new Set(subpaths).size === 1 && subpaths[0] === 'object',
        isSame: imported.LookupError === required.LookupError,
        instanceOf: [required, imported].map(({ LookupError }) => thrown instanceof LookupError),
        isOther: new Error() instanceof required.LookupError,
      }));
    });`;

  test.for([
    ['one copy of its classes', [], true],
    ['errors that both copies recognize where Node has no require(esm)', ['--no-experimental-require-module'], false],
  ] as const)('gives import and require %s', async ([_, args, isSame], { installed }) => {
    const counted = { subpaths: true, isSame, instanceOf: [true, true], isOther: false };
    expect(await installed.runScript(COUNT_COPIES, { args })).toEqual(counted);
  });

  test('carries the licences of the converted @noble packages', ({ installed }) => {
    for (const name of ['curves', 'hashes'])
      expect(fs.readFileSync(path.join(installed.home, 'dist/cjs/noble', name, 'LICENSE'), 'utf8')).toBe(
        fs.readFileSync(path.join(installed.folder, 'node_modules/@noble', name, 'LICENSE'), 'utf8'),
      );
  });

  test('imports no Node module anywhere in its core', async ({ installed }) => {
    // The bundler follows every import of the installed files, dynamic ones included.
    const { metafile } = await build({
      entryPoints: ['@credveil/client'],
      absWorkingDir: installed.folder,
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'neutral',
      external: ['node:*'],
    });
    const files = Object.keys(metafile.inputs);
    const ofPackage = (name: string): string[] => files.filter((file) => file.startsWith(`node_modules/${name}/`));
    expect(ofPackage('@credveil/client').length).toBeGreaterThan(40);
    expect(ofPackage('@noble/curves').length, 'the oprf suite included').toBeGreaterThan(3);
    expect(files).toHaveLength(['@credveil/client', '@noble/curves', '@noble/hashes'].flatMap(ofPackage).length);
    const imports = Object.entries(metafile.inputs).flatMap(([file, input]) =>
      input.imports.map((imported) => ({ file, ...imported })),
    );
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.filter(({ external, path: target }) => external || /^node:/.test(target))).toEqual([]);
  });
});

describe('the types of the package', () => {
  const CONSUMER = `
import {
  type Action,
  createLeakChecker,
  createPolicy,
  type LeakChecker,
  LookupError,
  type UnknownReason,
  type Verdict,
  type VerdictEvent,
} from '@credveil/client';
import { createSodiumOprf } from '@credveil/client/sodium';

const counts = new Map<string, number>();
const leaks: LeakChecker = createLeakChecker({
  url: new URL('https://leaks.example.org'),
  key: 'credveil-hmac-2.0123456789abcdef.secret',
  timeoutMs: 200,
  circuitBreaker: { failures: 3, coolDownMs: 2_000 },
  bucketCacheBytes: 2 ** 20,
  policy: { pair: 'deny', username: 'challenge', minTimesSeen: { password: 10 }, onError: 'allow' },
  onVerdict({ status, durationMs }: VerdictEvent) {
    counts.set(status, durationMs);
  },
});
createLeakChecker({ url: 'https://leaks.example.org', trust: 'x', engine: createSodiumOprf() });
const signUp = createPolicy({ password: 'deny', onError: 'deny' });

export async function logIn(username: string, password: string, passwordChangedAt: Date | null): Promise<Action> {
  try {
    const verdict: Verdict = await leaks.check({ username, password }, { passwordChangedAt, signal: AbortSignal.timeout(50) });
    const { pair } = verdict.signals;
    if (pair.result === 'found' && (pair.timesSeen ?? 1) > 1) return 'deny';
    if (pair.result === 'unknown') {
      const reason: UnknownReason = pair.reason;
      counts.set(reason, 1);
    }
    switch (verdict.status) {
      case 'pair':
      case 'similar':
      case 'password':
      case 'username':
      case 'clean':
      case 'unknown':
        return signUp(verdict).action;
    }
  } catch (error) {
    if (error instanceof LookupError && error.code === 'ARGUMENT_MALFORMED') return 'allow';
    throw error;
  }
}

// @ts-expect-error one of the keys is needed
createLeakChecker({ url: 'https://leaks.example.org' });
// @ts-expect-error no such option
createLeakChecker({ url: 'https://leaks.example.org', key: 'k', publicKey: 'p' });
// @ts-expect-error no such action
createPolicy({ pair: 'block' });
`;

  test.for([
    ['node16', 'node16', 'ts'],
    ['node16', 'node16', 'cts'],
    ['nodenext', 'nodenext', 'ts'],
    ['nodenext', 'nodenext', 'cts'],
    ['esnext', 'bundler', 'ts'],
  ] as const)(
    'hold with module %s and moduleResolution %s in a .%s file',
    async ([module, moduleResolution, extension], { installed }) => {
      const name = `consumer-${moduleResolution}.${extension}`;
      installed.write(name, CONSUMER);
      const config = installed.write(
        `tsconfig.${moduleResolution}-${extension}.json`,
        JSON.stringify({
          compilerOptions: {
            module,
            moduleResolution,
            target: 'es2022',
            lib: ['es2022', 'dom'],
            types: [],
            strict: true,
            noEmit: true,
            exactOptionalPropertyTypes: true,
            // Also check the package's own declarations.
            skipLibCheck: false,
          },
          files: [name],
        }),
      );
      const outcome = await run(tsc, ['-p', config]).catch((error: { stdout: string }) => error);
      expect(outcome.stdout).toBe('');
    },
  );
});
