// Checkers of several processes and of several pinned lines share one memory: none takes back what
// another has seen.

import { describe, expect, test } from 'vitest';
import type { CheckerMemory } from '../../../client-sdk/index.ts';
import { createHistory, type History } from '../../../client-sdk/publication/history.ts';
import type { DatasetId, KeyId } from '../../../protocol/brands.ts';

const DATASET = '0123456789abcdef' as DatasetId;
const KEYS = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'] as [KeyId, KeyId];
const PIN = { dataset: DATASET, publisher: null };

/** A file: its reads and writes take time, and whoever reads during a write gets a torn text. */
function createFile(text?: string) {
  const file = { text, saves: 0, writing: 0, mostWriting: 0, isFailing: false };
  /** A process has an object of its own for the file. */
  const open = (): CheckerMemory => ({
    load: async () => {
      await pause();
      if (file.isFailing) throw new Error('no');
      return file.text;
    },
    save: async (saved) => {
      file.saves += 1;
      file.mostWriting = Math.max(file.mostWriting, ++file.writing);
      await pause();
      file.text = saved;
      file.writing -= 1;
    },
  });
  return { file, open };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

/** Until nothing is saved any more. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 40));

async function start(memory: CheckerMemory, pin: Parameters<typeof createHistory>[1] = PIN): Promise<History> {
  const history = createHistory(memory, pin);
  await history.seen();
  return history;
}

describe('of two processes that share a memory', () => {
  test('the one with an older head takes back neither number, time nor caught key', async () => {
    const { open } = createFile();
    const [ahead, behind] = [await start(open()), await start(open())];
    ahead.add({ sequence: 5, issuedAt: 50 });
    ahead.catch(KEYS[0]);
    await settle();
    behind.add({ sequence: 4, issuedAt: 60 });
    behind.catch(KEYS[1]);
    await settle();
    const fresh = await start(open());
    expect(await fresh.seen()).toMatchObject({ sequence: 5, issuedAt: 60 });
    expect(KEYS.map(fresh.isCaught)).toEqual([true, true]);
  });

  test('each learns what the other has seen when it next sees a head', async () => {
    const { open } = createFile();
    const [ahead, behind] = [await start(open()), await start(open())];
    ahead.add({ sequence: 5, issuedAt: 50 });
    ahead.catch(KEYS[0]);
    await settle();
    behind.add({ sequence: 4, issuedAt: 40 });
    await settle();
    expect(await behind.seen()).toMatchObject({ sequence: 5, issuedAt: 50 });
    expect(behind.isCaught(KEYS[0])).toBe(true);
  });

  test('a save lost to the other is repaired by the next head, even the same one', async () => {
    const { file, open } = createFile();
    const history = await start(open());
    history.add({ sequence: 5, issuedAt: 50 });
    history.catch(KEYS[0]);
    await settle();
    file.text = file.text?.replace('"sequence":5', '"sequence":4').replace(`"${KEYS[0]}"`, '');
    history.add({ sequence: 5, issuedAt: 50 });
    await settle();
    const fresh = await start(open());
    expect(await fresh.seen()).toEqual({ sequence: 5, issuedAt: 50, caught: [KEYS[0]] });
  });

  test('a text that already holds all is not saved again', async () => {
    const { file, open } = createFile();
    const histories = [await start(open()), await start(open())];
    for (const history of [...histories, ...histories]) {
      history.add({ sequence: 5, issuedAt: 50 });
      await settle();
    }
    expect(file.saves).toBe(1);
  });
});

test('saves of one process do not overlap, and the last one holds all', async () => {
  const { file, open } = createFile();
  const memory = open();
  const histories = [await start(memory), await start(memory), await start(memory)] as const;
  for (let sequence = 1; sequence <= 20; sequence++) {
    for (const history of histories) history.add({ sequence, issuedAt: sequence });
    if (sequence === 10) histories[1].catch(KEYS[0]);
    if (sequence % 5 === 0) await pause();
  }
  await expect.poll(() => file.text).toContain('"sequence":20');
  await settle();
  expect(file.mostWriting).toBe(1);
  expect(await (await start(open())).seen()).toEqual({ sequence: 20, issuedAt: 20, caught: [KEYS[0]] });
});

test('a memory that cannot be read is not overwritten, and is caught up with later', async () => {
  const { file, open } = createFile();
  const history = await start(open());
  file.isFailing = true;
  history.add({ sequence: 5, issuedAt: 50 });
  await settle();
  expect(file.saves).toBe(0);
  file.isFailing = false;
  history.add({ sequence: 5, issuedAt: 50 });
  await settle();
  expect(await (await start(open())).seen()).toMatchObject({ sequence: 5 });
});

test('each pinned line has its own entry, and keeps those of others', async () => {
  const { open } = createFile();
  const pins = [PIN, { ...PIN, publisher: KEYS[0] }, { ...PIN, dataset: 'fedcba9876543210' as DatasetId }];
  for (const [i, pin] of pins.entries()) {
    (await start(open(), pin)).add({ sequence: i + 1, issuedAt: i });
    await settle();
  }
  for (const [i, pin] of pins.entries())
    expect(await (await start(open(), pin)).seen()).toEqual({ sequence: i + 1, issuedAt: i, caught: [] });
});

test.each([null, KEYS[0]])('an earlier text with the one pin of publisher %s is read, and kept', async (publisher) => {
  const single = { dataset: DATASET, publisher, sequence: 7, issuedAt: 70, caught: KEYS[1] };
  const { open } = createFile(JSON.stringify(single));
  const seen = { sequence: 7, issuedAt: 70, caught: [KEYS[1]] };
  expect(await (await start(open(), { ...PIN, publisher })).seen()).toEqual(seen);
  (await start(open(), { ...PIN, publisher: KEYS[1] })).add({ sequence: 1, issuedAt: 1 });
  await settle();
  expect(await (await start(open(), { ...PIN, publisher })).seen()).toEqual(seen);
});
