// Every example in the documents of @credveil/client type-checks, runs and prints what it claims.

import fs from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test as base, expect } from 'vitest';
import { addClient } from '../../access/client-file.ts';
import { exportBloomFilter } from '../../cli/export-bloom.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { startServer } from '../../server/server.ts';
import { filterPath } from '../../store/snapshot/layout/snapshot-files.ts';
import { typeErrorsOf } from '../support/client/check-snippets.ts';
import { publicNames, readmeSnippets } from '../support/client/doc-snippets.ts';
import { type Outcome, type Place, runSnippet } from '../support/client/run-snippet.ts';
import { root } from '../support/paths.ts';
import { keyPinOf } from '../support/pins.ts';
import { watchTags } from '../support/vectors/watch.ts';
import { createClientWorld } from '../support/worlds/client-world.ts';
import { createOprfWorld } from '../support/worlds/oprf-world.ts';

const test = base.extend<{ place: Place }>({
  place: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from the pattern.
    async ({}, use) => {
      const keyed = await createClientWorld();
      const keyless = await createOprfWorld({});
      const file = path.join(path.dirname(keyed.made.folder), 'filter.json');
      const { sha256 } = await exportBloomFilter(keyed.made.folder, file);
      const copies = `${keyed.made.folder}.copies`;
      const clientKey = addClient(copies, 'copy', {}, { replica: true }).keyText as string;
      const copied = await startServer(keyed.made.folder, {
        port: 0,
        clientsFile: copies,
        quotaFile: `${copies}.quota`,
      });
      await use({
        url: keyed.url,
        key: keyPinOf(keyed.made).key,
        keylessUrl: keyless.url,
        trust: keyless.pin.trust,
        cache: `${keyed.made.folder}.replica`,
        from: { url: copied.url, clientKey },
        filterFile: filterPath(keyed.made.dataset, '000001'),
        watchKey: watchTags().publicKey,
        json: fs.readFileSync(file),
        sha256,
      });
      await copied.close();
      await keyed.close();
      await keyless.close();
    },
    { scope: 'file' },
  ],
});

const NAMES = publicNames();
const EXAMPLES = NAMES.flatMap(({ specifier, name, example: code }) =>
  code === undefined ? [] : [{ title: `${name} of ${specifier}`, code }],
);
/** All pages for callers. */
const PAGES = ['.', 'client-sdk', 'examples', 'docs'].flatMap((folder) =>
  fs
    .readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join(folder, name)),
);
const READMES = PAGES.flatMap(readmeSnippets);
const STRANGER = { username: 'nobody@credveil.invalid', password: 'never-leaked' };

type Credential = typeof STRANGER;

const post = (path: string, body: object): Request =>
  new Request(`http://localhost:3000${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Sends a credential to everything in a snippet that takes requests. @returns the statuses */
async function statusesOf(made: Outcome['made'], credential: Credential): Promise<number[]> {
  const { app, auth, login, POST, proxy } = made as Record<string, never>;
  const paths = ['/login', '/sign-up'];
  const answers: { status: number }[] = [];
  for (const handle of [login, POST, proxy] as (((request: Request) => Promise<Response>) | undefined)[])
    if (handle) answers.push(await handle(post('/login', credential)));
  if (auth) {
    const { username, password } = credential;
    // better-auth accepts only addresses of real domains.
    const body = { name: 'Ada', email: username.replace('credveil.invalid', 'example.com'), password };
    answers.push(await (auth as { handler: typeof fetch }).handler(post('/api/auth/sign-up/email', body)));
  }
  if (app && 'inject' in app) {
    const { inject } = app as { inject(o: object): Promise<{ statusCode: number }> };
    for (const url of paths) {
      const { statusCode: status } = await inject.call(app, { method: 'POST', url, payload: credential });
      answers.push({ status });
    }
  } else if (app && 'listen' in app) {
    const server = (app as { listen(port: number): Server }).listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    for (const path of paths) {
      const { headers, body } = post(path, credential);
      answers.push(
        await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers,
          body,
          duplex: 'half',
        } as RequestInit),
      );
    }
    server.close();
  } else if (app) {
    for (const path of paths) answers.push(await (app as { request: typeof fetch }).request(post(path, credential)));
  }
  return answers.map(({ status }) => status).filter((status) => status !== 404);
}

/** What `console.log(...); // text` claims to print. */
const claimsOf = (code: string): string[] =>
  [...code.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, text = '']) => text);

test('every public name has an example that imports it', () => {
  const without = NAMES.filter(({ name, example = '' }) => {
    const imported = [...example.matchAll(/^import (?:type )?\{([^}]*)\} from '@credveil\/client/gm)].flatMap(
      ([, list = '']) => list.split(',').map((item) => item.trim().replace(/^type /, '')),
    );
    return !imported.includes(name);
  });
  expect(without.map(({ specifier, name }) => `${name} of ${specifier}`)).toEqual([]);
  expect(NAMES.length).toBeGreaterThan(50);
});

test('every example and README snippet type-checks under --strict', async () => {
  expect(await typeErrorsOf([...EXAMPLES, ...READMES])).toBe('');
});

test.for([...EXAMPLES, ...READMES])('$title runs and prints what it claims', async ({ code }, { place }) => {
  const { made, printed, failures } = await runSnippet(code, place);
  expect(printed).toEqual(claimsOf(code));
  expect(printed.length).toBe(code.split('console.log(').length - 1);
  // Port 9 stands for a service that is down.
  if (!code.includes('http://127.0.0.1:9')) expect(failures).toEqual([]);
  const routes = /\.post\(|request\) =>|leakProxy\(|betterAuth\(/.test(code);
  for (const status of await statusesOf(made, CANARY)) expect([202, 409, 422]).toContain(status);
  const passed = await statusesOf(made, STRANGER);
  for (const status of passed) expect([200, 201]).toContain(status);
  if (routes && Object.values(made).some(Boolean)) expect(passed.length).toBeGreaterThan(0);
});
