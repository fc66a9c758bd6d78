// A client written from PROTOCOL.md alone, in Python's standard library, gets the SDK's verdicts
// from a real server.

import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { createLeakChecker, type LeakCheckerOptions } from '../../client-sdk/index.ts';
import { formatPublicKey } from '../../protocol/keys.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { askPythonClient, hasPython } from '../support/client/python-client.ts';
import {
  type MadeDataset,
  type MakeDatasetOptions,
  makeDataset,
  seededPairs,
  seededPasswords,
} from '../support/dataset.ts';
import { type Answer, forward, send, startFront } from '../support/http-front.ts';
import { pinOf } from '../support/pins.ts';

if (!hasPython)
  console.warn('SKIPPED: there is no python3 on this machine, so the client from PROTOCOL.md did not run');

interface Asked {
  readonly username?: string;
  readonly password?: string;
}

interface Reply {
  readonly verdicts?: readonly { readonly status: string }[];
  readonly error?: string;
}

const askPython = async (url: string, key: string, credentials: readonly Asked[], prove = false): Promise<Reply> =>
  (await askPythonClient({ url, key, credentials, prove })) as Reply;

const LEAKED = { username: 'Ada@Example.test', password: 'Correct Horse 7' };
const UNICODE = { username: '\u3000Bob.\u212aelly\u03a3@Example.TEST\u00a0', password: ' Cafe\u0301 2 \u{1f511}' };
const NAMELESS = 'only-a-password';

/** Credentials, and the status that both clients must return. */
const QUESTIONS: readonly (readonly [Asked, string])[] = [
  [LEAKED, 'pair'],
  [{ username: ' ADA@EXAMPLE.TEST\t', password: LEAKED.password }, 'pair'],
  [UNICODE, 'pair'],
  [{ username: 'bob.kelly\u03c2@example.test', password: ' Caf\u00e9 2 \u{1f511}' }, 'pair'],
  [{ username: CANARY.username, password: CANARY.password }, 'pair'],
  [{ username: 'nobody@example.test', password: NAMELESS }, 'password'],
  [{ username: LEAKED.username, password: NAMELESS }, 'password'],
  [{ username: LEAKED.username, password: 'correct horse 7' }, 'username'],
  [{ username: LEAKED.username, password: '' }, 'username'],
  [{ username: LEAKED.username }, 'username'],
  [{ password: NAMELESS }, 'password'],
  [{ password: 'never seen' }, 'clean'],
  [{ username: '', password: 'never seen' }, 'clean'],
  [{ username: 'nobody@example.test', password: 'never seen' }, 'clean'],
  [{ username: 'lone\ud800surrogate', password: 'never\udc00seen' }, 'clean'],
  [{ username: ' ' }, 'unknown'],
  [{ password: '' }, 'unknown'],
  ...seededPairs(20).map((pair) => [{ username: pair.username, password: pair.password }, 'pair'] as const),
  ...seededPairs(10, 99).map((pair) => [{ username: pair.username, password: pair.password }, 'clean'] as const),
];
const asked = QUESTIONS.map(([credential]) => credential);
const expected = QUESTIONS.map(([, status]) => ({ status }));

const rewriteConfig = (rewrite: (config: Record<string, unknown>) => void) => (answer: Answer, url: string) => {
  if (url !== '/v1/config') return;
  const config = JSON.parse(answer.body.toString()) as Record<string, unknown>;
  rewrite(config);
  answer.body = Buffer.from(JSON.stringify(config));
};

interface World {
  /** The URL of the server. */
  readonly url: string;
  /** The key that clients of the dataset have, as text. */
  readonly key: string;
  /** Options of the SDK's checker. */
  readonly sdk: LeakCheckerOptions;
  /** Asks for the leaked pair through a front that changes answers. */
  askSpoiled(change: (answer: Answer, url: string) => void, prove?: boolean): Promise<Reply>;
}

function createWorld(made: MadeDataset, url: string): World {
  const key = keyTextOf(made);
  return {
    url,
    key,
    sdk: { url, timeoutMs: 60_000, ...pinOf(made) },
    async askSpoiled(change, prove = false) {
      const front = await startFront(async (request, response) => {
        const answer = await forward(url, request);
        change(answer, request.url ?? '');
        send(response, answer);
      });
      try {
        return await askPython(front.url, key, [LEAKED], prove);
      } finally {
        await front.close();
      }
    },
  };
}

const keyTextOf = ({ key }: MadeDataset): string => (key.publicKey ? formatPublicKey(key.publicKey) : key.revealText());

const start = ({ folder, key }: MadeDataset): Promise<CredveilServer> =>
  startServer(folder, { port: 0, ...(key.publicKey && { key }) });
const make = async (options: MakeDatasetOptions): Promise<MadeDataset> =>
  makeDataset({ oprf: await createSodiumOprf(), ...options });

const suiteTest = (suite: SuiteName) =>
  base.extend<{ readonly world: World }>({
    world: [
      // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
      async ({}, use) => {
        const passwords = [NAMELESS, ...seededPasswords(50)];
        const pairs = [LEAKED, UNICODE, ...seededPairs(100)];
        const made = await make({ suite, pairs, passwords, metadataBytes: 3 });
        const server = await start(made);
        await use(createWorld(made, server.url));
        await server.close();
        made.dispose();
      },
      { scope: 'file' },
    ],
  });
const SUITES = SUITE_NAMES.map((suite) => ({ suite, test: suiteTest(suite) }));

