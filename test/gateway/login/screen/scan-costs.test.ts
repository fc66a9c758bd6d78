// What takes long to look through is refused, and so is what its party sends next for a while.

import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { ScanCosts } from '../../../../gateway/phases/check/scan-costs.ts';
import { exchange } from '../../../support/gateway/gateway.ts';
import { bytesOf, packed, withGeneric } from '../../../support/gateway/login/screened.ts';
import { createRandom, testSeed } from '../../../support/random.ts';

/** Of the processor, as long as it takes. */
function work(milliseconds: number): void {
  const end = process.cpuUsage().user + milliseconds * 1_000;
  while (process.cpuUsage().user < end);
}

test('a party has two seconds in a window, beyond what its bytes should take', () => {
  let now = 0;
  const costs = new ScanCosts(() => now);
  for (let i = 0; i < 5; i++) costs.measure('a', 2 ** 24, () => work(10));
  expect(costs.isSpent('a')).toBe(false);
  costs.measure('a', 10, () => work(4_000));
  expect([costs.isSpent('a'), costs.isSpent('b')]).toEqual([true, false]);
  now = 11_000;
  expect(costs.isSpent('a')).toBe(false);
});

test('text of beginnings of names, sent again and again', async () => {
  const { port } = await withGeneric();
  const random = createRandom(testSeed('beginnings of names'));
  const cased = (letter: string): string => (random.below(2) === 0 ? letter : letter.toUpperCase());
  const name = (): string => `${[...'passwor'].map(cased).join('')} `;
  const sent = packed('gzip', zlib.gzipSync(`{/*${Array.from({ length: 125_000 }, name).join('')}`));
  let status = 200;
  for (let i = 0; i < 100 && status === 200; i++) ({ status } = await exchange(port, bytesOf(sent)));
  expect(status).toBe(503);
});
