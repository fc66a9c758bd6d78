// What a checker has seen survives a restart, and a memory that fails is no clean slate.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type CheckerMemory, createLeakChecker, type Verdict } from '../../../client-sdk/index.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { changeHead, changeStatement } from '../../support/client/restate.ts';
import { createTestClock } from '../../support/clock.ts';
import { type MadeDataset, makeDataset } from '../../support/dataset.ts';
import { createFronts, type Fronts } from '../../support/fronts.ts';
import { type Answer, forward } from '../../support/http-front.ts';
import { keyPinOf } from '../../support/pins.ts';
import { LEAKED, TIMEOUT_MS } from '../../support/worlds/client-world.ts';

const HOURS = 3_600_000;

let made: MadeDataset;
let server: CredveilServer;
let fronts: Fronts;
beforeAll(async () => {
  made = await makeDataset({ pairs: [LEAKED] });
  server = await startServer(made.folder, { port: 0 });
  fronts = createFronts((request) => forward(server.url, request));
});
afterEach(() => fronts.closeFronts());
afterAll(async () => {
  await server.close();
  made.dispose();
});

/** One text, as a file would hold it. */
function createMemory(text?: string): CheckerMemory & { text: string | undefined } {
  const memory = {
    text,
    load: () => memory.text,
    save: (saved: string) => {
      memory.text = saved;
    },
  };
  return memory;
}

/** A check by a process that has just started. */
async function checkFresh(memory: CheckerMemory, change: (answer: Answer, url: string) => void = () => {}) {
  const { url } = await fronts.spoil(change);
  return createLeakChecker({ url, ...keyPinOf(made), timeoutMs: TIMEOUT_MS, memory }).check(LEAKED);
}

const pinsIn = ({ text = '{}' }: { text: string | undefined }): unknown => JSON.parse(text).pins;

const reasonOf = ({ status, reason }: Verdict): string => reason ?? status;

/** A front that serves the snapshot under a higher number. */
async function withSequence(sequence: number) {
  const { snapshot } = (await (await fetch(`${server.url}/readyz`)).json()) as { snapshot: string };
  const statement = await fetch(`${server.url}/v1/statement/${snapshot}`);
  return changeStatement(made, Buffer.from(await statement.arrayBuffer()), () => ({ sequence }));
}

describe('a memory', () => {
  test('keeps the highest number, so that a fresh process refuses an older snapshot', async () => {
    const memory = createMemory();
    expect(reasonOf(await checkFresh(memory))).toBe('pair');
    await expect.poll(() => pinsIn(memory)).toMatchObject({ [`${made.dataset.id}/mac`]: { sequence: 1 } });
    const newer = await withSequence(5);
    // The server has no buckets of that name.
    await checkFresh(memory, newer);
    await expect.poll(() => pinsIn(memory)).toMatchObject({ [`${made.dataset.id}/mac`]: { sequence: 5 } });
    expect(reasonOf(await checkFresh(memory))).toBe('SNAPSHOT_OLDER');
    expect(reasonOf(await checkFresh(createMemory())), 'without a memory nobody can know').toBe('pair');
  });

  test('keeps when the newest head was issued, so that setting the clock back makes none young again', async () => {
    const memory = createMemory();
    expect(reasonOf(await checkFresh(memory))).toBe('pair');
    await expect.poll(() => memory.text).toBeDefined();
    const clock = createTestClock();
    clock.pass(-2 * HOURS);
    const old = changeHead(made, (head) => ({
      issuedAt: `${new Date(Date.parse(head.issuedAt as string) - 2 * HOURS).toISOString().slice(0, 19)}Z`,
    }));
    expect(reasonOf(await checkFresh(memory, old))).toBe('CLOCK_WRONG');
    expect(reasonOf(await checkFresh(createMemory(), old))).toBe('pair');
  });

  test('of another line is not used', async () => {
    const other = JSON.stringify({ dataset: '0123456789abcdef', publisher: null, sequence: 9, issuedAt: 0 });
    expect(reasonOf(await checkFresh(createMemory(other)))).toBe('pair');
  });

  test.each<[string, CheckerMemory]>([
    ['is damaged', createMemory('{"dataset":')],
    ['holds another text', createMemory('{}')],
    ['holds null', createMemory('null')],
    ['holds another name of a pin', createMemory('{"pins":{"toString":{"sequence":1,"issuedAt":0,"caught":[]}}}')],
    ['holds a pin without its keys', createMemory('{"pins":{"0123456789abcdef/mac":{"sequence":1,"issuedAt":0}}}')],
    [
      'holds a negative number',
      createMemory('{"dataset":"0123456789abcdef","publisher":null,"sequence":-1,"issuedAt":0}'),
    ],
    [
      'throws',
      {
        load: () => {
          throw new Error('no');
        },
        save: () => {},
      },
    ],
    ['rejects', { load: () => Promise.reject(new Error('no')), save: () => {} }],
  ])('that %s makes checks unknown', async (_, memory) => {
    expect(reasonOf(await checkFresh(memory))).toBe('MEMORY_FAILED');
  });

  test('that does not answer ends at the deadline of the check', async () => {
    const memory: CheckerMemory = { load: () => new Promise(() => {}), save: () => {} };
    const leaks = createLeakChecker({ url: server.url, ...keyPinOf(made), memory });
    expect(reasonOf(await leaks.check(LEAKED))).toBe('TIMEOUT');
  });

  test('that cannot save changes no verdict', async () => {
    const failing = [
      () => {
        throw new Error('no');
      },
      () => Promise.reject(new Error('no')),
    ];
    for (const save of failing) expect(reasonOf(await checkFresh({ load: () => undefined, save }))).toBe('pair');
  });
});