describe.skipIf(!hasPython).each(SUITES)('the client from PROTOCOL.md, suite $suite', ({ suite, test }) => {
  test('the Python client returns the same verdicts as the SDK', async ({ world: { url, key, sdk } }) => {
    expect(await askPython(url, key, asked)).toEqual({ verdicts: expected });
    const checker = createLeakChecker(sdk);
    const verdicts = await Promise.all(asked.map((credential) => checker.check(credential)));
    expect(verdicts.map(({ status }) => ({ status }))).toEqual(expected);
  });

  test('the Python client queries a dataset with one index and without metadata', async () => {
    for (const index of ['account', 'password'] as const) {
      const one = await make({ suite, pairs: [LEAKED], indexes: [index], metadataBytes: 0 });
      const served = await start(one);
      try {
        const credentials = [
          LEAKED,
          { username: LEAKED.username },
          { password: LEAKED.password },
          seededPairs(1, 7)[0] ?? {},
        ];
        const statuses =
          index === 'account' ? ['pair', 'username', 'unknown', 'clean'] : ['password', 'unknown', 'password', 'clean'];
        expect(await askPython(served.url, keyTextOf(one), credentials)).toEqual({
          verdicts: statuses.map((status) => ({ status })),
        });
      } finally {
        await served.close();
        one.dispose();
      }
    }
  });

  test('the Python client rejects an altered config and ignores unknown members', async ({ world: { askSpoiled } }) => {
    expect(await askSpoiled(rewriteConfig((config) => Object.assign(config, { later: 1 })))).toEqual({
      verdicts: [{ status: 'pair' }],
    });
    const dropIndex = rewriteConfig((config) => {
      config.indexes = { password: (config.indexes as Record<string, unknown>).password };
    });
    expect(await askSpoiled(dropIndex)).toEqual({ error: 'config: seal' });
    expect(await askSpoiled(rewriteConfig((config) => Object.assign(config, { sources: [] })))).toEqual({
      error: 'config: seal',
    });
    expect(await askSpoiled(rewriteConfig((config) => delete config.seal))).toEqual({ error: 'config: seal' });
  });

  test('the Python client rejects an altered bucket', async ({ world: { askSpoiled } }) => {
    const flip = (answer: Answer, url: string): void => {
      const at = url.startsWith('/v1/account/') ? 7 : url.startsWith('/v1/lookup') ? 2 + 4 * 32 + 7 : undefined;
      if (at !== undefined) answer.body[at] = (answer.body[at] as number) ^ 1;
    };
    expect((await askSpoiled(flip)).error).toMatch(/^body: /);
  });

  test('the Python client rejects an altered filter, and requests no bucket for a password absent from it', async ({
    world: { url, key, askSpoiled },
  }) => {
    const flip = (answer: Answer, url: string): void => {
      if (url.startsWith('/v1/filter/')) answer.body[70] = (answer.body[70] as number) ^ 1;
    };
    expect(await askSpoiled(flip)).toEqual({ error: 'filter: seal' });
    const paths: string[] = [];
    const front = await startFront(async (request, response) => {
      paths.push(request.url ?? '');
      send(response, await forward(url, request));
    });
    try {
      const credentials = [{ password: 'never seen' }, { password: NAMELESS }];
      const verdicts = [{ status: 'clean' }, { status: 'password' }];
      expect(await askPython(front.url, key, credentials)).toEqual({ verdicts });
      expect(paths.filter((url) => url.startsWith('/v1/password/')).length).toBe(1);
    } finally {
      await front.close();
    }
  });

  test('the Python client rejects the key of another dataset', async ({ world: { url, key } }) => {
    const other = await make({ suite, keySeed: 2, published: false });
    try {
      expect(await askPython(url, keyTextOf(other), [LEAKED])).toEqual({ error: 'config: another key' });
      expect(await askPython(url, `${key.slice(0, -1)}!`, [LEAKED])).toEqual({ error: 'key: malformed' });
    } finally {
      other.dispose();
    }
  });

  if (suite !== 'oprf') return;
  test('the Python client verifies the linear check or a proof, and rejects a wrong element, proof or evaluator', async ({
    world: { url, key, askSpoiled },
  }) => {
    expect(await askPython(url, key, [LEAKED], true)).toEqual({ verdicts: [{ status: 'pair' }] });
    const spoil = (route: string, change: (body: Buffer) => void) => (answer: Answer, url: string) => {
      if (url.startsWith(route)) change(answer.body);
    };
    const flip = (at: number) => (body: Buffer) => {
      body[at] = (body[at] as number) ^ 1;
    };
    expect(await askSpoiled(spoil('/v1/prove', flip(1)), true)).toEqual({ error: 'proof' });
    expect(await askSpoiled(spoil('/v1/prove', flip(40)), true)).toEqual({ error: 'proof' });
    expect(await askSpoiled(spoil('/v1/lookup', (body) => body.fill(0, 2, 34)))).toEqual({
      error: 'element: identity',
    });
    expect(await askSpoiled(spoil('/v1/lookup', (body) => body.fill(0xff, 2, 34)))).toEqual({
      error: 'element: not canonical',
    });
    // A valid element, but the wrong one, as from an evaluator with another key.
    const wrong = Buffer.from('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76', 'hex');
    for (const at of [0, 1, 2, 3])
      expect(await askSpoiled(spoil('/v1/lookup', (body) => wrong.copy(body, 2 + 32 * at)))).toEqual({
        error: 'linear check',
      });
    expect(
      await askSpoiled(
        spoil('/v1/lookup', (body) => wrong.copy(body, 2)),
        true,
      ),
    ).toEqual({ error: 'proof' });
  });
});
