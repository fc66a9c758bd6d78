// Worker processes behind one port: deaths, failed starts, and changes of snapshot.

import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { writeKeyFile } from '../../store/key-file.ts';
import { credveil } from '../support/credveil.ts';
import { makeDataset, seededPairs } from '../support/dataset.ts';
import { allEnded, get, getMany, isAlive, pause, test } from '../support/served-workers.ts';
import { certificateName, connectTls, makeTlsFiles, pairOf } from '../support/tls-files.ts';

describe('the death of a worker', () => {
  test('a dead worker is replaced while the others keep serving the port', async ({ shared: { workers, url } }) => {
    const exits = workers.events('worker-exited').length;
    const starts = workers.events('worker-ready').length;
    const [killed = 0, other = 0] = workers.pids();
    const refused: string[] = [];
    let stop = false;
    let answered = 0;
    const load = async (): Promise<void> => {
      while (!stop)
        await get(url, '/v1/account/0').then(
          ({ status }) => {
            if (status !== 200) refused.push(`status ${status}`);
            answered++;
          },
          // Only requests sent to the killed worker are lost.
          (error: NodeJS.ErrnoException) => {
            if (error.code !== 'ECONNRESET') refused.push(error.code ?? error.message);
          },
        );
    };
    const loads = Promise.all([load(), load(), load(), load()]);
    process.kill(killed, 'SIGKILL');
    const [exit] = await workers.seen('worker-exited', 1, exits);
    expect(exit).toMatchObject({ pid: killed, why: 'SIGKILL' });
    await workers.seen('worker-ready', 1, starts);
    const before = answered;
    while (answered < before + 50) await pause();
    stop = true;
    await loads;
    expect(refused).toEqual([]);
    expect(workers.pids()).not.toContain(killed);
    expect(workers.pids()).toContain(other);
  });

  test('a worker that keeps dying is replaced after growing delays', async ({ workers }) => {
    await workers.serve();
    for (let deaths = 1; deaths <= 4; deaths++) {
      const pid = workers.events('worker-ready').findLast(({ worker }) => worker === 1)?.pid as number;
      process.kill(pid, 'SIGKILL');
      await workers.seen('worker-exited', deaths);
      while (workers.events('worker-ready').length < 2 + deaths) await pause();
    }
    expect(workers.events('worker-exited').map(({ restartInMs }) => restartInMs)).toEqual([0, 100, 200, 400]);
  });

  test('a failed replacement is retried while the others keep serving', async ({ shared: { workers, url } }) => {
    const starts = workers.events('worker-ready').length;
    const failures = workers.events('worker-failed').length;
    const current = fs.readFileSync(`${workers.made.folder}/CURRENT`);
    fs.writeFileSync(`${workers.made.folder}/CURRENT`, 'nonsense\n');
    process.kill(workers.pids()[0] as number, 'SIGKILL');
    const [failed] = await workers.seen('worker-failed', 2, failures);
    expect(failed).toMatchObject({ worker: 1, code: 'SNAPSHOT_CORRUPT', hint: expect.any(String) });
    expect((await get(url, '/v1/account/0')).status).toBe(200);
    fs.writeFileSync(`${workers.made.folder}/CURRENT`, current);
    await workers.seen('worker-ready', 1, starts);
    expect(new Set((await getMany(url, '/readyz')).map(({ status }) => status))).toEqual(new Set([200]));
  });

  test('the workers exit if the primary is killed', async ({ workers }) => {
    const { child, ended } = await workers.serve();
    const processes = workers.pids();
    expect(processes.every(isAlive)).toBe(true);
    child.kill('SIGKILL');
    await ended;
    await allEnded(processes);
  });
});

describe('a failed start of workers', () => {
  test('a start on a missing or corrupt dataset exits with its error code', async ({ workers }) => {
    const { code, stderr } = await credveil(['serve', workers.place.at('nothing'), '--workers', '2', '--listen', ':0']);
    expect([code, stderr.split(':')[0]]).toEqual([1, 'error DATASET_MISSING']);
    fs.rmSync(`${workers.made.folder}/snapshots`, { recursive: true });
    const broken = await credveil(['serve', workers.made.folder, '--workers', '3', '--listen', ':0']);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/^error SNAPSHOT_CORRUPT: /m);
  });

  test('a start on the port of another server exits with ADDRESS_IN_USE', async ({ shared: { workers, url } }) => {
    const second = await credveil(['serve', workers.made.folder, '--workers', '2', '--listen', new URL(url).host]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/^error ADDRESS_IN_USE: /);
  });
});

