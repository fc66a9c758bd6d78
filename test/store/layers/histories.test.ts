// Layers answer as a publish of all sources does, verdict by verdict, when they are merged too:
// random histories of sources. A long run: CREDVEIL_HISTORIES=1000.

import { expect, test } from 'vitest';
import type { BucketId } from '../../../protocol/brands.ts';
import type { IndexName } from '../../../protocol/bucket-id.ts';
import { layersOf } from '../../../store/snapshot/layout/snapshot-facts.ts';
import { openSnapshot } from '../../../store/snapshot/snapshot.ts';
import { verifyDataset } from '../../../store/verify.ts';
import type { MadeDataset } from '../../support/dataset.ts';
import { testSeed } from '../../support/random.ts';
import { createHistory, type History, outcomeOf, serve, timesOf } from '../../support/store/layer-histories.ts';

const HISTORIES = Number(process.env.CREDVEIL_HISTORIES ?? 3);
const STEPS = 6;
const QUESTIONS = 40;

test.each(Array.from({ length: HISTORIES }, (_, i) => i))('history %i', async (number) => {
  const seed = testSeed(`layers ${number}`);
  const history = await createHistory(seed, number % 4 === 2 ? { suite: 'oprf' } : {});
  try {
    const counts: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      history.add(1 + history.random.below(5));
      await history.publish();
      const { facts } = await lengthsOf(history.layered);
      counts.push(layersOf(facts).length);
      if (step % 2 === 1) await compare(history);
    }
    expect(Math.max(...counts), 'there were layers').toBeGreaterThan(1);
    await compare(history);
    const { layered, layout } = history;
    expect(await verifyDataset(layered.dataset, layered.suite)).toMatchObject({ matched: true });
    await layered.publish({ layout });
    await history.whole.publish({ layout });
    expect((await lengthsOf(layered)).facts.layers, 'a publish without delta').toBeUndefined();
    await compare(history);
  } finally {
    history.dispose();
  }
});

/** Asks both the same, and counts forms that are equal by chance. */
async function compare(history: History): Promise<void> {
  const [layered, whole] = [await serve(history.layered), await serve(history.whole)];
  try {
    let byChance = 0;
    for (const question of history.questions(QUESTIONS)) {
      const [a, b] = [await layered.leaks.check(question), await whole.leaks.check(question)];
      const [ofA, ofB] = [a.signals.similar.result, b.signals.similar.result];
      if (ofA !== ofB && [ofA, ofB].includes('found') && [ofA, ofB].includes('absent')) byChance++;
      else expect(outcomeOf(a), JSON.stringify(question)).toEqual(outcomeOf(b));
      const times = timesOf(b);
      for (const [name, seen] of Object.entries(timesOf(a))) {
        expect(seen, name).toBeLessThan(1.5 * (times[name] as number));
        expect(1.5 * seen, name).toBeGreaterThan(times[name] as number);
      }
    }
    expect(byChance).toBeLessThanOrEqual(2);
  } finally {
    await layered.close();
    await whole.close();
  }
}

/** Every answer has a length that the statement names: one, if the base has one. */
async function lengthsOf({ dataset }: MadeDataset) {
  const snapshot = await openSnapshot(dataset);
  try {
    const { facts, layers } = snapshot;
    for (const index of Object.keys(facts.indexes) as IndexName[]) {
      const { prefixBits, bodyBytes } = facts.indexes[index] as NonNullable<(typeof facts.indexes)[IndexName]>;
      const upper = layers.reduce((sum, layer) => sum + layer.layout(index).upperBytes, 0);
      const lengths = new Set<number>();
      for (let id = 0; id < 2 ** prefixBits; id++)
        lengths.add((snapshot.paddedBody(index, id as BucketId) as Buffer).length - upper);
      for (const length of lengths) expect(bodyBytes).toContain(length);
      for (const added of layers.slice(1)) expect(added.facts.indexes[index]?.bodyBytes.length).toBe(1);
    }
    return { facts };
  } finally {
    snapshot.close();
  }
}
