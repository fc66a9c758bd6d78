// Every verdict and header value, from init to a checker, over both suites; and the test
// credentials.

import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { createLeakChecker, type LeakChecker, type Verdict } from '../../client-sdk/index.ts';
import { STATEMENT_KIND } from '../../protocol/signed/envelope.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { TEST_CREDENTIALS } from '../../protocol/test-credentials.ts';
import { startServer } from '../../server/server.ts';
import { openDataset } from '../../store/dataset.ts';
import { openKeyFile, writeKeyFile } from '../../store/key-file.ts';
import { isStatement, payloadOf } from '../support/client/restate.ts';
import { createWorkPlace, credveil, credveilJson, serveDataset, type WorkPlace } from '../support/credveil.ts';
import { type MadeDataset, type MakeDatasetOptions, makeDataset, seededKey, seededPairs } from '../support/dataset.ts';
import { type Answer, forward, send, startFront } from '../support/http-front.ts';
import { pinOf } from '../support/pins.ts';
import { fetchPublished } from '../support/signed/published.ts';
import { isAccount, LEAKED, STRANGER, TIMEOUT_MS } from '../support/worlds/client-world.ts';

const { username } = LEAKED;
const SIMILAR = { username, password: 'correct horse 79' };

/** Status, header value, and the results of pair, similar, password and username. */
function whole({ status, exposedCredentialCheck, signals }: Verdict): string {
  const { pair, similar, password, username: name } = signals;
  return [status, exposedCredentialCheck ?? '-', ...[pair, similar, password, name].map(({ result }) => result)].join(
    ' ',
  );
}

/** Serves a dataset to one checker, through a front that changes answers. */
async function withChecker(
  options: MakeDatasetOptions,
  use: (checker: LeakChecker, requests: readonly string[], made: MadeDataset) => Promise<void>,
  change: (answer: Answer, url: string) => void = () => {},
): Promise<void> {
  const oprf = await createSodiumOprf();
  const made = await makeDataset({ oprf, ...options });
  const secret = made.key.suite === 'oprf';
  const server = await startServer(made.folder, { port: 0, ...(secret && { key: made.key }) });
  const front = await startFront(async (request, response) => {
    const answer = await forward(server.url, request);
    change(answer, request.url ?? '');
    send(response, answer);
  });
  const key = pinOf(made);
  try {
    await use(
      createLeakChecker({ url: front.url, timeoutMs: TIMEOUT_MS, bucketCacheBytes: 0, ...key }),
      front.requests,
      made,
    );
  } finally {
    await front.close();
    await server.close();
    made.dispose();
  }
}

