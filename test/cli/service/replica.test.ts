// credveil replica pull and status, against a real server.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { credveil } from '../../support/credveil.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { perFile } from '../../support/per-file.ts';
import { keyPinOf, trustPinOf } from '../../support/pins.ts';

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  /** Files of keys; the folder of replicas. */
  at(name: string): string;
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  const made = await makeDataset({ pairs: seededPairs(200), signed: true, bucketFloor: 4 });
  const at = (name: string): string => path.join(path.dirname(made.folder), name);
  const { key, trust = '' } = keyPinOf(made);
  const write = (name: string, text: string): void => fs.writeFileSync(at(name), text, { mode: 0o600 });
  write('pinned', `${key}\n${trust}\n`);
  const list = clientFileFor(made.folder);
  write('copy.key', `${addClient(list, 'copy', {}, { replica: true }).keyText}\n`);
  write('other.key', `${addClient(list, 'other', {}).keyText}\n`);
  const server = await startServer(made.folder, { port: 0 });
  return {
    made,
    server,
    at,
    async close() {
      await server.close({ deadlineMs: 100 });
      made.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

describe('credveil replica', () => {
  test('pull fetches a replica once, and status says how long it is believed', async ({ world: { server, at } }) => {
    const pin = ['--key-file', at('pinned')];
    const pull = ['replica', 'pull', at('cache'), '--url', server.url, ...pin, '--client-key-file', at('copy.key')];
    const first = await credveil(pull);
    expect([first.code, first.stdout]).toEqual([0, expect.stringMatching(/^replica of snapshot 000001-\w{16}: /)]);
    expect(first.stderr).toContain('replica pull 100%');
    const again = await credveil([...pull, '--verify', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({
      ...{ snapshot: expect.stringMatching(/^000001-/), isNew: false, repaired: 0 },
    });
    const status = await credveil(['replica', 'status', at('cache'), ...pin]);
    expect([status.code, status.stdout]).toEqual([
      0,
      expect.stringMatching(/^snapshot 000001-\w{16}, to be believed for 2\d h /),
    ]);
    fs.truncateSync(path.join(at('cache'), JSON.parse(again.stdout).snapshot, 'password'), 9);
    const cut = await credveil(['replica', 'status', at('cache'), ...pin]);
    expect([cut.code, cut.stdout]).toEqual([1, '']);
    expect(cut.stderr).toMatch(/REPLICA_UNREADABLE: .*\n.*replica pull/);
    const repaired = await credveil([...pull, '--verify']);
    expect([repaired.code, repaired.stdout]).toEqual([
      0,
      expect.stringMatching(/is the newest one\nrepaired: [\d.]+ KiB were damaged or missing, and were fetched again/),
    ]);
    expect((await credveil([...pull, '--verify'])).stdout).toMatch(/is the newest one\n$/);
  });

  test('pull refuses the folder of a dataset, and one of another replica', async ({ world: { made, server, at } }) => {
    const url = ['--url', server.url, '--client-key-file', at('copy.key')];
    const pin = ['--key-file', at('pinned')];
    const own = await credveil(['replica', 'pull', made.folder, ...url, ...pin]);
    expect([own.code, own.stderr]).toEqual([1, expect.stringContaining(`REPLICA_MISPLACED: `)]);
    expect(own.stderr).toContain(made.folder);
    const other = await makeDataset({ pairs: seededPairs(5), keySeed: 2 });
    fs.writeFileSync(at('other.pin'), `${keyPinOf(other).key}\n`, { mode: 0o600 });
    other.dispose();
    await credveil(['replica', 'pull', at('shared'), ...url, ...pin]);
    for (const args of [
      ['replica', 'pull', at('shared'), ...url, '--key-file', at('other.pin')],
      ['replica', 'status', at('shared'), '--key-file', at('other.pin')],
    ]) {
      const { code, stderr } = await credveil(args);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`DATASET_MISMATCH: the replica is of another`)]);
      expect(stderr).not.toMatch(/URL/);
    }
  });

  test('says why a replica is not pulled, or not there', async ({ world: { made, server, at } }) => {
    const pin = ['--trust', trustPinOf(made).trust, '--key-file', at('pinned')];
    const pull = ['replica', 'pull', at('nothing'), '--url', server.url, ...pin];
    const refused = await credveil([...pull, '--client-key-file', at('other.key')]);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/CLIENT_REFUSED: .*may not hold a replica\n.*client add DATASET NAME --replica/);
    expect((await credveil(pull)).stderr).toContain('CLIENT_REFUSED');
    const missing = await credveil(['replica', 'status', at('nothing'), ...pin]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('REPLICA_MISSING')]);
    const unpinned = await credveil(['replica', 'status', at('nothing')]);
    expect([unpinned.code, unpinned.stderr]).toEqual([2, expect.stringContaining('replica status needs the line')]);
    const away = await credveil(['replica', 'pull', at('nothing'), '--url', 'http://127.0.0.1:9', ...pin]);
    expect([away.code, away.stderr]).toEqual([1, expect.stringContaining('NETWORK')]);
  });
});
