// The adapter of the packed client in a real Next.js, built and started: in a route handler, and in
// the proxy before one.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SUITE_NAMES } from '../../protocol/suite.ts';
import { seededKey } from '../support/dataset.ts';
import { type AdapterWorld, createAdapterWorld, VERDICTS } from '../support/worlds/adapter-world.ts';

const root = path.join(import.meta.dirname, '../..');
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
export const POST = leakCheck(leaks)(async (request, context: { params: Promise<object> }) => {
  await context.params;
  const all = [...request.headers, ...(await headers())].filter(([name]) => name.includes('expos'));
  return Response.json({ status: request.leaks?.status, reason: request.leaks?.reason, all, body: await request.json() });
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

let home: string;

beforeAll(async () => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-next-'));
  for (const [name, text] of Object.entries(SOURCES)) {
    fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    fs.writeFileSync(path.join(home, name), text);
  }
  const packed = await run('npm', ['pack', '--json', '--pack-destination', home], {
    cwd: path.join(root, 'client-sdk'),
  });
  const { filename } = (JSON.parse(packed.stdout) as { filename: string }[])[0] ?? { filename: '' };
  const types = ['typescript@^5', '@types/react@^19', '@types/node@^24'];
  await run('npm', ['install', '--no-audit', '--no-fund', path.join(home, filename), ...NEXT, ...types], { cwd: home });
  // Next.js loads routes during the build: they create a checker, and send nothing.
  const options = { url: 'http://127.0.0.1:9', key: seededKey('hmac', 1).revealText() };
  await run(process.execPath, ['node_modules/next/dist/bin/next', 'build'], { cwd: home, env: environment(options) });
}, 600_000);
afterAll(() => fs.rmSync(home, { recursive: true, force: true }));

const environment = (options: object): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_ENV: 'production',
  NEXT_TELEMETRY_DISABLED: '1',
  CREDVEIL_OPTIONS: JSON.stringify(options),
});

describe.each(SUITE_NAMES)('the adapter for Next.js, under %s', (suite) => {
  let world: AdapterWorld;
  let next: ChildProcess;
  let url: string;
  beforeAll(async () => {
    world = await createAdapterWorld(suite);
    const options = { url: world.url, timeoutMs: 60_000, ...world.secret };
    const args = ['node_modules/next/dist/bin/next', 'start', '--port', '0', '--hostname', '127.0.0.1'];
    next = spawn(process.execPath, args, { cwd: home, env: environment(options), stdio: 'pipe' });
    const lines = readline.createInterface({ input: next.stdout as NodeJS.ReadableStream });
    url = await new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
        if (found) resolve(found);
      });
      next.once('close', () => reject(new Error('next did not start')));
    });
  });
  afterAll(async () => {
    next.kill('SIGTERM');
    await once(next, 'close');
    await world.close();
  });

  const send = (at: string, credential: object, method = 'POST'): Promise<Response> =>
    fetch(url + at, {
      method,
      headers: { 'content-type': 'application/json', 'exposed-credential-check': '9', exposed_credential_check: '9' },
      body: JSON.stringify(credential),
    });

  test.each(VERDICTS)('reports %s to a route handler, and behind the proxy', async (status, credential, value) => {
    const header = value ? ['exposed-credential-check', value] : undefined;
    const all = header ? [header, header] : [];
    expect(await (await send('/login', credential)).json()).toEqual({ status, all, body: credential });
    expect(await (await send('/proxied', credential)).json()).toEqual({ all, body: credential });
    const denied = ['pair', 'similar', 'password'].includes(status);
    const answer = await send('/login', credential, 'PUT');
    expect(answer.status).toBe(denied ? 422 : 200);
    expect(await answer.json()).toMatchObject(denied ? { code: 'PASSWORD_LEAKED' } : { at: '/login' });
  });
});
