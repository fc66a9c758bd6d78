// An evaluator that uses another key than the pinned one: the client catches it, reports it, and
// trusts it again only once it has proved itself.

import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSodiumOprf, type Engine } from '../../client-sdk/sodium.ts';
import type { BlindedElement } from '../../protocol/brands.ts';
import type { OprfKeyPair } from '../../protocol/oprf.ts';
import {
  decodeElementsRequest,
  decodeLookupResponse,
  encodeEvaluateResponse,
  encodeLookupResponse,
} from '../../protocol/oprf-messages.ts';
import { forward, type HttpFront, send } from '../support/http-front.ts';
import { allUnknown, LEAKED, summary } from '../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../support/worlds/oprf-world.ts';

let world: OprfWorld;
let engine: Engine;
let second: OprfKeyPair['secretKey'];
beforeAll(async () => {
  engine = await createSodiumOprf();
  second = engine.deriveKeyPair(new Uint8Array(32).fill(9), new Uint8Array(1)).secretKey;
  world = await createOprfWorld({ pairs: [LEAKED] });
});
afterEach(() => world.closeFronts());
afterAll(() => world.close());

interface Cheat extends HttpFront {
  /** Whether to answer a lookup with the second key. */
  cheats(lookup: number): boolean;
  /** Whether to refuse a proof. */
  refuses: boolean;
  readonly seen: { lookups: number; proofs: number };
}

/**
 * The real server, except that it makes some evaluations with a second key. Its proofs always use
 * the first key, since no proof of the second one would verify.
 */
async function startCheat(cheats: (lookup: number) => boolean = () => false): Promise<Cheat> {
  const seen = { lookups: 0, proofs: 0 };
  const state = { cheats, refuses: false, seen };
  const front = await world.front(async (request, response) => {
    const body = collect(request);
    const answer = await forward(world.url, request);
    const url = request.url ?? '';
    if (url === '/v1/prove') {
      seen.proofs++;
      if (state.refuses) answer.status = 503;
    }
    if (url.startsWith('/v1/lookup') && state.cheats(++seen.lookups)) {
      const blinded = decodeElementsRequest(Buffer.concat([Buffer.of(1), (await body).subarray(5)]));
      const evaluatedElements = engine.blindEvaluate(second, blinded);
      const { body: bucket } = decodeLookupResponse(answer.body);
      answer.body = Buffer.from(encodeLookupResponse({ evaluatedElements, body: bucket }));
    }
    send(response, answer);
  });
  return Object.assign(state, front);
}

function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks)));
  });
}

describe('the known answer', () => {
  test('is requested before the first verdict, and looks like any other lookup', async () => {
    const honest = await startCheat();
    const checker = world.checker(honest.url, { engine, proof: 'never' });
    await checker.ready();
    await checker.check(LEAKED);
    const lookups = honest.requests.filter((request) => request.startsWith('POST /v1/lookup'));
    expect(lookups).toHaveLength(2);
    const heads = lookups.map((request) => request.slice(0, request.lastIndexOf('\n') - 97));
    expect(lookups[0]?.length).toBe(lookups[1]?.length);
    expect(heads[0]?.split('\n').slice(0, 3)).toEqual(heads[1]?.split('\n').slice(0, 3));
  });

  test('makes every verdict unknown while it is wrong', async () => {
    const cheat = await startCheat(() => true);
    const checker = world.checker(cheat.url, { engine, proof: 'never' });
    await expect(checker.ready()).rejects.toMatchObject({ name: 'LookupError', code: 'KEY_MISMATCH' });
    expect(summary(await checker.check(LEAKED))).toBe(allUnknown('KEY_MISMATCH'));
    expect(cheat.requests.some((request) => request.includes('/v1/password'))).toBe(false);
    cheat.cheats = () => false;
    expect((await checker.check(LEAKED)).status).toBe('pair');
  });

  test('is requested again at random, and catches a server that changes its key later', async () => {
    const cheat = await startCheat((lookup) => lookup > 20);
    const checker = world.checker(cheat.url, { engine, proof: 'never' });
    let status = (await checker.check(LEAKED)).reason;
    // One check in 256 requests it: none in 5,000 has a probability of 3e-9.
    for (let i = 0; i < 5_000 && status !== 'KEY_MISMATCH'; i += 16) {
      const verdicts = await Promise.all(
        Array.from({ length: 16 }, () => checker.check({ username: LEAKED.username })),
      );
      status = verdicts.find(({ reason }) => reason === 'KEY_MISMATCH')?.reason;
    }
    expect(status).toBe('KEY_MISMATCH');
    cheat.cheats = () => false;
    expect((await checker.check(LEAKED)).status).toBe('pair');
  }, 120_000);
});

