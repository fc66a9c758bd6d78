// The page's checker uses the head and statement that the page has fetched, and no other answer.

import { expect, test } from 'vitest';
import { createHeldFetch } from '../../page/held-answers.ts';
import type { Exchange, Traffic } from '../../page/traffic.ts';
import { createTestClock } from '../support/clock.ts';

const BASE = 'https://leaks.example/d/0123456789abcdef/';

function createTraffic(...held: readonly (readonly [target: string, status: number])[]) {
  const asked: string[] = [];
  const exchanges = held.map(([target, status]): Exchange => {
    const endedAt = performance.now();
    const path = `/d/0123456789abcdef/${target}`;
    const received = new TextEncoder().encode(target);
    return { phase: 'start', method: 'GET', target: path, status, sent: new Uint8Array(0), received, endedAt };
  });
  const fetch: Traffic['fetch'] = async (input) => {
    asked.push(String(input).slice(BASE.length));
    return new Response('from the server');
  };
  const heldFetch = createHeldFetch({ exchanges, fetch, clientKey: undefined, phase: 'start' });
  const get = async (target: string): Promise<string> => (await heldFetch(BASE + target)).text();
  return { asked, get };
}

const STATEMENT = 'v1/statement/000001-0123456789abcdef';

test('head and statement are sent for once', async () => {
  const { asked, get } = createTraffic(['v1/head', 200], [STATEMENT, 200]);
  expect([await get('v1/head'), await get(STATEMENT)]).toEqual(['v1/head', STATEMENT]);
  expect(asked).toEqual([]);
});

test('a second head is a new one, and so is one that is a minute old', async () => {
  const clock = createTestClock();
  const { asked, get } = createTraffic(['v1/head', 200]);
  await get('v1/head');
  await get('v1/head');
  expect(asked).toEqual(['v1/head']);
  const late = createTraffic(['v1/head', 200]);
  clock.pass(60_001);
  await late.get('v1/head');
  expect(late.asked).toEqual(['v1/head']);
});

test('what was refused, another statement, or anything of a check is sent for', async () => {
  const { asked, get } = createTraffic(['v1/head', 503], [STATEMENT, 200], ['v1/account/0', 200]);
  const targets = ['v1/head', `${STATEMENT}0`, 'v1/account/0', 'v1/password/0'];
  for (const target of targets) await get(target);
  expect(asked).toEqual(targets);
});
