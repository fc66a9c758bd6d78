// An evaluator that cheats is caught at its first cheat, before the client acts on it, and never
// trusted again.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CheckerMemory } from '../../../client-sdk/index.ts';
import { createSodiumOprf } from '../../../client-sdk/sodium.ts';
import {
  type Cheat,
  type Cheats,
  createCheats,
  HONEST,
  startCheatingEvaluator,
} from '../../support/client/cheating-evaluator.ts';
import { allUnknown, LEAKED, summary } from '../../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../../support/worlds/oprf-world.ts';

let world: OprfWorld;
let cheats: Cheats;
beforeAll(async () => {
  cheats = await createCheats();
  world = await createOprfWorld({ pairs: [LEAKED] });
});
afterEach(() => world.closeFronts());
afterAll(() => world.close());

/** A check of a username and a password has the pair, the username and the password evaluated. */
const PASSWORD = 2;

const CHEATS: readonly [string, (known: Cheats) => Cheat][] = [
  ['the password alone', (known) => known.shift(PASSWORD)],
  ['the pair alone', (known) => known.shift(0)],
  ['the last element alone', (known) => known.shift(-1)],
  ['all elements with another key', (known) => known.otherKey],
  ['two elements with errors that cancel out', (known) => known.cancelling],
  ['two elements in each other’s place', (known) => known.swapped],
];

describe.each([
  ['noble', () => ({})],
  ['libsodium', () => ({ engine: createSodiumOprf() })],
] as const)('a checker on %s', (_, engine) => {
  test.each(CHEATS)('catches a wrong evaluation of %s at once, and never asks for the bucket', async (_, cheatOf) => {
    const service = await startCheatingEvaluator(world, world.url);
    const checker = world.checker(service.url, engine());
    await checker.ready();
    service.cheat = cheatOf(cheats);
    expect(summary(await checker.check(LEAKED))).toBe(allUnknown('KEY_MISMATCH'));
    expect(service.seen.passwordBuckets).toBe(0);
  });

  test('never trusts an evaluator again that it caught', async () => {
    const service = await startCheatingEvaluator(world, world.url);
    const checker = world.checker(service.url, engine());
    await checker.ready();
    service.cheat = cheats.shift(PASSWORD);
    await checker.check(LEAKED);
    service.cheat = HONEST;
    const { evaluations } = service.seen;
    for (let i = 0; i < 3; i++) expect(summary(await checker.check(LEAKED))).toBe(allUnknown('KEY_MISMATCH'));
    await expect(checker.ready()).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
    expect(service.seen).toEqual({ evaluations, passwordBuckets: 0 });
  });
});

test('checkers that share a memory learn of each other whom one has caught, also while they run', async () => {
  let text: string | undefined;
  const open = (): CheckerMemory => ({
    load: () => text,
    save: (saved) => {
      text = saved;
    },
  });
  const service = await startCheatingEvaluator(world, world.url);
  const start = () => world.checker(service.url, { memory: open(), headMaxAgeMs: 0 });
  const [running, catching] = [start(), start()];
  expect((await running.check(LEAKED)).status).toBe('pair');
  await catching.ready();
  service.cheat = cheats.shift(PASSWORD);
  await catching.check(LEAKED);
  service.cheat = HONEST;
  await expect.poll(() => text).toContain(world.made.key.keyId);
  await expect.poll(async () => summary(await running.check(LEAKED))).toBe(allUnknown('KEY_MISMATCH'));
  expect(summary(await start().check(LEAKED)), 'after a restart').toBe(allUnknown('KEY_MISMATCH'));
});
