// The deadline of a check and the caller's signal: which waits they end, and which they do not.

import { describe, expect } from 'vitest';
import { forward, send } from '../support/http-front.ts';
import { test } from '../support/worlds/client-fixture.ts';
import {
  allUnknown,
  isAccount,
  isBucket,
  isPassword,
  LEAKED,
  STRANGER,
  summary,
} from '../support/worlds/client-world.ts';

describe('the deadline', () => {
  test('ends the wait for a head that never arrives', async ({ world }) => {
    const silent = await world.front(() => {});
    expect(summary(await world.checker(silent.url, { timeoutMs: 50 }).check(STRANGER))).toBe(allUnknown('TIMEOUT'));
  });

  test('ends the wait for buckets that trickle in', async ({ world }) => {
    const dripping = await world.front(async (request, response) => {
      const answer = await forward(world.url, request);
      if (!isBucket(request.url ?? '')) return send(response, answer);
      response.writeHead(200, { 'content-length': answer.body.length });
      // One byte at a time, except the last: the body is never complete.
      let at = 0;
      const timer = setInterval(() => {
        if (at < answer.body.length - 1) response.write(answer.body.subarray(at, ++at));
      }, 5);
      response.on('close', () => clearInterval(timer));
    });
    const checker = world.checker(dripping.url, { timeoutMs: 100 });
    await checker.ready();
    expect(summary(await checker.check(STRANGER))).toBe(allUnknown('TIMEOUT'));
  });

  test('holds even if a custom fetch ignores signals', async ({ world }) => {
    const fetch = () => new Promise<Response>(() => {});
    expect(summary(await world.checker(world.url, { fetch, timeoutMs: 20 }).check(STRANGER))).toBe(
      allUnknown('TIMEOUT'),
    );
  });
});

describe("the caller's signal", () => {
  test('sends nothing if it was aborted before the check', async ({ world }) => {
    const watching = await world.spoil(() => {});
    const checker = world.checker(watching.url);
    await checker.ready();
    const verdict = await checker.check(STRANGER, { signal: AbortSignal.abort() });
    expect(summary(verdict)).toBe(allUnknown('ABORTED'));
    expect(watching.requests).toHaveLength(2);
  });

  test('keeps the answers that arrived before the abort', async ({ world }) => {
    const half = await world.front(async (request, response) => {
      if (!isPassword(request.url ?? '')) send(response, await forward(world.url, request));
    });
    const controller = new AbortController();
    const checker = world.checker(half.url, {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (!isAccount(new URL(String(input)).pathname)) return response;
        const body = new Uint8Array(await response.arrayBuffer());
        let sent = false;
        const stream = new ReadableStream<Uint8Array>(
          {
            pull: (sink) => {
              if (!sent) {
                sent = true;
                return sink.enqueue(body);
              }
              sink.close();
              // The client waits for this close, so by then it knows that the body is complete.
              setImmediate(() => controller.abort());
            },
          },
          { highWaterMark: 0 },
        );
        return new Response(stream, response);
      },
    });
    const verdict = await checker.check(LEAKED, { signal: controller.signal });
    expect(summary(verdict)).toBe('pair | found unknown found');
  });

  test("ends its own check's wait, but not the fetch of the head that others wait for", async ({ world }) => {
    const gate = Promise.withResolvers<void>();
    const held = await world.front(async (request, response) => {
      if (request.url === '/v1/head') await gate.promise;
      send(response, await forward(world.url, request));
    });
    const checker = world.checker(held.url);
    const controller = new AbortController();
    const impatient = checker.check(STRANGER, { signal: controller.signal });
    const ready = checker.ready({ signal: controller.signal });
    const patient = checker.check(STRANGER);
    await expect.poll(() => held.requests).toHaveLength(1);
    controller.abort(new Error('the user left'));
    expect(summary(await impatient)).toBe(allUnknown('ABORTED'));
    await expect(ready).rejects.toMatchObject({ code: 'ABORTED' });
    gate.resolve();
    expect((await patient).status).toBe('clean');
    expect(held.requests.filter((request) => request.includes('/v1/head'))).toHaveLength(1);
  });
});
