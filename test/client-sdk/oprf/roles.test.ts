// Split roles: one server evaluates and another one, without the key, serves the buckets. Several
// evaluators: each holds a part of the key, and their answers add up.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSodiumOprf } from '../../../client-sdk/sodium.ts';
import type { BucketHash } from '../../../protocol/brands.ts';
import { bucketId, formatPrefix, INDEX_NAMES } from '../../../protocol/bucket-id.ts';
import { HEAD_KIND, STATEMENT_KIND } from '../../../protocol/signed/envelope.ts';
import { type Head, headSnapshotId } from '../../../protocol/signed/head.ts';
import type { Statement } from '../../../protocol/signed/statement.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type Cheats, createCheats, startCheatingEvaluator } from '../../support/client/cheating-evaluator.ts';
import { payloadOf } from '../../support/client/restate.ts';
import { seededPairs } from '../../support/dataset.ts';
import { forward, type HttpFront, send } from '../../support/http-front.ts';
import { allUnknown, isPassword, LEAKED, STRANGER, summary, TIMEOUT_MS } from '../../support/worlds/client-world.ts';
import { type EvaluatorServer, startEvaluator } from '../../support/worlds/evaluator-world.ts';
import { createOprfWorld, type OprfWorld } from '../../support/worlds/oprf-world.ts';

let world: OprfWorld;
let keyless: CredveilServer;
let whole: EvaluatorServer;
let halves: [EvaluatorServer, EvaluatorServer];
let cheats: Cheats;
beforeAll(async () => {
  cheats = await createCheats();
  world = await createOprfWorld({ pairs: [LEAKED, ...seededPairs(100)], similar: true });
  keyless = await startServer(world.made.folder, { port: 0 });
  whole = await startEvaluator(world.made.key);
  const [first, second] = world.made.key.split();
  halves = [await startEvaluator(first), await startEvaluator(second)];
});
afterEach(() => world.closeFronts());
afterAll(async () => {
  await Promise.all([keyless.close({ deadlineMs: 100 }), whole.close(), ...halves.map((half) => half.close())]);
  await world.close();
});

/** A front that only records. */
const recordFront = (url: string): Promise<HttpFront> =>
  world.front(async (request, response) => send(response, await forward(url, request)));
const linesOf = ({ requests }: HttpFront): string[] =>
  requests.map((request) =>
    (request.split('\n')[0] ?? '')
      .replace(/ HTTP.*| *\?.*/g, '')
      .replace(/(?<=(account|password|statement)\/)[0-9a-f-]+$/, '…'),
  );

/** Reached only if something hangs. */
const WAIT = { timeout: TIMEOUT_MS };

const QUESTIONS = [
  [{ ...LEAKED }, 'pair | found found found'],
  [{ username: LEAKED.username, password: `${LEAKED.password}!` }, 'similar | absent absent found'],
  [{ ...STRANGER }, 'clean | absent absent absent'],
  [{ password: LEAKED.password }, 'password | unasked found unasked'],
  [{ username: LEAKED.username }, 'username | unasked unasked found'],
] as const;

describe.each([
  ['noble', () => ({})],
  ['libsodium', () => ({ engine: createSodiumOprf() })],
] as const)('split roles on %s', (_, engine) => {
  test('give the same verdicts; the evaluator sees no prefix, and the other server no element', async () => {
    const [evaluator, buckets] = [await recordFront(whole.url), await recordFront(keyless.url)];
    const checker = world.checker(evaluator.url, { bucketsUrl: buckets.url, ...engine() });
    await checker.ready();
    for (const [credential, expected] of QUESTIONS) expect(summary(await checker.check(credential))).toBe(expected);
    expect(new Set(linesOf(evaluator))).toEqual(new Set(['POST /v1/evaluate']));
    expect(new Set(linesOf(buckets))).toEqual(
      new Set(['GET /v1/head', 'GET /v1/statement/…', 'GET /v1/account/…', 'GET /v1/password/…']),
    );
  });

  test('with two evaluators give the same verdicts, and both receive the same message', async () => {
    const fronts = [await recordFront(halves[0].url), await recordFront(halves[1].url)];
    const checker = world.checker(keyless.url, { evaluators: fronts.map(({ url }) => url), ...engine() });
    await checker.ready();
    for (const [credential, expected] of QUESTIONS) expect(summary(await checker.check(credential))).toBe(expected);
    const [first, second] = fronts.map(({ requests }) => requests.map((request) => request.split('\n').at(-1)));
    expect(first).toEqual(second);
    expect(first?.length).toBe(1 + QUESTIONS.length);
  });
});

test('the bucket of the username is requested while the evaluation runs, that of the password after it', async () => {
  const gate = Promise.withResolvers<void>();
  const evaluator = await world.front(async (request, response) => {
    const answer = await forward(whole.url, request);
    await gate.promise;
    send(response, answer);
  });
  const buckets = await recordFront(keyless.url);
  const verdict = world.checker(evaluator.url, { bucketsUrl: buckets.url }).check(LEAKED);
  await vi.waitFor(
    () => expect(linesOf(buckets)).toEqual(['GET /v1/head', 'GET /v1/statement/…', 'GET /v1/account/…']),
    WAIT,
  );
  await vi.waitFor(() => expect(evaluator.requests).toHaveLength(1), WAIT);
  gate.resolve();
  expect((await verdict).status).toBe('pair');
  expect(linesOf(buckets).at(-1)).toBe('GET /v1/password/…');
});

