// A publish of added sources that is killed at any moment: the snapshot before or the new one is
// current, whole, and the next publish completes. Four rounds of added sources merge layers too.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openCurrent } from '../../../store/snapshot/current.ts';
import { layersOf } from '../../../store/snapshot/layout/snapshot-facts.ts';
import { verifyDataset } from '../../../store/verify.ts';
import { createWorkPlace, credveil, startCredveil } from '../../support/credveil.ts';
import { makeDataset, seededPairs } from '../../support/dataset.ts';
import { createRandom, testSeed } from '../../support/random.ts';

/** A long run: CREDVEIL_DELTA_KILLS=200. */
const KILLS = Number(process.env.CREDVEIL_DELTA_KILLS ?? 5);

test(`after each of ${KILLS} kills a whole snapshot is current`, { timeout: 0 }, async () => {
  const random = createRandom(testSeed('kills of a delta'));
  const made = await makeDataset({ pairs: seededPairs(2000), bucketFloor: 4 });
  const place = createWorkPlace();
  const keyFile = place.write('key', `${made.key.revealText()}\n`);
  fs.chmodSync(keyFile, 0o600);
  const args = ['publish', made.folder, '--delta', '--key-file', keyFile, '--threads', '1'];
  const namesNow = (): string =>
    layersOf(openCurrent(made.dataset)?.facts as never)
      .map(({ name }) => name)
      .join();
  try {
    let killed = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const before = namesNow();
      made.addSource(`added-${kill}`, { pairs: seededPairs(10, 200 + kill) });
      const { child, ended } = startCredveil(args);
      // From the first of its files on, a random moment.
      const work = path.join(made.folder, 'work');
      while (child.exitCode === null && !fs.existsSync(work)) await sleep(1);
      await sleep(random.below(60));
      child.kill('SIGKILL');
      const { code } = await ended;
      if (code === null) killed++;
      const after = namesNow();
      expect(code === 0 ? after !== before : true).toBe(true);
      await verifyDataset(made.dataset, made.suite);
      const { code: again, stderr } = await credveil(args);
      expect([again, stderr.includes('rror')]).toEqual([0, false]);
      expect(namesNow()).not.toBe(before);
      expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
    }
    expect(killed).toBeGreaterThan(0);
  } finally {
    made.dispose();
    place.dispose();
  }
});
