// A client written from PROTOCOL.md alone, in Python's standard library, gets the SDK's verdicts
// from a real server.

import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { createLeakChecker, type LeakCheckerOptions } from '../../client-sdk/index.ts';
import { formatPublicKey } from '../../protocol/keys.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import {
  type MadeDataset,
  type MakeDatasetOptions,
  makeDataset,
  seededPairs,
  seededPasswords,
} from '../support/dataset.ts';
import { type Answer, forward, send, startFront } from '../support/http-front.ts';
import { root } from '../support/paths.ts';

const script = path.join(root, 'test/python-client/credveil_client.py');
const hasPython = spawnSync('python3', ['--version']).status === 0;
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

/** Keys and credentials go to standard input, since every process can read a command line. */
function askPython(url: string, key: string, credentials: readonly Asked[], prove = false): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const python = execFile('python3', ['-I', script], (error, stdout, stderr) => {
      if (error) reject(new Error(`python3: ${stderr}`));
      else resolve(JSON.parse(stdout) as Reply);
    });
    python.stdin?.end(JSON.stringify({ url, key, credentials, prove }));
  });
}

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

describe.skipIf(!hasPython).each(SUITE_NAMES)('the client from PROTOCOL.md, suite %s', (suite: SuiteName) => {
  let made: MadeDataset;
  let server: CredveilServer;
  let key: string;
  let sdkKey: LeakCheckerOptions;
  const options = async (more: Partial<MakeDatasetOptions> = {}): Promise<MakeDatasetOptions> => ({
    suite,
    oprf: await createSodiumOprf(),
    ...more,
  });
  const start = (dataset: MadeDataset): Promise<CredveilServer> =>
    startServer(dataset.folder, { port: 0, ...(suite === 'oprf' && { key: dataset.key }) });
  const textOf = ({ key }: MadeDataset): string => (key.publicKey ? formatPublicKey(key.publicKey) : key.revealText());

  beforeAll(async () => {
    const passwords = [NAMELESS, ...seededPasswords(50)];
    made = await makeDataset(
      await options({ pairs: [LEAKED, UNICODE, ...seededPairs(100)], passwords, metadataBytes: 3 }),
    );
    server = await start(made);
    key = textOf(made);
    sdkKey = {
      url: server.url,
      timeoutMs: 60_000,
      ...(suite === 'oprf' ? { publicKey: key } : { key }),
    } as LeakCheckerOptions;
  });
  afterAll(async () => {
    await server?.close();
    made?.dispose();
  });

  test('gives the same verdicts as the SDK', async () => {
    expect(await askPython(server.url, key, asked)).toEqual({ verdicts: expected });
    const checker = createLeakChecker(sdkKey);
    const verdicts = await Promise.all(asked.map((credential) => checker.check(credential)));
    expect(verdicts.map(({ status }) => ({ status }))).toEqual(expected);
  });

  test('queries a dataset with one index and without metadata', async () => {
    for (const index of ['account', 'password'] as const) {
      const one = await makeDataset(await options({ pairs: [LEAKED], indexes: [index], metadataBytes: 0 }));
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
        expect(await askPython(served.url, textOf(one), credentials)).toEqual({
          verdicts: statuses.map((status) => ({ status })),
        });
      } finally {
        await served.close();
        one.dispose();
      }
    }
  });

  /** Asks through a front that changes answers. */
  const askSpoiled = async (change: (answer: Answer, url: string) => void, prove = false): Promise<Reply> => {
    const front = await startFront(async (request, response) => {
      const answer = await forward(server.url, request);
      change(answer, request.url ?? '');
      send(response, answer);
    });
    try {
      return await askPython(front.url, key, [LEAKED], prove);
    } finally {
      await front.close();
    }
  };
  const rewriteConfig = (rewrite: (config: Record<string, unknown>) => void) => (answer: Answer, url: string) => {
    if (url !== '/v1/config') return;
    const config = JSON.parse(answer.body.toString()) as Record<string, unknown>;
    rewrite(config);
    answer.body = Buffer.from(JSON.stringify(config));
  };

  test('rejects an altered config and ignores unknown members', async () => {
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

  test('rejects an altered bucket', async () => {
    const flip = (answer: Answer, url: string): void => {
      const at = url.startsWith('/v1/account/') ? 7 : url.startsWith('/v1/lookup') ? 2 + 4 * 32 + 7 : undefined;
      if (at !== undefined) answer.body[at] = (answer.body[at] as number) ^ 1;
    };
    expect((await askSpoiled(flip)).error).toMatch(/^body: /);
  });

  test('rejects an altered filter, and sends no request for a password absent from the filter', async () => {
    const flip = (answer: Answer, url: string): void => {
      if (url.startsWith('/v1/filter/')) answer.body[70] = (answer.body[70] as number) ^ 1;
    };
    expect(await askSpoiled(flip)).toEqual({ error: 'filter: seal' });
    const paths: string[] = [];
    const front = await startFront(async (request, response) => {
      paths.push(request.url ?? '');
      send(response, await forward(server.url, request));
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

  test('rejects the key of another dataset', async () => {
    const other = await makeDataset(await options({ keySeed: 2, published: false }));
    try {
      expect(await askPython(server.url, textOf(other), [LEAKED])).toEqual({ error: 'config: another key' });
      expect(await askPython(server.url, `${key.slice(0, -1)}!`, [LEAKED])).toEqual({ error: 'key: malformed' });
    } finally {
      other.dispose();
    }
  });

  if (suite !== 'oprf') return;
  test('verifies the linear check or a proof, and rejects a wrong element, proof or evaluator', async () => {
    expect(await askPython(server.url, key, [LEAKED], true)).toEqual({ verdicts: [{ status: 'pair' }] });
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