describe.each(SUITE_NAMES)('the command line, suite %s', (suite) => {
  let place: WorkPlace;
  let dataset: string;
  let keyFile: string;
  beforeAll(async () => {
    place = createWorkPlace();
    dataset = place.at('leaks');
    keyFile = `${dataset}.key`;
    // A short tag matches by chance in about one check of 700, so a random key would fail at times.
    writeKeyFile(keyFile, seededKey(suite, 1));
    await credveilJson(['init', dataset, '--suite', suite, '--similar', '--key-file', keyFile]);
    const combo = place.write('combo.txt', `${username}:${LEAKED.password}\nün@example.test:Pässwörter\n`);
    const csv = place.write('more.csv', 'username,password\nbob@example.test,Hunter 22\n');
    expect(await credveilJson(['ingest', dataset, combo, '--source', 'a'])).toMatchObject({ credentials: 2 });
    expect(await credveilJson(['ingest', dataset, csv, '--source', 'b'])).toMatchObject({ credentials: 1 });
  });
  afterAll(() => place.dispose());

  const check = async (credentials: readonly object[]): Promise<Verdict[]> => {
    const server = await serveDataset(dataset, suite === 'oprf' ? { args: ['--key-file', keyFile] } : {});
    try {
      const input = credentials.map((credential) => `${JSON.stringify(credential)}\n`).join('');
      const asked = ['check', '--url', server.url, '--dataset', dataset, '--timeout', '60000'];
      const { code, stdout, stderr } = await credveil(asked, input);
      expect([code, stderr]).toEqual([0, '']);
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Verdict);
    } finally {
      await server.stop();
    }
  };

  test('check finds a similar password, and returns its verdict for each test credential', async () => {
    const verdicts = await check([
      { ...LEAKED },
      SIMILAR,
      { username: 'ün@example.test', password: 'PÄSSWÖRTER1' },
      { username: 'bob@example.test', password: 'hunter 2' },
      { username: 'bob@example.test', password: 'hunting 2' },
      STRANGER,
      ...Object.values(TEST_CREDENTIALS),
    ]);
    expect(verdicts.map(whole)).toEqual([
      'pair 1 found found found found',
      'similar 3 absent found absent found',
      'similar 3 absent found absent found',
      'similar 3 absent found absent found',
      'username 2 absent absent absent found',
      'clean - absent absent absent absent',
      'pair 1 found found found found',
      'similar 3 absent found absent found',
      'password 4 absent absent found absent',
      'username 2 absent absent absent found',
      'clean - absent absent absent absent',
    ]);
  });

  test('init --similar is stored in the dataset and announced in its statement', async () => {
    expect(openDataset(dataset).parameters.similar).toBe(true);
    expect(openKeyFile(keyFile).suite).toBe(suite);
    const server = await serveDataset(dataset, suite === 'oprf' ? { args: ['--key-file', keyFile] } : {});
    const { layer } = await fetchPublished(server.url);
    await server.stop();
    expect(layer).toMatchObject({ similar: true });
  });

  test('publish rejects a run whose similarity forms do not match the dataset', async () => {
    const plain = place.at('plain');
    await credveilJson(['init', plain, '--suite', suite, '--key-file', keyFile]);
    for (const [from, to] of [
      [dataset, plain],
      [plain, dataset],
    ] as const) {
      const corpus = place.write('one.txt', 'cleo@example.test:Password1\n');
      await credveilJson(['ingest', from, corpus, '--source', 'copied', '--key-file', keyFile]);
      fs.copyFileSync(`${from}/runs/copied.run`, `${to}/runs/copied.run`);
      const { code, stderr } = await credveil(['publish', to, '--key-file', keyFile]);
      expect(code).not.toBe(0);
      expect(stderr).toContain('--similar');
      fs.rmSync(`${to}/runs/copied.run`);
      fs.rmSync(`${from}/runs/copied.run`);
    }
  });
});

