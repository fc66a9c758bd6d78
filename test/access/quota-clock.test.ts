// Daily quotas while the clock jumps by days and back.

import { describe, expect } from 'vitest';
import { quotaClient, test } from '../support/worlds/quota-world.ts';

const DAY_MS = 86_400_000;

describe('a clock that jumps', () => {
  test.for([3, -3, 7, 29, -29])('%i days and back grant nothing twice', async (days, { world }) => {
    const client = quotaClient({ 'requests-per-day': 100, 'evaluations-per-day': 100 });
    const worker = world.worker();
    expect((await worker.take(client, 100, 100))?.violated).toEqual([]);
    world.clock += days * DAY_MS;
    expect((await worker.take(client, 1, 1))?.violated).toEqual([]);
    world.clock -= days * DAY_MS;
    expect((await worker.take(client, 1))?.violated).toEqual(['requests-per-day']);
    expect((await worker.take(client, 0, 1))?.violated).toEqual(['evaluations-per-day']);
    world.restart('stopped');
    expect((await world.worker().take(client, 1))?.violated).toEqual(['requests-per-day']);
  });
});
