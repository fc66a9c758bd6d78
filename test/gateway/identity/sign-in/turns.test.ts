// Parties take turns at a provider.

import { expect, test } from 'vitest';
import { Turns } from '../../../../gateway/identity/sign-in/turns.ts';

const always = (): boolean => true;

test('who asks for much waits for itself, and others do not', async () => {
  const turns = new Turns({ maxRunning: 2, maxWaiting: 10, maxWaitingOfParty: 5 });
  const order: string[] = [];
  const ask = async (party: string): Promise<void> => {
    const may = await turns.begin(party, always);
    order.push(may ? party : `${party} refused`);
  };
  for (let i = 0; i < 8; i++) void ask('mallory');
  void ask('ann');
  void ask('ben');
  await new Promise(setImmediate);
  expect(order).toEqual(['mallory', 'mallory', 'mallory refused']);
  for (let i = 0; i < 4; i++) {
    turns.end();
    await new Promise(setImmediate);
  }
  expect(order.slice(3)).toEqual(['mallory', 'ann', 'ben', 'mallory']);
  for (let i = 0; i < 12; i++) void ask(`party ${i}`);
  await new Promise(setImmediate);
  expect(order.filter((each) => each.endsWith('refused'))).toHaveLength(6);
});

test('who has left takes none', async () => {
  const turns = new Turns({ maxRunning: 1, maxWaiting: 10, maxWaitingOfParty: 10 });
  expect(await turns.begin('a', always)).toBe(true);
  let isThere = true;
  const left = turns.begin('b', () => isThere);
  const next = turns.begin('c', always);
  isThere = false;
  turns.end();
  expect(await left).toBe(false);
  expect(await next).toBe(true);
  turns.end();
  expect(await turns.begin('d', always)).toBe(true);
});