test('init refuses --similar without an account index, and creates nothing', async () => {
  const place = createWorkPlace();
  try {
    const options = ['--suite', 'hmac', '--index', 'password', '--similar'];
    const { code, stderr } = await credveil(['init', place.at('x'), ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain('Add account to --index.');
    expect(fs.readdirSync(place.home)).toEqual([]);
  } finally {
    place.dispose();
  }
});

describe('verdicts on the test credentials follow the features of the dataset', () => {
  const statuses = async (checker: LeakChecker): Promise<string[]> => {
    const verdicts = await Promise.all(Object.values(TEST_CREDENTIALS).map((credential) => checker.check(credential)));
    return verdicts.map(({ status }) => status);
  };
  const datasets: readonly [MakeDatasetOptions, string][] = [
    [{ similar: true }, 'pair similar password username clean'],
    [{}, 'pair username password username clean'],
    [{ similar: true, indexes: ['account'] }, 'pair similar clean username clean'],
    [{ indexes: ['account'], metadataBytes: 0 }, 'pair username clean username clean'],
    [{ indexes: ['password'] }, 'password clean password clean clean'],
  ];
  test.each(SUITE_NAMES.flatMap((suite) => datasets.map(([options, expected]) => ({ suite, ...options, expected }))))(
    '$suite $indexes $similar: $expected',
    async ({ expected, ...options }) => {
      await withChecker(options, async (checker, _, made) => {
        expect((await statuses(checker)).join(' ')).toBe(expected);
        // They remain after every source is removed.
        fs.rmSync(`${made.folder}/runs/first.run`);
        await made.publish();
        const { key, suite } = made;
        const server = await startServer(made.folder, { port: 0, ...(suite.name === 'oprf' && { key }) });
        const again = createLeakChecker({ url: server.url, timeoutMs: TIMEOUT_MS, ...pinOf(made) });
        expect((await statuses(again)).join(' ')).toBe(expected);
        await server.close();
      });
    },
  );
});

describe.each(SUITE_NAMES)('a checker of suite %s', (suite: SuiteName) => {
  const pairs = [{ ...LEAKED, times: 5 }, { username, password: 'Correct Horse 8', times: 2 }, ...seededPairs(50)];
  const options = { suite, similar: true, pairs };

  test('reports a similar password without a count or a source', async () => {
    await withChecker({ ...options, metadataBytes: 3 }, async (checker) => {
      // `correct horse ` is a form of both.
      const verdict = await checker.check({ username, password: 'Correct Horse ' });
      expect(verdict).toMatchObject({ status: 'similar', exposedCredentialCheck: '3' });
      expect(verdict).not.toHaveProperty('timesSeen');
      expect(verdict).not.toHaveProperty('source');
      expect(verdict.signals.similar).toEqual({ result: 'found' });
    });
  });

  test('reports a password that is similar by the form that only clients ask for', async () => {
    await withChecker(options, async (checker) => {
      const { status } = await checker.check({ username, password: `my${LEAKED.password}` });
      expect(status).toBe('similar');
    });
  });

  test('reports similar as unasked for a password too short for any form', async () => {
    await withChecker(options, async (checker) => {
      expect(whole(await checker.check({ username, password: 'cor' }))).toBe('username 2 absent unasked absent found');
      expect(whole(await checker.check({ ...STRANGER, password: 'cor' }))).toBe('clean - absent unasked absent absent');
      expect(whole(await checker.check({ username }))).toBe('username 2 unasked unasked unasked found');
      expect(whole(await checker.check({ password: LEAKED.password }))).toBe(
        'password 4 unasked unasked found unasked',
      );
    });
  });

  test('never reports clean without the account bucket', async () => {
    const lost = (answer: Answer, url: string): void => {
      if (isAccount(url) || url.startsWith('/v1/lookup')) answer.status = 503;
    };
    await withChecker(
      options,
      async (checker) => {
        for (const credential of [LEAKED, SIMILAR, STRANGER])
          expect(await checker.check(credential)).toMatchObject({ status: 'unknown', reason: 'HTTP_STATUS' });
      },
      lost,
    );
  });

  test('reports similar without the password bucket, but neither username nor clean', async () => {
    const lost = (answer: Answer, url: string): void => {
      if (url.startsWith('/v1/password')) answer.status = 503;
    };
    await withChecker(
      options,
      async (checker) => {
        expect(whole(await checker.check(LEAKED))).toBe('pair 1 found found unknown found');
        expect(whole(await checker.check(SIMILAR))).toBe('similar 3 absent found unknown found');
        expect(whole(await checker.check({ username, password: 'x' }))).toBe('unknown - absent unasked unknown found');
        expect(whole(await checker.check(STRANGER))).toBe('unknown - absent absent unknown absent');
      },
      lost,
    );
  });

  test.each([true, false])('rejects a statement whose member similar was altered from %s', async (similar) => {
    const alter = (answer: Answer, url: string): void => {
      if (!isStatement(url)) return;
      const envelope = JSON.parse(answer.body.toString()) as object;
      const { layers, ...statement } = payloadOf(STATEMENT_KIND, answer.body);
      const [{ similar: _, ...layer }] = layers as [Record<string, unknown>];
      const text = JSON.stringify({ ...statement, layers: [similar ? layer : { ...layer, similar: true }] });
      answer.body = Buffer.from(JSON.stringify({ ...envelope, payload: Buffer.from(text).toString('base64') }));
    };
    await withChecker(
      { ...options, similar },
      async (checker) => {
        expect(await checker.check(SIMILAR)).toMatchObject({ status: 'unknown', reason: 'STATEMENT_FORGED' });
      },
      alter,
    );
  });
});

test('the number of elements in an oblivious check does not depend on the password', async () => {
  await withChecker({ suite: 'oprf', similar: true, pairs: [LEAKED] }, async (checker, requests) => {
    await checker.ready();
    const passwords = [LEAKED.password, '', 'a', 'abc', 'abcd', 'abcde', 'aaaaaaa', 'pässwörter', 'x'.repeat(65_530)];
    for (const password of passwords) await checker.check({ username, password });
    const lengths = requests
      .filter((request) => request.startsWith('POST /v1/lookup'))
      .map((request) => /content-length\n(\d+)/i.exec(request)?.[1]);
    // Each body is a format, an id, a count and nine elements: pair, five forms, username,
    // password, and that of the linear check.
    expect(lengths).toHaveLength(passwords.length);
    expect(new Set(lengths)).toEqual(new Set([`${6 + 9 * 32}`]));
  });
});

test('under hmac, the request to the account index does not depend on the password', async () => {
  await withChecker({ similar: true, pairs: [LEAKED] }, async (checker, requests) => {
    for (const password of [LEAKED.password, SIMILAR.password, 'abc', '']) await checker.check({ username, password });
    const sent = requests.filter((request) => request.startsWith('GET /v1/account/'));
    expect(sent).toHaveLength(4);
    expect(new Set(sent).size).toBe(1);
  });
});
