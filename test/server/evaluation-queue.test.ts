// The order in which evaluation requests finish, and the refusal of requests beyond the limit.

import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import type { BlindedElement } from '../../protocol/brands.ts';
import type { Oprf } from '../../protocol/oprf.ts';
import { encodeElementsRequest, MAX_ELEMENTS } from '../../protocol/oprf-messages.ts';
import type { ServerEvent } from '../../runtime/events.ts';
import { ClientGoneError } from '../../runtime/http/problem.ts';
import { EvaluationQueue } from '../../server/handlers/evaluation-queue.ts';
import { startServer } from '../../server/server.ts';
import { createDatasetKey, type Evaluator } from '../../store/dataset-key.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { blindedElements, NOT_CANONICAL, postMessage, rawPost } from '../support/post-message.ts';
import { connect, readToEnd } from '../support/raw-http.ts';

const wanted = (): boolean => true;

interface Fixtures {
  readonly sodium: Oprf;
  readonly evaluator: Evaluator;
  /** `MAX_ELEMENTS` elements. */
  readonly many: readonly BlindedElement[];
  /** One of them. */
  readonly few: readonly BlindedElement[];
  readonly made: MadeDataset;
}

const test = base.extend<Fixtures>({
  sodium: perFile(createSodiumOprf, () => {}),
  evaluator: [
    async ({ sodium }, use) => use(createDatasetKey('oprf').createEvaluator(sodium) as Evaluator),
    { scope: 'file' },
  ],
  many: [async ({ sodium }, use) => use(blindedElements(sodium, MAX_ELEMENTS)), { scope: 'file' }],
  few: async ({ many }, use) => use(many.slice(0, 1)),
  made: [
    async ({ sodium }, use) => {
      const made = await makeDataset({ suite: 'oprf', oprf: sodium, pairs: seededPairs(20) });
      await use(made);
      made.dispose();
    },
    { scope: 'file' },
  ],
});

describe('the evaluation queue', () => {
  test('small requests finish after at most one slice of each earlier large request', async ({
    evaluator,
    few,
    many,
  }) => {
    const queue = new EvaluationQueue(4096);
    let slices = 0;
    const counted = (): boolean => ++slices > 0;
    const large = Array.from({ length: 5 }, () => queue.blindEvaluate(evaluator, many, counted));
    for (const elements of [few, many.slice(0, 8)]) {
      slices = 0;
      expect(await queue.blindEvaluate(evaluator, elements, wanted)).toHaveLength(elements.length);
      expect(slices).toBeLessThanOrEqual(1);
    }
    for (const answer of await Promise.all(large)) expect(answer).toHaveLength(MAX_ELEMENTS);
  });

  test('a large request and a proof finish despite an endless stream of small requests', async ({
    evaluator,
    few,
    many,
  }) => {
    const queue = new EvaluationQueue(4096);
    const order: string[] = [];
    let left = 400;
    const small = async (): Promise<void> => {
      while (left-- > 0) await queue.blindEvaluate(evaluator, few, wanted);
      order.push('small');
    };
    await Promise.all([
      queue.blindEvaluate(evaluator, many, wanted).then(() => void order.push('large')),
      queue.prove(evaluator, many.slice(0, 8), wanted).then(() => void order.push('proof')),
      small(),
      small(),
    ]);
    expect(order.slice(0, 2).sort()).toEqual(['large', 'proof']);
  });

  test('large requests take turns, so that a later, shorter one finishes first', async ({ evaluator, many }) => {
    const queue = new EvaluationQueue(4096);
    const order: number[] = [];
    await Promise.all(
      [32, 12, 9].map((count) =>
        queue.blindEvaluate(evaluator, many.slice(0, count), wanted).then(() => void order.push(count)),
      ),
    );
    expect(order).toEqual([12, 9, 32]);
  });

  test('each request gets its own elements in order, however its slices interleave', async ({ evaluator, many }) => {
    const queue = new EvaluationQueue(4096);
    const asked = [1, 3, 4, 5, 8, 9, 31, 32].map((count) => many.slice(-count));
    const answers = await Promise.all(asked.map((elements) => queue.blindEvaluate(evaluator, elements, wanted)));
    expect(answers).toEqual(asked.map((elements) => evaluator.blindEvaluate(elements)));
  });

  test('the queue refuses requests beyond the limit of a lane and accepts them once there is room', async ({
    evaluator,
    few,
    many,
  }) => {
    const queue = new EvaluationQueue(64);
    const evaluate = (elements: readonly BlindedElement[]) => queue.blindEvaluate(evaluator, elements, wanted);
    const first = [evaluate(many), evaluate(many)];
    await expect(evaluate(many)).rejects.toMatchObject({ code: 'OVERLOADED' });
    await expect(queue.prove(evaluator, many, wanted)).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await evaluate(few)).toHaveLength(1);
    for (const answer of await Promise.all(first)) expect(answer).toHaveLength(MAX_ELEMENTS);
    expect(await evaluate(many)).toHaveLength(MAX_ELEMENTS);
  });

  test('the queue does not evaluate for a client that has left', async ({ evaluator, many }) => {
    const queue = new EvaluationQueue(64);
    // Evaluating them would report their invalid element.
    const bad = [...many.slice(1), NOT_CANONICAL[0] as BlindedElement];
    let turns = 0;
    const leaving = queue.blindEvaluate(evaluator, bad, () => ++turns < 3);
    const gone = queue.blindEvaluate(evaluator, bad.slice(-1), () => false);
    const ended = await Promise.allSettled([leaving, gone]);
    expect(ended.map((each) => each.status === 'rejected' && each.reason)).toEqual([
      expect.any(ClientGoneError),
      expect.any(ClientGoneError),
    ]);
    expect(turns).toBe(3);
    await expect(queue.blindEvaluate(evaluator, bad, wanted)).rejects.toMatchObject({ code: 'ELEMENT_NOT_CANONICAL' });
    // Every finished or abandoned request has freed its room.
    expect(await Promise.all([many, many].map((elements) => queue.blindEvaluate(evaluator, elements, wanted)))).toEqual(
      [expect.any(Array), expect.any(Array)],
    );
  });
});