describe('a server that uses a second key for one request in fifty, but not for the canary', () => {
  const oneInFifty = (lookup: number): boolean => lookup > 1 && lookup % 50 === 0;

  test("is caught at once under proof 'always', and never believed", async () => {
    const cheat = await startCheat(oneInFifty);
    const checker = world.checker(cheat.url, { engine, proof: 'always' });
    await checker.ready();
    const reasons: string[] = [];
    for (let i = 0; i < 110; i++) {
      const verdict = await checker.check(LEAKED);
      if (verdict.status !== 'pair') reasons.push(summary(verdict));
    }
    // The client sometimes requests a known answer, and the second key may hit that one.
    expect(reasons.length).toBeGreaterThanOrEqual(1);
    expect(new Set(reasons)).toEqual(new Set([allUnknown('KEY_MISMATCH')]));
  });

  test("is caught eventually under proof 'sampled', and stays unknown until a proof succeeds", async () => {
    const cheat = await startCheat(oneInFifty);
    const checker = world.checker(cheat.url, { engine, sampleEvery: 4 });
    await checker.ready();
    let caught = false;
    // Each wrong answer is sampled with probability 1/4: missing all 60 has 3e-8.
    while (!caught && cheat.seen.lookups < 3000) {
      const verdict = await checker.check(LEAKED);
      caught = verdict.status === 'unknown';
      if (caught) expect(summary(verdict)).toBe(allUnknown('KEY_MISMATCH'));
    }
    expect(caught).toBe(true);
    cheat.cheats = () => true;
    for (let i = 0; i < 3; i++) expect(summary(await checker.check(LEAKED))).toBe(allUnknown('KEY_MISMATCH'));
    cheat.cheats = () => false;
    cheat.refuses = true;
    expect((await checker.check(LEAKED)).status, 'correct answers alone are not enough').toBe('unknown');
    cheat.refuses = false;
    expect((await checker.check(LEAKED)).status).toBe('pair');
  }, 60_000);

  test("is not caught under proof 'never'", async () => {
    const cheat = await startCheat((lookup) => lookup === 2);
    const checker = world.checker(cheat.url, { engine, proof: 'never' });
    await checker.ready();
    expect((await checker.check(LEAKED)).status).not.toBe('pair');
    expect(cheat.seen.proofs).toBe(0);
  });
});

describe('a proof', () => {
  test('is requested at the rate of sampleEvery, for exactly the evaluated elements', async () => {
    const honest = await startCheat();
    const checker = world.checker(honest.url, { engine, sampleEvery: 8 });
    for (let i = 0; i < 400; i++) expect((await checker.check(LEAKED)).status).toBe('pair');
    // Binomial, n = 400, p = 1/8: 50 ± 6.6. The tails beyond these bounds are below 1e-6.
    expect(honest.seen.proofs).toBeGreaterThan(16);
    expect(honest.seen.proofs).toBeLessThan(90);
    const proved = honest.requests.findIndex((request) => request.startsWith('POST /v1/prove'));
    expect(honest.requests[proved]?.slice(-96)).toBe(honest.requests[proved - 1]?.slice(-96));
  });

  test('that was withheld stays owed: every verdict is unknown until the server delivers it', async () => {
    const cheat = await startCheat((lookup) => lookup === 2);
    const checker = world.checker(cheat.url, { engine, sampleEvery: 1 });
    await checker.ready();
    cheat.refuses = true;
    // A cheat could refuse the proof of a wrong answer, and then prove the next answer.
    expect(summary(await checker.check(LEAKED))).toBe(allUnknown('HTTP_STATUS'));
    expect(summary(await checker.check(LEAKED))).toBe(allUnknown('HTTP_STATUS'));
    cheat.refuses = false;
    expect(summary(await checker.check(LEAKED))).toBe(allUnknown('KEY_MISMATCH'));
    expect((await checker.check(LEAKED)).status).toBe('pair');
  });
});

test('a check examines the evaluation of a password without an account index', async () => {
  const passwords = await createOprfWorld({ pairs: [LEAKED], indexes: ['password'] });
  try {
    let cheating = false;
    const front = await passwords.front(async (request, response) => {
      const body = collect(request);
      const answer = await forward(passwords.url, request);
      if (cheating && request.url === '/v1/evaluate')
        answer.body = Buffer.from(
          encodeEvaluateResponse(engine.blindEvaluate(second, decodeElementsRequest(await body) as BlindedElement[])),
        );
      send(response, answer);
    });
    const checker = passwords.checker(front.url, { engine, proof: 'always' });
    expect((await checker.check(LEAKED)).status).toBe('password');
    cheating = true;
    expect(summary(await checker.check(LEAKED))).toBe('unknown KEY_MISMATCH | unasked unknown unasked');
  } finally {
    await passwords.close();
  }
});
