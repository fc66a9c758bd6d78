// What a client makes of statuses and headers of answers: PROTOCOL.md §14, "HTTP".

import { describe, expect } from 'vitest';
import { test } from '../../support/worlds/client-fixture.ts';
import { isAccount, isBucket, LEAKED, summary } from '../../support/worlds/client-world.ts';

describe('an answer with a bucket', () => {
  test.for([201, 203, 206])('of status %i is none', async (status, { world }) => {
    const front = await world.spoil((answer, url) => {
      if (isBucket(url)) answer.status = status;
    });
    expect(summary(await world.checker(front.url).check(LEAKED))).toBe('unknown HTTP_STATUS | unknown unknown unknown');
  });

  test('is read whatever its Content-Type', async ({ world }) => {
    const front = await world.spoil((answer) => {
      answer.headers['content-type'] = 'text/html';
    });
    expect((await world.checker(front.url).check(LEAKED)).status).toBe('pair');
  });

  test('with a Content-Encoding is refused, even if its bytes are right', async ({ world }) => {
    const front = await world.spoil((answer, url) => {
      if (isAccount(url)) answer.headers['content-encoding'] = 'x-none';
    });
    const verdict = await world.checker(front.url).check(LEAKED);
    expect([verdict.status, verdict.reason]).toEqual(['unknown', 'BODY_MALFORMED']);
  });

  test('that names another snapshot counts as 410: the head is asked once, and the bucket once more', async ({
    world,
  }) => {
    let odd = 0;
    const front = await world.spoil((answer, url) => {
      if (isAccount(url) && odd++ === 0) answer.headers['credveil-snapshot'] = '000099-0123456789abcdef';
    });
    expect((await world.checker(front.url).check(LEAKED)).status).toBe('pair');
    expect(front.requests.filter((request) => request.includes('/v1/head')).length).toBe(2);
    expect(front.requests.filter((request) => request.includes('/v1/account/')).length).toBe(2);
  });

  test('that is gone twice is an error', async ({ world }) => {
    const front = await world.spoil((answer, url) => {
      if (isAccount(url)) answer.status = 410;
    });
    const verdict = await world.checker(front.url).check(LEAKED);
    expect([verdict.status, verdict.reason]).toEqual(['unknown', 'SNAPSHOT_CHANGED']);
    expect(front.requests.filter((request) => request.includes('/v1/head')).length).toBe(2);
    expect(front.requests.filter((request) => request.includes('/v1/account/')).length).toBe(2);
  });
});