test('a cheat of the evaluator is caught before the password’s bucket is requested, and stays caught', async () => {
  const evaluator = await startCheatingEvaluator(world, whole.url, cheats.shift(6));
  const buckets = await recordFront(keyless.url);
  const checker = world.checker(evaluator.url, { bucketsUrl: buckets.url });
  for (let i = 0; i < 3; i++) expect(summary(await checker.check(LEAKED))).toBe(allUnknown('KEY_MISMATCH'));
  expect(evaluator.seen.evaluations).toBe(1);
  expect(linesOf(buckets)).toEqual(['GET /v1/head', 'GET /v1/statement/…', 'GET /v1/account/…']);
});

test('buckets come from a folder of static files as well', async () => {
  const files = new Map<string, Buffer>();
  const copy = async (place: string): Promise<Buffer> => {
    const file = Buffer.from(await (await fetch(keyless.url + place)).arrayBuffer());
    files.set(place, file);
    return file;
  };
  const snapshot = headSnapshotId(payloadOf(HEAD_KIND, await copy('/v1/head')) as unknown as Head);
  const statement = payloadOf(STATEMENT_KIND, await copy(`/v1/statement/${snapshot}`)) as unknown as Statement;
  const [layer] = statement.layers;
  for (const index of INDEX_NAMES) {
    const { prefixBits = 0 } = layer.indexes[index] ?? {};
    for (let i = 0; i < 2 ** prefixBits; i++) {
      const hash = (prefixBits === 0 ? 0 : i * 2 ** (32 - prefixBits)) as BucketHash;
      await copy(`/v1/${index}/${formatPrefix(bucketId(hash, prefixBits), prefixBits)}`);
    }
  }
  const host = createServer((request, response) => {
    const file = files.get((request.url ?? '').split('?')[0] ?? '');
    response.writeHead(file ? 200 : 404, { 'content-length': file?.length ?? 0 }).end(file);
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  try {
    const bucketsUrl = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    const checker = world.checker(whole.url, { bucketsUrl });
    for (const [credential, expected] of QUESTIONS) expect(summary(await checker.check(credential))).toBe(expected);
  } finally {
    host.close();
    host.closeAllConnections();
  }
});

describe('two evaluators', () => {
  test.each([0, 1])('a cheat of evaluator %i is caught at once', async (cheating) => {
    const cheater = await startCheatingEvaluator(world, (halves[cheating] as EvaluatorServer).url, cheats.shift(0));
    const evaluators = halves.map(({ url }, i) => (i === cheating ? cheater.url : url));
    const buckets = await recordFront(keyless.url);
    const checker = world.checker(buckets.url, { evaluators });
    expect(summary(await checker.check(LEAKED))).toBe(allUnknown('KEY_MISMATCH'));
    expect(buckets.requests.some((request) => isPassword(request.split(' ')[1] ?? ''))).toBe(false);
  });

  test('one that is down makes a check unknown, and trust remains', async () => {
    const answers = { status: 503 };
    const failing = await world.front(async (request, response) => {
      const answer = await forward(halves[1].url, request);
      send(response, { ...answer, status: answers.status });
    });
    const checker = world.checker(keyless.url, { evaluators: [halves[0].url, failing.url], circuitBreaker: false });
    expect(summary(await checker.check(LEAKED))).toBe(allUnknown('HTTP_STATUS'));
    answers.status = 200;
    expect((await checker.check(LEAKED)).status).toBe('pair');
    const away = world.checker(keyless.url, { evaluators: [halves[0].url, 'http://127.0.0.1:1'] });
    expect(summary(await away.check(LEAKED))).toBe(allUnknown('NETWORK'));
  });

  test('one alone, or one asked in the place of the other, evaluates wrongly', async () => {
    for (const evaluators of [[halves[0].url], [halves[0].url, whole.url]])
      expect(summary(await world.checker(keyless.url, { evaluators }).check(LEAKED))).toBe(allUnknown('KEY_MISMATCH'));
  });
});

describe('options', () => {
  test('credentials of one server are not sent to another', async () => {
    const [evaluator, buckets] = [await recordFront(whole.url), await recordFront(keyless.url)];
    const checker = world.checker(evaluator.url, {
      headers: { 'x-gateway': 'of the evaluator' },
      bucketsUrl: { url: buckets.url, headers: { 'x-gateway': 'of the buckets' } },
    });
    expect((await checker.check(LEAKED)).status).toBe('pair');
    for (const [front, own] of [
      [evaluator, 'evaluator'],
      [buckets, 'buckets'],
    ] as const) {
      const sent = front.requests.map((request) => /of the (\w+)/.exec(request)?.[1]);
      expect(new Set(sent)).toEqual(new Set([own]));
    }
  });

  test.each([
    [{ bucketsUrl: 'nonsense' }, 'option bucketsUrl: not a URL'],
    [{ bucketsUrl: 7 as never }, 'option bucketsUrl: neither a URL nor an object'],
    [{ bucketsUrl: 'http://leaks.test/' }, 'bucketsUrl or evaluators: the same server twice'],
    [{ bucketsUrl: 'http://b.test', evaluators: ['http://e.test'] }, 'option bucketsUrl: given together'],
    [{ evaluators: [] }, 'option evaluators: not a list'],
    [{ evaluators: 'http://e.test' as never }, 'option evaluators: not a list'],
    [{ evaluators: ['http://e.test', 'http://e.test/'] }, 'bucketsUrl or evaluators: the same server twice'],
    [{ evaluators: ['http://leaks.test'] }, 'bucketsUrl or evaluators: the same server twice'],
    [{ evaluators: [{ url: 'http://e.test', headers: 1 as never }] }, 'option headers: not a plain object'],
  ])('malformed ones are refused: %j', (options, message) => {
    expect(() => world.checker('http://leaks.test', options)).toThrow(
      expect.objectContaining({ code: 'OPTION_MALFORMED', message: expect.stringContaining(message) }),
    );
  });
});
