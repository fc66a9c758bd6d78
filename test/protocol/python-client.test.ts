// A client written from PROTOCOL.md alone, in Python's standard library, gets the SDK's verdicts
// from a real server.

import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { createLeakChecker, type LeakCheckerOptions } from '../../client-sdk/index.ts';
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
import { type KeyPin, pinOf, type TrustPin } from '../support/pins.ts';

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

type Pin = KeyPin | TrustPin;

const askPython = async (url: string, pin: Pin, credentials: readonly Asked[], prove = false): Promise<Reply> =>
  (await askPythonClient({ url, ...pin, credentials, prove })) as Reply;

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

/** Changes the payload of an envelope without a new signature. */
const rewrite =
  (route: string, change: (payload: Record<string, unknown>) => void) => (answer: Answer, url: string) => {
    if (!url.startsWith(route)) return;
    const envelope = JSON.parse(answer.body.toString()) as { payload: string };
    const payload = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Record<string, unknown>;
    change(payload);
    envelope.payload = Buffer.from(JSON.stringify(payload)).toString('base64');
    answer.body = Buffer.from(JSON.stringify(envelope));
  };

interface World {
  /** The URL of the server. */
  readonly url: string;
  /** What clients of the dataset pin. */
  readonly pin: Pin;
  /** Options of the SDK's checker. */
  readonly sdk: LeakCheckerOptions;
  /** Asks for the leaked pair through a front that changes answers. */
  askSpoiled(change: (answer: Answer, url: string) => void, prove?: boolean): Promise<Reply>;
}

