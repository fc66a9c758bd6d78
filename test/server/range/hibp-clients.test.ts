// Unmodified Have I Been Pwned clients against a running server: they need only its address.

import { createRequire } from 'node:module';
import { matcherPwnedFactory } from '@zxcvbn-ts/matcher-pwned';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { haveIBeenPwned } from 'better-auth/plugins';
import { pwnedPassword, pwnedPasswordRange } from 'hibp';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { test as base, describe, expect } from 'vitest';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type HttpFront, send, startFront } from '../../support/http-front.ts';
import { perFile } from '../../support/per-file.ts';
import { makeRangeDataset, seededRanges, sha1Of } from '../../support/range-dataset.ts';

const LEAKED = 'Correct Horse 7 battery';
const LEAKED_TIMES = 3;
const CLEAN = 'never seen by anyone 81';

interface World {
  readonly server: CredveilServer;
  /** The same for listed clients only. */
  readonly guarded: CredveilServer;
  /** The key of a listed client. */
  readonly key: string;
  /** A server without hashes, as with a wrong address or a fault. */
  readonly broken: HttpFront;
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  // The ranges of both passwords also contain other hashes.
  const prefixes = [LEAKED, CLEAN].map((password) => sha1Of(password).slice(0, 5));
  const sha1 = seededRanges('sha1', prefixes, 900);
  const made = await makeRangeDataset({ sha1, passwords: Array.from({ length: LEAKED_TIMES }, () => LEAKED) });
  const clientsFile = `${clientFileFor(made.folder)}.listed`;
  const key = addClient(clientsFile, 'a', {}).keyText as string;
  const server = await startServer(made.folder, { port: 0 });
  const guarded = await startServer(made.folder, { port: 0, clientsFile });
  const answer = { status: 503, headers: {}, body: Buffer.of() };
  const broken = await startFront((_request, response) => send(response, answer));
  return {
    server,
    guarded,
    key,
    broken,
    async close() {
      for (const started of [server, guarded]) await started.close({ deadlineMs: 100 });
      await broken.close();
      made.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

describe('hibp', () => {
  test.for([true, false])(
    'hibp counts only a leaked password, with padding %s',
    async (addPadding, { world: { server } }) => {
      const options = { baseUrl: server.url, addPadding };
      expect(await pwnedPassword(LEAKED, options)).toBe(LEAKED_TIMES);
      expect(await pwnedPassword(CLEAN, options)).toBe(0);
    },
  );

  test('hibp reads NTLM ranges, empty ranges and the error for an invalid prefix', async () => {
    // Published everywhere as the NTLM hash of 123456.
    const ntlm = '32ED87BDB5FDC5E9CBA88547376818D4';
    const other = await makeRangeDataset({ passwords: ['123456'] });
    const started = await startServer(other.folder, { port: 0 });
    try {
      const { url: baseUrl } = started;
      expect(await pwnedPasswordRange('32ed8', { baseUrl, mode: 'ntlm' })).toEqual({ [ntlm.slice(5)]: 1 });
      expect(await pwnedPasswordRange('00000', { baseUrl })).toEqual({});
      const padded = await pwnedPasswordRange('00000', { baseUrl, addPadding: true });
      expect(Object.values(padded).every((count) => count === 0)).toBe(true);
      await expect(pwnedPasswordRange('0000g', { baseUrl })).rejects.toThrow('five hexadecimal digits');
    } finally {
      await started.close({ deadlineMs: 100 });
      other.dispose();
    }
  });
});

test('@zxcvbn-ts/matcher-pwned finds only a leaked password', async ({ world: { server } }) => {
  // The core version that this matcher depends on.
  const { zxcvbnAsync, zxcvbnOptions } = createRequire(import.meta.resolve('@zxcvbn-ts/matcher-pwned'))(
    '@zxcvbn-ts/core',
  );
  const failures: unknown[] = [];
  const matcher = matcherPwnedFactory(fetch, zxcvbnOptions, {
    url: `${server.url}/range/`,
    networkErrorHandler: (error) => {
      failures.push(error);
      return false;
    },
  });
  zxcvbnOptions.addMatcher('pwned', matcher);
  const pwned = async (password: string): Promise<number | undefined> => {
    const { sequence } = await zxcvbnAsync(password);
    return sequence.find(({ pattern }: { pattern: string }) => pattern === 'pwned')?.pwnedAmount;
  };
  expect(await pwned(LEAKED)).toBe(LEAKED_TIMES);
  expect(await pwned(CLEAN)).toBeUndefined();
  expect(failures).toEqual([]);
});

describe('Have I Been Pwned clients with client keys', () => {
  /** As in docs/hibp-clients.md: the matcher takes a fetch function that sends the key. */
  const pwnedAmount = async ({ guarded }: World, ask: typeof fetch): Promise<number | undefined> => {
    const require = createRequire(import.meta.resolve('@zxcvbn-ts/matcher-pwned'));
    const { zxcvbnOptions } = require('@zxcvbn-ts/core');
    const options = { url: `${guarded.url}/range/`, networkErrorHandler: () => false as const };
    const { Matching } = matcherPwnedFactory(ask, zxcvbnOptions, options);
    const [match] = (await new Matching().match({ password: LEAKED } as never)) as { pwnedAmount?: number }[];
    return match?.pwnedAmount;
  };

  test('the matcher works with a key, and without one hibp and the matcher report an error', async ({ world }) => {
    const { guarded, key } = world;
    const withKey: typeof fetch = (url, init) =>
      fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${key}` } });
    expect(await pwnedAmount(world, withKey)).toBe(LEAKED_TIMES);
    expect(await pwnedAmount(world, fetch)).toBeUndefined();
    await expect(pwnedPassword(LEAKED, { baseUrl: guarded.url })).rejects.toThrow();
  });
});

describe("better-auth's haveIBeenPwned", () => {
  const HIBP = 'https://api.pwnedpasswords.com';
  /**
   * Sends the plugin's requests to another server, as in docs/hibp-clients.md: the plugin has no
   * address setting, so the dispatcher redirects its requests.
   */
  const redirected = test.extend<{ readonly redirect: (url: string) => void }>({
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
    redirect: async ({}, use) => {
      const before = getGlobalDispatcher();
      await use((target) =>
        setGlobalDispatcher(
          new Agent().compose((dispatch) => (options, handler) => {
            if (String(options.origin) !== HIBP) throw new Error('a request to somewhere else');
            return dispatch({ ...options, origin: target }, handler);
          }),
        ),
      );
      await getGlobalDispatcher().close();
      setGlobalDispatcher(before);
    },
  });

  const signUp = (password: string) => {
    const auth = betterAuth({
      baseURL: 'http://127.0.0.1',
      secret: 'of a test, and long enough to be accepted',
      database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
      emailAndPassword: { enabled: true },
      logger: { disabled: true },
      plugins: [haveIBeenPwned()],
    });
    return auth.api.signUpEmail({ body: { name: 'Ada', email: 'ada@example.test', password } });
  };

  redirected(
    'better-auth rejects a leaked password at sign-up and accepts a clean one',
    async ({ world, redirect }) => {
      redirect(world.server.url);
      await expect(signUp(LEAKED)).rejects.toMatchObject({
        status: 'BAD_REQUEST',
        body: { code: 'PASSWORD_COMPROMISED' },
      });
      expect(await signUp(CLEAN)).toMatchObject({ user: { email: 'ada@example.test' } });
    },
  );

  redirected('better-auth rejects a sign-up if the server fails', async ({ world, redirect }) => {
    redirect(world.broken.url);
    await expect(signUp(CLEAN)).rejects.toMatchObject({ status: 'INTERNAL_SERVER_ERROR' });
  });
});
