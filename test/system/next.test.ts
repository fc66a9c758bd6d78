// The adapter of the packed client in a real Next.js, built and started: in a route handler, and in
// the proxy before one.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { promisify } from 'node:util';
import { test as base, describe, expect } from 'vitest';
import type { DatasetId } from '../../protocol/brands.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { seededKey } from '../support/dataset.ts';
import { npm, pack } from '../support/npm.ts';
import { root } from '../support/paths.ts';
import { perFile } from '../support/per-file.ts';
import { createAdapterWorld, VERDICTS } from '../support/worlds/adapter-world.ts';

const run = promisify(execFile);
/** The version that the adapter was written against. */
const NEXT = ['next@^16.4.0', 'react@^19', 'react-dom@^19'];

/** Typed, so that `next build` also checks the package's types. */
const SOURCES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'app', private: true, type: 'module' }),
  'leaks.ts': `import { createLeakChecker, type LeakCheckerOptions } from '@credveil/client';
const options: LeakCheckerOptions = JSON.parse(process.env.CREDVEIL_OPTIONS ?? '{}');
export const leaks = createLeakChecker(options);`,
  'proxy.ts': `import { NextResponse } from 'next/server';
import { leakProxy } from '@credveil/client/next';
import { leaks } from './leaks';
export const proxy = leakProxy(leaks, { next: NextResponse.next });
export const config = { matcher: '/proxied' };`,
  'app/layout.tsx': `export default function Layout({ children }: { children: React.ReactNode }) {
  return <html lang="en"><body>{children}</body></html>;
}`,
  'app/page.tsx': 'export default function Page() { return <p>home</p>; }',
  'app/login/route.ts': `import { headers } from 'next/headers';
import { leakCheck } from '@credveil/client/next';
import type { NextRequest } from 'next/server';
import { leaks } from '../../leaks';
export const dynamic = 'force-dynamic';
export const POST = leakCheck(leaks, { eager: true })(async (request, context: { params: Promise<object> }) => {
  await context.params;
  const all = [...request.headers, ...(await headers())].filter(([name]) => name.includes('expos'));
  const { status, reason } = await request.leaks();
  return Response.json({ status, reason, all, body: await request.json() });
});
export const PUT = leakCheck(leaks, { mode: 'deny' })(async (request: NextRequest) =>
  Response.json({ at: request.nextUrl.pathname }),
);`,
  'app/proxied/route.ts': `import { headers } from 'next/headers';
export const POST = async (request: Request) => {
  const all = [...request.headers, ...(await headers())].filter(([name]) => name.includes('expos'));
  return Response.json({ all, body: await request.json() });
};`,
};

const environment = (options: object): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_ENV: 'production',
  NEXT_TELEMETRY_DISABLED: '1',
  CREDVEIL_OPTIONS: JSON.stringify(options),
});

/** A folder with the built application. */
async function buildApplication(): Promise<string> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-next-'));
  for (const [name, text] of Object.entries(SOURCES)) {
    fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    fs.writeFileSync(path.join(home, name), text);
  }
  const tarball = await pack(path.join(root, 'client-sdk'), home);
  const types = ['typescript@^5', '@types/react@^19', '@types/node@^24'];
  await npm(['install', '--no-audit', '--no-fund', tarball, ...NEXT, ...types], home);
  // Next.js loads routes during the build: they create a checker, and send nothing.
  const options = { url: 'http://127.0.0.1:9', key: seededKey('hmac', 1).revealPin('0123456789abcdef' as DatasetId) };
  await run(process.execPath, ['node_modules/next/dist/bin/next', 'build'], { cwd: home, env: environment(options) });
  return home;
}

/** Starts the application, with a checker of these options. */
async function startNext(home: string, options: object) {
  const args = ['node_modules/next/dist/bin/next', 'start', '--port', '0', '--hostname', '127.0.0.1'];
  const next = spawn(process.execPath, args, { cwd: home, env: environment(options), stdio: 'pipe' });
  const lines = readline.createInterface({ input: next.stdout });
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (found) resolve(found);
    });
    next.once('close', () => reject(new Error('next did not start')));
  });
  return {
    url,
    async stop() {
      next.kill('SIGTERM');
      await once(next, 'close');
    },
  };
}

const builtTest = base.extend<{ readonly home: string }>({
  home: perFile(buildApplication, (home) => fs.rmSync(home, { recursive: true, force: true })),
});

/** Sends a credential to the application. */
type Send = (at: string, credential: object, method?: string) => Promise<Response>;

const suiteTest = (suite: SuiteName) =>
  builtTest.extend<{ readonly url: string; readonly send: Send }>({
    url: [
      async ({ home }, use) => {
        const world = await createAdapterWorld(suite);
        const next = await startNext(home, { url: world.url, timeoutMs: 60_000, ...world.pin });
        await use(next.url);
        await next.stop();
        await world.close();
      },
      { scope: 'file' },
    ],
    send: async ({ url }, use) => {
      const headers = {
        'content-type': 'application/json',
        'exposed-credential-check': '9',
        exposed_credential_check: '9',
      };
      await use((at, credential, method = 'POST') =>
        fetch(url + at, { method, headers, body: JSON.stringify(credential) }),
      );
    },
  });
const SUITES = SUITE_NAMES.map((suite) => ({ suite, test: suiteTest(suite) }));

describe.each(SUITES)('the adapter for Next.js, under $suite', ({ test }) => {
  test.for(VERDICTS)(
    'the adapter reports %s to a route handler, and behind the proxy',
    async ([status, credential, value], { send }) => {
      const header = value ? ['exposed-credential-check', value] : undefined;
      const all = header ? [header, header] : [];
      expect(await (await send('/login', credential)).json()).toEqual({ status, all, body: credential });
      expect(await (await send('/proxied', credential)).json()).toEqual({ all, body: credential });
      const denied = ['pair', 'similar', 'password'].includes(status);
      const answer = await send('/login', credential, 'PUT');
      expect(answer.status).toBe(denied ? 422 : 200);
      expect(await answer.json()).toMatchObject(denied ? { code: 'PASSWORD_LEAKED' } : { at: '/login' });
    },
  );
});