function createWorld(made: MadeDataset, url: string): World {
  const pin = pinOf(made);
  return {
    url,
    pin,
    sdk: { url, timeoutMs: 60_000, ...pin },
    async askSpoiled(change, prove = false) {
      const front = await startFront(async (request, response) => {
        const answer = await forward(url, request);
        change(answer, request.url ?? '');
        send(response, answer);
      });
      try {
        return await askPython(front.url, pin, [LEAKED], prove);
      } finally {
        await front.close();
      }
    },
  };
}

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
  test('the Python client returns the same verdicts as the SDK', async ({ world: { url, pin, sdk } }) => {
    expect(await askPython(url, pin, asked)).toEqual({ verdicts: expected });
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
        expect(await askPython(served.url, pinOf(one), credentials)).toEqual({
          verdicts: statuses.map((status) => ({ status })),
        });
      } finally {
        await served.close();
        one.dispose();
      }
    }
  });

  test('the Python client rejects an altered head or statement', async ({ world: { askSpoiled } }) => {
    const unchanged = (payload: Record<string, unknown>): void => void payload;
    expect(await askSpoiled(rewrite('/v1/head', unchanged))).toEqual({ verdicts: [{ status: 'pair' }] });
    const later = rewrite('/v1/head', (head) => Object.assign(head, { sequence: 9 }));
    expect(await askSpoiled(later)).toEqual({ error: 'HEAD_FORGED: by no key of this dataset' });
    const dropIndex = rewrite('/v1/statement/', ({ layers }) => {
      const [layer] = layers as { indexes: { account?: unknown } }[];
      delete layer?.indexes.account;
    });
    expect(await askSpoiled(dropIndex)).toEqual({ error: 'STATEMENT_FORGED: by another key' });
  });

  test('the Python client rejects an altered bucket', async ({ world: { askSpoiled } }) => {
    const flip = (answer: Answer, url: string): void => {
      const at = url.startsWith('/v1/account/') ? 7 : url.startsWith('/v1/lookup') ? 2 + 4 * 32 + 7 : undefined;
      if (at !== undefined) answer.body[at] = (answer.body[at] as number) ^ 1;
    };
    expect((await askSpoiled(flip)).error).toMatch(/^BODY_(FORGED|MALFORMED): /);
  });

  test('the Python client rejects an altered filter, and requests no bucket for a password absent from it', async ({
    world: { url, pin, askSpoiled },
  }) => {
    const flip = (answer: Answer, url: string): void => {
      if (url.startsWith('/v1/filter/')) answer.body[70] = (answer.body[70] as number) ^ 1;
    };
    expect(await askSpoiled(flip)).toEqual({ error: 'FILTER_FORGED: not the filter of the statement' });
    const paths: string[] = [];
    const front = await startFront(async (request, response) => {
      paths.push(request.url ?? '');
      send(response, await forward(url, request));
    });
    try {
      const credentials = [{ password: 'never seen' }, { password: NAMELESS }];
      const verdicts = [{ status: 'clean' }, { status: 'password' }];
      expect(await askPython(front.url, pin, credentials)).toEqual({ verdicts });
      expect(paths.filter((url) => url.startsWith('/v1/password/')).length).toBe(1);
    } finally {
      await front.close();
    }
  });

  test('the Python client rejects the pin of another dataset, and one that is malformed', async ({
    world: { url, pin },
  }) => {
    const other = await make({ suite, keySeed: 2, published: false });
    try {
      expect((await askPython(url, pinOf(other), [LEAKED])).error).toMatch(/^(HEAD|STATEMENT)_FORGED|DATASET_MISMATCH/);
      const spoiled = Object.fromEntries(Object.entries(pin).map(([name, line]) => [name, `${line.slice(0, -1)}!`]));
      expect(await askPython(url, spoiled as Pin, [LEAKED])).toEqual({ error: 'KEY_MALFORMED: not such a line' });
    } finally {
      other.dispose();
    }
  });

  test('the Python client answers similar where the SDK does', async () => {
    const similar = await make({
      suite,
      pairs: [{ username: 'ada@example.test', password: 'Summer2023!' }],
      similar: true,
    });
    const served = await start(similar);
    try {
      const credentials = ['Summer2024', 'summer2023!', 'Winter2023!'].map((password) => ({
        username: 'ada@example.test',
        password,
      }));
      const verdicts = ['similar', 'similar', 'username'].map((status) => ({ status }));
      expect(await askPython(served.url, pinOf(similar), credentials)).toEqual({ verdicts });
      const checker = createLeakChecker({ url: served.url, timeoutMs: 60_000, ...pinOf(similar) });
      const own = await Promise.all(credentials.map((credential) => checker.check(credential)));
      expect(own.map(({ status }) => ({ status }))).toEqual(verdicts);
    } finally {
      await served.close();
      similar.dispose();
    }
  });

  if (suite !== 'oprf') return;
  test('the Python client verifies the linear check or a proof, and rejects a wrong element, proof or evaluator', async ({
    world: { url, pin, askSpoiled },
  }) => {
    expect(await askPython(url, pin, [LEAKED], true)).toEqual({ verdicts: [{ status: 'pair' }] });
    const spoil = (route: string, change: (body: Buffer) => void) => (answer: Answer, url: string) => {
      if (url.startsWith(route)) change(answer.body);
    };
    const flip = (at: number) => (body: Buffer) => {
      body[at] = (body[at] as number) ^ 1;
    };
    expect(await askSpoiled(spoil('/v1/prove', flip(1)), true)).toEqual({ error: 'PROOF_WRONG: proof' });
    expect(await askSpoiled(spoil('/v1/prove', flip(40)), true)).toEqual({ error: 'PROOF_WRONG: proof' });
    expect(await askSpoiled(spoil('/v1/lookup', (body) => body.fill(0, 2, 34)))).toEqual({
      error: 'ELEMENT_MALFORMED: identity',
    });
    expect(await askSpoiled(spoil('/v1/lookup', (body) => body.fill(0xff, 2, 34)))).toEqual({
      error: 'ELEMENT_MALFORMED: not canonical',
    });
    // A valid element, but the wrong one, as from an evaluator with another key.
    const wrong = Buffer.from('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76', 'hex');
    for (const at of [0, 1, 2, 3])
      expect(await askSpoiled(spoil('/v1/lookup', (body) => wrong.copy(body, 2 + 32 * at)))).toEqual({
        error: 'KEY_MISMATCH: linear check',
      });
    expect(
      await askSpoiled(
        spoil('/v1/lookup', (body) => wrong.copy(body, 2)),
        true,
      ),
    ).toEqual({ error: 'PROOF_WRONG: proof' });
  });
});
