// The filters of a snapshot in layers: a password is ruled out only if all of them rule it out.

import { afterEach, expect, test } from 'vitest';
import { createLeakChecker } from '../../../client-sdk/index.ts';
import { startServer } from '../../../server/server.ts';
import { makeDataset, seededPairs, seededPasswords } from '../../support/dataset.ts';
import { forward, send, startFront } from '../../support/http-front.ts';
import { pinOf } from '../../support/pins.ts';
import { LEAKED, TIMEOUT_MS } from '../../support/worlds/client-world.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(isSpoilt: (url: string) => boolean = () => false) {
  const made = await makeDataset({ pairs: [LEAKED, ...seededPairs(300)] });
  made.addSource('second', { passwords: ['added'] });
  await made.publish({ delta: true });
  const server = await startServer(made.folder, { port: 0, pollIntervalMs: 5 });
  const front = await startFront(async (request, response) => {
    const answer = await forward(server.url, request);
    if (isSpoilt(request.url ?? '')) answer.body[90] = (answer.body[90] as number) ^ 1;
    send(response, answer);
  });
  closing.push(
    () => made.dispose(),
    () => server.close({ deadlineMs: 100 }),
    () => front.close(),
  );
  const checker = createLeakChecker({
    ...{ url: front.url, timeoutMs: TIMEOUT_MS, headMaxAgeMs: 0, bucketCacheBytes: 0, passwordFilter: true },
    ...pinOf(made),
  } as never);
  const asked = (part: string): number => front.requests.filter((request) => request.includes(part)).length;
  return { made, server, checker, asked };
}

test('rule out what no layer has, and nothing that one has', async () => {
  const { made, server, checker, asked } = await open();
  const { entries } = await checker.loadFilter();
  expect(entries).toBe(303);
  expect(asked('/v1/filter/')).toBe(2);
  const statusOf = async (password: string): Promise<string> => (await checker.check({ password })).status;
  expect(await statusOf('added')).toBe('password');
  expect(await statusOf(LEAKED.password)).toBe('password');
  const before = asked('/v1/password/');
  const strangers = seededPasswords(100, 9);
  for (const password of strangers) expect(await statusOf(password)).toBe('clean');
  expect(asked('/v1/password/') - before, 'false positives').toBeLessThan(5);
  made.addSource('third', { passwords: ['added later'] });
  const { snapshot } = await made.publish({ delta: true });
  while ((await (await fetch(`${server.url}/readyz`)).json()).snapshot !== snapshot);
  expect(await statusOf('added later')).toBe('password');
  expect((await checker.loadFilter()).entries).toBe(304);
  expect(asked('/v1/filter/'), 'the new layer alone').toBe(3);
  for (const password of ['added', 'added later', LEAKED.password]) expect(await statusOf(password)).toBe('password');
});

test('are none if one of them was altered', async () => {
  let filters = 0;
  const { checker, asked } = await open((url) => url.includes('/v1/filter/') && ++filters % 2 === 0);
  await expect(checker.loadFilter()).rejects.toMatchObject({ code: 'FILTER_FORGED' });
  const before = asked('/v1/password/');
  expect((await checker.check({ password: 'added' })).status).toBe('password');
  expect((await checker.check({ password: 'never leaked' })).status).toBe('clean');
  expect(asked('/v1/password/') - before).toBe(2);
});
