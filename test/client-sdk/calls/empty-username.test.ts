// A username that is empty after normalization is no username: nothing is asked about it.

import { describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { createLeakChecker } from '../../../client-sdk/index.ts';
import { EntryKind } from '../../../protocol/private-input.ts';
import { SUITE_NAMES } from '../../../protocol/suite.ts';
import { startServer } from '../../../server/server.ts';
import { openDataset } from '../../../store/dataset.ts';
import { credentialRecords } from '../../../store/run/credential-records.ts';
import { KIND_AT } from '../../../store/run/record.ts';
import { openCurrent } from '../../../store/snapshot/current.ts';
import { makeDataset } from '../../support/dataset.ts';
import { forward, send, startFront } from '../../support/http-front.ts';
import { pinOf } from '../../support/pins.ts';
import { LEAKED, TIMEOUT_MS } from '../../support/worlds/client-world.ts';

const EMPTY = ['', ' ', '\t\u3000\ufeff'];

describe.each(SUITE_NAMES)('an empty username, suite %s', (suite) => {
  test('asks what a password alone asks, and nothing else', async () => {
    const made = await makeDataset({ oprf: await createSodiumOprf(), suite, pairs: [LEAKED] });
    const server = await startServer(made.folder, { port: 0, ...(suite === 'oprf' && { key: made.key }) });
    const front = await startFront(async (request, response) => send(response, await forward(server.url, request)));
    const asked = (): string[] =>
      front.requests.flatMap((text) => /^\S+ \/v1\/(account|password|lookup|evaluate)/.exec(text)?.[1] ?? []);
    try {
      const leaks = createLeakChecker({ url: front.url, timeoutMs: TIMEOUT_MS, bucketCacheBytes: 0, ...pinOf(made) });
      const { durationMs: _, ...alone } = await leaks.check({ password: LEAKED.password });
      expect(alone).toMatchObject({ status: 'password', signals: { pair: { result: 'unasked' } } });
      const before = asked();
      for (const username of EMPTY) {
        expect(await leaks.check({ username, password: LEAKED.password })).toMatchObject(alone);
        expect(await leaks.check({ username, password: 'never leaked' })).toMatchObject({ status: 'clean' });
        expect(await leaks.check({ username })).toMatchObject({ status: 'unknown', reason: 'NOTHING_ASKED' });
      }
      expect(asked()).toEqual(Array.from({ length: 1 + 2 * EMPTY.length }, () => before).flat());
    } finally {
      await front.close();
      await server.close();
      made.dispose();
    }
  });

  test('makes an entry of the password alone when it leaks', async () => {
    const oprf = await createSodiumOprf();
    const made = await makeDataset({
      oprf,
      suite,
      similar: true,
      pairs: EMPTY.map((username) => ({ username, password: 'Lone-1' })),
    });
    try {
      const { account, password } = openCurrent(openDataset(made.folder))?.facts.indexes ?? {};
      // Beside the canary: its pair, its username and its password.
      expect([account?.entries, account?.usernames, password?.entries]).toEqual([2, 1, 2]);
    } finally {
      made.dispose();
    }
    const kinds: number[] = [];
    const records = credentialRecords(made.suite, ['account', 'password'], true);
    for (const username of EMPTY)
      records.derive({ username, password: 'Lone-1', times: 1 }, (_, record) => kinds.push(record[KIND_AT] as number));
    expect(new Set(kinds)).toEqual(new Set([EntryKind.password]));
  });
});