describe('an overloaded server', () => {
  test('a server with a full evaluation queue replies with a problem and Retry-After', async ({ few, many, made }) => {
    const server = await startServer(made.folder, { port: 0, key: made.key, maxWaitingElements: MAX_ELEMENTS });
    try {
      const message = encodeElementsRequest(many);
      const socket = await connect(server);
      socket.write(rawPost('/v1/evaluate', message).repeat(3), 'latin1');
      socket.write(rawPost('/v1/evaluate', encodeElementsRequest(few), 'Connection: close\r\n'), 'latin1');
      const answer = await readToEnd(socket);
      const statuses = answer.match(/(?<=HTTP\/1\.1 )\d+/g);
      expect(statuses).toEqual(['200', '503', '503', '200']);
      expect(answer).toContain('"code":"OVERLOADED"');
      expect(answer).toContain('Retry-After: 1\r\n');
      expect((await postMessage(`${server.url}/v1/evaluate`, message)).status).toBe(200);
    } finally {
      await server.close({ deadlineMs: 100 });
    }
  });

  test('a flooded server replies to every request, mostly with a refusal', async ({ many, made }) => {
    const server = await startServer(made.folder, { port: 0, key: made.key, maxWaitingElements: 128 });
    try {
      const flood = rawPost('/v1/evaluate', encodeElementsRequest(many)).repeat(100);
      const sockets = await Promise.all(Array.from({ length: 20 }, () => connect(server)));
      let refused = 0;
      await Promise.all(
        sockets.map(async (socket) => {
          socket.write(flood + rawPost('/v1/evaluate', encodeElementsRequest(many), 'Connection: close\r\n'), 'latin1');
          const statuses = (await readToEnd(socket)).match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];
          expect(statuses).toHaveLength(101);
          expect(statuses.filter((status) => status !== '200' && status !== '503')).toEqual([]);
          refused += statuses.filter((status) => status === '503').length;
        }),
      );
      expect(refused).toBeGreaterThan(1000);
    } finally {
      await server.close({ deadlineMs: 100 });
    }
  });

  test('a server survives clients that leave before their response', async ({ many, made }) => {
    const events: ServerEvent[] = [];
    const server = await startServer(made.folder, { port: 0, key: made.key, onEvent: (event) => events.push(event) });
    try {
      const message = encodeElementsRequest(many);
      for (let i = 0; i < 20; i++) {
        const socket = await connect(server);
        socket.write(rawPost('/v1/evaluate', message).slice(0, i % 2 === 0 ? undefined : 500), 'latin1');
        await new Promise(setImmediate);
        socket.destroy();
      }
      expect((await postMessage(`${server.url}/v1/evaluate`, message)).status).toBe(200);
    } finally {
      await server.close({ deadlineMs: 60_000 });
    }
    expect(events.filter(({ event }) => event === 'request-failed')).toEqual([]);
  });
});