describe('a new snapshot with several workers', () => {
  test('a snapshot announced by one worker is served by all, and none changes back', async ({ workers }) => {
    const { url } = await workers.serve(['--workers', '3']);
    const wrong: string[] = [];
    let newest = '';
    let stop = false;
    const follow = async (): Promise<void> => {
      while (!stop) {
        const { snapshot = '' } = await get(url, '/v1/head');
        if (snapshot > newest) newest = snapshot;
        const pinned = await Promise.all([1, 2, 3].map(() => get(url, `/v1/account/0?snapshot=${snapshot}`)));
        // By now this one may be two changes old. The newest announced snapshot never is.
        if (snapshot === newest) wrong.push(...pinned.filter(({ status }) => status !== 200).map(({ body }) => body));
      }
    };
    const followers = Promise.all([follow(), follow(), follow()]);
    const published: string[] = [];
    for (let i = 0; i < 8; i++) {
      workers.made.addSource(`source-${i}`, { pairs: seededPairs(20, 100 + i) });
      published.push((await workers.made.publish()).snapshot);
      // Some publishes follow in quick succession.
      if (i % 3 === 2) while (newest !== published.at(-1)) await pause();
    }
    while (newest !== published.at(-1)) await pause();
    const last = published.at(-1);
    while ((await getMany(url, '/readyz')).some(({ body }) => JSON.parse(body).snapshot !== last)) await pause();
    stop = true;
    await followers;
    expect(wrong).toEqual([]);
  });

  test('all workers refuse a broken snapshot, and /readyz reports it while it stays 200', async ({ shared }) => {
    const { workers, url } = shared;
    const refusals = workers.events('snapshot-refused').length;
    const [{ snapshot } = { snapshot: '' }] = await getMany(url, '/v1/head', 1);
    const current = fs.readFileSync(`${workers.made.folder}/CURRENT`);
    fs.writeFileSync(`${workers.made.folder}/CURRENT`, 'nonsense\n');
    await workers.seen('snapshot-refused', 2, refusals);
    const refused = await getMany(url, '/readyz');
    for (const { status, body } of refused)
      expect([status, JSON.parse(body)]).toEqual([
        200,
        { status: 'ready', snapshot, head: expect.anything(), refused: { code: 'SNAPSHOT_CORRUPT' } },
      ]);
    fs.writeFileSync(`${workers.made.folder}/CURRENT`, current);
    while ((await getMany(url, '/readyz')).some(({ body }) => JSON.parse(body).refused)) await pause();
  });

  test('a snapshot change stops waiting for a hung worker once it is killed', async ({ shared: { workers, url } }) => {
    const starts = workers.events('worker-ready').length;
    const [hung = 0, other = 0] = workers.pids();
    process.kill(hung, 'SIGSTOP');
    workers.made.addSource('second', { pairs: seededPairs(20, 2) });
    const { snapshot } = await workers.made.publish();
    await pause(100);
    process.kill(hung, 'SIGKILL');
    await workers.seen('worker-ready', 1, starts);
    while ((await getMany(url, '/readyz')).some(({ body }) => JSON.parse(body).snapshot !== snapshot)) await pause();
    expect(workers.pids()).toContain(other);
  });
});

test('workers get the key of an oprf dataset, but not by arguments or environment', async ({ workers }) => {
  workers.made.dispose();
  workers.made = await makeDataset({ suite: 'oprf', oprf: await createSodiumOprf(), pairs: seededPairs(20) });
  const keyFile = workers.place.at('oprf.key');
  writeKeyFile(keyFile, workers.made.key);
  const { url, child, written } = await workers.serve(['--key-file', keyFile]);
  expect((await get(url, '/v1/head')).status).toBe(200);
  const secret = workers.made.key.revealText().split('.').at(-1) as string;
  if (process.platform === 'linux')
    for (const pid of [...workers.pids(), child.pid])
      for (const name of ['cmdline', 'environ']) {
        const text = fs.readFileSync(`/proc/${pid}/${name}`, 'latin1');
        expect(text.length).toBeGreaterThan(0);
        expect(text).not.toContain(secret);
      }
  expect(written.stderr).not.toContain(secret);
});

test('the connection limit is divided among the workers', async ({ workers }) => {
  const { url } = await workers.serve(['--limits-max-connections', '6']);
  const { hostname, port } = new URL(url);
  let open = 0;
  const sockets = Array.from({ length: 60 }, () => {
    const socket = net.connect(Number(port), hostname).on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.once('data', () => open++);
    return socket;
  });
  // Connections without a response have been dropped.
  const ended = Promise.all(sockets.map((socket) => Promise.race([once(socket, 'data'), once(socket, 'close')])));
  await ended.catch(() => undefined);
  while (sockets.filter(({ destroyed }) => !destroyed).length > 6) await pause();
  expect(open).toBeLessThanOrEqual(6);
  expect(open).toBeGreaterThanOrEqual(3);
  for (const socket of sockets) socket.destroy();
});

test('all workers load changed TLS files and resume each other’s sessions', async ({ workers }) => {
  const files = makeTlsFiles();
  try {
    const { url } = await workers.serve(['--tls-cert-file', files.certFile, '--tls-key-file', files.keyFile]);
    const address = { host: '127.0.0.1', port: Number(new URL(url).port) };
    expect(url).toMatch(/^https:/);
    const socket = await connectTls(address);
    const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    for (let i = 0; i < 20; i++) {
      const resumed = await connectTls(address, { session: await session });
      expect(resumed.isSessionReused()).toBe(true);
      resumed.destroy();
    }
    socket.destroy();
    files.put(pairOf('second'));
    await workers.seen('tls-loaded', 4);
    for (let i = 0; i < 20; i++) expect(await certificateName(address)).toContain('server 2');
  } finally {
    files.dispose();
  }
});
