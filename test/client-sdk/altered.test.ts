// A checker rejects buckets that were altered, cut, swapped, compressed or made endless in transit.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
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

describe('a checker rejects a bucket', () => {
  test.for([LEAKED, STRANGER])('with any one byte changed: $username', async (credential, { world }) => {
    let at = -1;
    let length = 0;
    const flipping = await world.spoil((answer, url) => {
      if (!isBucket(url)) return;
      length = Math.max(length, answer.body.length);
      const byte = answer.body[at];
      if (byte !== undefined) answer.body[at] = byte ^ (1 << (at % 8));
    });
    const checker = world.checker(flipping.url);
    const whole = await checker.check(credential);
    expect(whole.status).not.toBe('unknown');
    expect(length).toBeGreaterThan(64);
    for (at = 0; at < length; at++) {
      const verdict = await checker.check(credential);
      // One of the two bodies may be shorter, and is then unchanged; the other one is under test.
      for (const name of ['pair', 'password', 'username'] as const) {
        const signal = verdict.signals[name];
        if (signal.result !== 'unknown') expect(signal, `byte ${at}`).toEqual(whole.signals[name]);
        else expect(['BODY_FORGED', 'BODY_MALFORMED'], `byte ${at}`).toContain(signal.reason);
      }
      const asked = Object.values(verdict.signals).filter(({ result }) => result !== 'unasked');
      const answered = asked.filter(({ result }) => result !== 'unknown').length;
      expect(asked, 'the dataset has no similarity forms').toHaveLength(3);
      expect(answered, `byte ${at}`).toBeLessThan(3);
      if (verdict.status !== 'unknown') expect(verdict.signals.pair.result, `byte ${at}`).toBe('found');
    }
  });

  test('cut at any offset, with a matching Content-Length', async ({ world }) => {
    let kept = 0;
    let length = 1;
    const cutting = await world.spoil((answer, url) => {
      if (!isAccount(url)) return;
      length = answer.body.length;
      answer.body = answer.body.subarray(0, kept);
    });
    const checker = world.checker(cutting.url);
    for (; kept < length; kept += 7)
      expect(summary(await checker.check({ username: STRANGER.username }))).toBe(
        'unknown BODY_MALFORMED | unasked unasked unknown',
      );
  });

  test('cut by a broken connection', async ({ world }) => {
    const breaking = await world.front(async (request, response) => {
      const answer = await forward(world.url, request);
      if (!isAccount(request.url ?? '')) return send(response, answer);
      response.writeHead(200, { 'content-length': answer.body.length });
      response.write(answer.body.subarray(0, -1), () => response.destroy());
    });
    expect(summary(await world.checker(breaking.url).check(STRANGER))).toBe('unknown NETWORK | unknown absent unknown');
  });

  test("taken from another prefix, from the other index, or from yesterday's snapshot", async ({ world }) => {
    let accountPath = '';
    const swapped = await world.front(async (request, response) => {
      const [path = '', query = ''] = (request.url ?? '').split('?');
      if (isAccount(path)) accountPath = path;
      // A neighbouring prefix: the lowest bit of the last digit is flipped.
      request.url = isBucket(path)
        ? `${path.replace(/.$/, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16))}?${query}`
        : path;
      send(response, await forward(world.url, request));
    });
    expect(summary(await world.checker(swapped.url).check(STRANGER))).toBe(allUnknown('BODY_FORGED'));

    const crossed = await world.front(async (request, response) => {
      const url = request.url ?? '';
      if (isPassword(url)) request.url = url.replace(/^[^?]*/, accountPath);
      send(response, await forward(world.url, request));
    });
    const verdict = await world.checker(crossed.url).check({ password: STRANGER.password });
    expect(verdict.status).toBe('unknown');
    expect(['BODY_FORGED', 'BODY_MALFORMED', 'BODY_TOO_LARGE']).toContain(verdict.reason);
  });

  test('whose length the statement does not list', async ({ world }) => {
    const trimming = await world.spoil((answer, url) => {
      if (isBucket(url)) answer.body = answer.body.subarray(0, -1);
    });
    expect(summary(await world.checker(trimming.url).check(STRANGER))).toBe(allUnknown('BODY_MALFORMED'));
  });

  test('that is compressed, although it would decode to the right bytes', async ({ world }) => {
    const zipping = await world.spoil((answer, url) => {
      if (!isBucket(url)) return;
      answer.body = gzipSync(answer.body);
      answer.headers['content-encoding'] = 'gzip';
    });
    expect(summary(await world.checker(zipping.url).check(STRANGER))).toBe(allUnknown('BODY_MALFORMED'));
  });

  test('that never ends: the client reads only the announced length, and drops the connection', async ({ world }) => {
    const closed: Promise<unknown>[] = [];
    const endless = async (response: ServerResponse) => {
      const gone = once(response, 'close');
      closed.push(gone);
      const chunk = Buffer.alloc(2 ** 16);
      while (!response.destroyed) if (!response.write(chunk)) await Promise.race([once(response, 'drain'), gone]);
    };
    const flooding = await world.front(async (request, response) => {
      if (isBucket(request.url ?? '')) return endless(response);
      send(response, await forward(world.url, request));
    });
    expect(summary(await world.checker(flooding.url).check(STRANGER))).toBe(allUnknown('BODY_TOO_LARGE'));
    expect(closed).toHaveLength(2);
    await Promise.all(closed);
  });

  test('whose Content-Length exceeds the maximum, without reading it', async ({ world }) => {
    const boasting = await world.front(async (request, response) => {
      if (!isBucket(request.url ?? '')) return send(response, await forward(world.url, request));
      // The body never arrives: a client that waited for it would hit the deadline.
      response.writeHead(200, { 'content-length': 2 ** 40 }).flushHeaders();
    });
    expect(summary(await world.checker(boasting.url).check(STRANGER))).toBe(allUnknown('BODY_TOO_LARGE'));
  });
});
