// Worker processes behind one port: deaths, failing starts, signals, and snapshots that all of them change to.

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../accel/oprf-sodium.ts';
import { writeKeyFile } from '../store/key-file.ts';
import { createWorkPlace, credveil, type Served, serveDataset, type WorkPlace } from './fixtures/credveil.ts';
import { type MadeDataset, makeDataset, seededPairs } from './fixtures/dataset.ts';
import { certificateName, connectTls, makeTlsFiles, pairOf } from './fixtures/tls-files.ts';

interface LoggedEvent {
  readonly event: string;
  readonly worker?: number;
  readonly pid?: number;
  readonly [field: string]: unknown;
}

let place: WorkPlace;
let made: MadeDataset;
let served: Served | undefined;

const pause = (ms = 10): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const eventsOf = (name: string): LoggedEvent[] =>
  (served?.written.stderr ?? '')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LoggedEvent)
    .filter(({ event }) => event === name);

async function seen(name: string, count: number): Promise<LoggedEvent[]> {
  for (;;) {
    const events = eventsOf(name);
    if (events.length >= count) return events;
    await pause();
  }
}

async function serve(args: readonly string[] = []): Promise<Served> {
  served = await serveDataset(made.folder, { args: ['--workers', '2', '--poll-interval-ms', '20', ...args] });
  return served;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The newest process of each worker. */
const pids = (): number[] =>
  [...new Map(eventsOf('worker-ready').map(({ worker, pid }) => [worker, pid])).values()] as number[];

async function allEnded(processes: readonly number[]): Promise<void> {
  while (processes.some(isAlive)) await pause();
}

interface Answer {
  readonly status: number | undefined;
  readonly snapshot: string | undefined;
  readonly body: string;
}

/** A GET over a connection of its own: the kernel chooses the worker. */
async function get(url: string, target: string): Promise<Answer> {
  const request = http.get(url + target, { agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const piece of response.setEncoding('latin1')) body += piece as string;
  const snapshot = response.headers['credveil-snapshot'] as string | undefined;
  return { status: response.statusCode, snapshot, body };
}

/** Many at once: all workers get some. */
const getMany = (url: string, target: string, count = 60): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, () => get(url, target)));

beforeEach(async () => {
  place = createWorkPlace();
  made = await makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 });
  served = undefined;
});

afterEach(async () => {
  if (served && served.child.exitCode === null && served.child.signalCode === null) await served.stop();
  made.dispose();
  place.dispose();
});

describe('a worker that dies', () => {
  test('is replaced, and meanwhile the port listens and the others answer', async () => {
    const { url } = await serve();
    const [killed = 0, other = 0] = pids();
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
          // What was sent to the one that was killed is lost. Nothing else is.
          (error: NodeJS.ErrnoException) => {
            if (error.code !== 'ECONNRESET') refused.push(error.code ?? error.message);
          },
        );
    };
    const loads = Promise.all([load(), load(), load(), load()]);
    process.kill(killed, 'SIGKILL');
    const [exit] = await seen('worker-exited', 1);
    expect(exit).toMatchObject({ pid: killed, why: 'SIGKILL', restartInMs: 0 });
    await seen('worker-ready', 3);
    const before = answered;
    while (answered < before + 50) await pause();
    stop = true;
    await loads;
    expect(refused).toEqual([]);
    expect(pids()).not.toContain(killed);
    expect(pids()).toContain(other);
  });

  test('again and again is replaced ever later', async () => {
    await serve();
    for (let deaths = 1; deaths <= 4; deaths++) {
      const pid = eventsOf('worker-ready').findLast(({ worker }) => worker === 1)?.pid as number;
      process.kill(pid, 'SIGKILL');
      await seen('worker-exited', deaths);
      while (eventsOf('worker-ready').length < 2 + deaths) await pause();
    }
    expect(eventsOf('worker-exited').map(({ restartInMs }) => restartInMs)).toEqual([0, 100, 200, 400]);
  });

  test('and cannot be replaced is tried again, while the others answer', async () => {
    const { url } = await serve();
    const current = fs.readFileSync(`${made.folder}/CURRENT`);
    fs.writeFileSync(`${made.folder}/CURRENT`, 'nonsense\n');
    process.kill(pids()[0] as number, 'SIGKILL');
    const [failed] = await seen('worker-failed', 2);
    expect(failed).toMatchObject({ worker: 1, code: 'SNAPSHOT_CORRUPT', hint: expect.any(String) });
    expect((await get(url, '/v1/account/0')).status).toBe(200);
    fs.writeFileSync(`${made.folder}/CURRENT`, current);
    await seen('worker-ready', 3);
    expect(new Set((await getMany(url, '/readyz')).map(({ status }) => status))).toEqual(new Set([200]));
  });

  test('with the first process too: none is left behind', async () => {
    const { child, ended } = await serve();
    const workers = pids();
    expect(workers.every(isAlive)).toBe(true);
    child.kill('SIGKILL');
    await ended;
    await allEnded(workers);
  });
});

describe('a start that fails', () => {
  test('ends the command with the name of what is wrong', async () => {
    const { code, stderr } = await credveil(['serve', place.at('nothing'), '--workers', '2', '--listen', ':0']);
    expect([code, stderr.split(':')[0]]).toEqual([1, 'error DATASET_MISSING']);
    fs.rmSync(`${made.folder}/snapshots`, { recursive: true });
    const broken = await credveil(['serve', made.folder, '--workers', '3', '--listen', ':0']);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/^error SNAPSHOT_CORRUPT: /m);
  });

  test('because another server has the port', async () => {
    const { url } = await serve();
    const second = await credveil(['serve', made.folder, '--workers', '2', '--listen', new URL(url).host]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/^error ADDRESS_IN_USE: /);
  });
});

describe('signals', () => {
  test.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('%s lets requests in flight finish, and all processes end', async (signal, exitCode) => {
    const { url, child, ended } = await serve();
    const { hostname, port } = new URL(url);
    const sockets = Array.from({ length: 12 }, () => net.connect(Number(port), hostname));
    for (const socket of sockets) socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await Promise.all(sockets.map((socket) => once(socket, 'data')));
    // Begun and not ended; the answer to the one before shows that it has arrived.
    for (const socket of sockets)
      socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n');
    await Promise.all(sockets.map((socket) => once(socket, 'data')));
    const workers = pids();
    child.kill(signal);
    // As a terminal does it: to all of them.
    for (const pid of workers) process.kill(pid, signal);
    await seen('closing', 2);
    const answers = sockets.map(async (socket) => {
      socket.end('\r\n');
      let text = '';
      for await (const piece of socket.setEncoding('latin1')) text += piece as string;
      return text;
    });
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 503 .*NOT_READY/s);
    expect((await ended).code).toBe(exitCode);
    await allEnded(workers);
    await expect(get(url, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('SIGTERM waits no longer than it was told for a client that does not finish', async () => {
    const { url, ended, child } = await serve(['--drain-ms', '100']);
    const { hostname, port } = new URL(url);
    const stuck = net.connect(Number(port), hostname);
    stuck.on('error', () => undefined);
    stuck.write('GET /healthz HTTP/1.1\r\n');
    await getMany(url, '/healthz', 10);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    stuck.destroy();
  });

  test('SIGTERM ends a worker that hangs', async () => {
    const { child, ended } = await serve(['--drain-ms', '1']);
    const workers = pids();
    process.kill(workers[0] as number, 'SIGSTOP');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    await allEnded(workers);
  });

  test('SIGHUP applies live settings in every worker and names the others; nonsense changes nothing', async () => {
    const config = place.write('config.json', '{}');
    const { url, child } = await serve(['--config', config]);
    const long = `/v1/account/0?snapshot=${'0'.repeat(200)}`;
    const statuses = async (): Promise<Set<number | undefined>> =>
      new Set((await getMany(url, long)).map(({ status }) => status));
    expect(await statuses()).toEqual(new Set([400]));
    place.write('config.json', JSON.stringify({ limits: { maxUrlBytes: 100 }, maxHeldBytes: 1 }));
    child.kill('SIGHUP');
    expect(await seen('config-reloaded', 1)).toMatchObject([
      { changed: ['limits.maxUrlBytes'], needRestart: ['maxHeldBytes'] },
    ]);
    while ((await statuses()).has(400)) await pause();
    expect(await statuses()).toEqual(new Set([414]));
    for (const [i, nonsense] of ['{', '{"limits":{"maxUrlBytes":0}}', '{"lsten":":1"}'].entries()) {
      place.write('config.json', nonsense);
      child.kill('SIGHUP');
      await seen('config-refused', i + 1);
    }
    expect(eventsOf('config-refused').map(({ code }) => code)).toEqual([
      'SETTINGS_FILE_MALFORMED',
      'SETTING_INVALID',
      'SETTING_UNKNOWN',
    ]);
    expect(await statuses()).toEqual(new Set([414]));
    // A worker that is started now has the settings of now.
    process.kill(pids()[0] as number, 'SIGKILL');
    await seen('worker-ready', 3);
    expect(await statuses()).toEqual(new Set([414]));
  });
});

describe('a new snapshot', () => {
  test('that one worker announces is answered by every other, and none changes back', async () => {
    const { url } = await serve(['--workers', '3']);
    const wrong: string[] = [];
    let newest = '';
    let stop = false;
    const follow = async (): Promise<void> => {
      while (!stop) {
        const { snapshot = '' } = await get(url, '/v1/config');
        if (snapshot > newest) newest = snapshot;
        const pinned = await Promise.all([1, 2, 3].map(() => get(url, `/v1/account/0?snapshot=${snapshot}`)));
        // By now it may be two changes old; the newest that was announced never is.
        if (snapshot === newest) wrong.push(...pinned.filter(({ status }) => status !== 200).map(({ body }) => body));
      }
    };
    const followers = Promise.all([follow(), follow(), follow()]);
    const published: string[] = [];
    for (let i = 0; i < 8; i++) {
      made.addSource(`source-${i}`, { pairs: seededPairs(20, 100 + i) });
      published.push((await made.publish()).snapshot);
      // Some in quick succession.
      if (i % 3 === 2) while (newest !== published.at(-1)) await pause();
    }
    while (newest !== published.at(-1)) await pause();
    const last = published.at(-1);
    while ((await getMany(url, '/readyz')).some(({ body }) => JSON.parse(body).snapshot !== last)) await pause();
    stop = true;
    await followers;
    expect(wrong).toEqual([]);
  });

  test('that is broken is refused by all, and /readyz says so while it stays 200', async () => {
    const { url } = await serve();
    const [{ snapshot } = { snapshot: '' }] = await getMany(url, '/v1/config', 1);
    const current = fs.readFileSync(`${made.folder}/CURRENT`);
    fs.writeFileSync(`${made.folder}/CURRENT`, 'nonsense\n');
    await seen('snapshot-refused', 2);
    const refused = await getMany(url, '/readyz');
    for (const { status, body } of refused)
      expect([status, JSON.parse(body)]).toEqual([
        200,
        { status: 'ready', snapshot, refused: { code: 'SNAPSHOT_CORRUPT' } },
      ]);
    fs.writeFileSync(`${made.folder}/CURRENT`, current);
    while ((await getMany(url, '/readyz')).some(({ body }) => JSON.parse(body).refused)) await pause();
  });

  test('does not wait for a worker that hangs once that one is dead', async () => {
    const { url } = await serve();
    const [hung = 0, other = 0] = pids();
    process.kill(hung, 'SIGSTOP');
    made.addSource('second', { pairs: seededPairs(20, 2) });
    const { snapshot } = await made.publish();
    await pause(100);
    process.kill(hung, 'SIGKILL');
    await seen('worker-ready', 3);
    while ((await getMany(url, '/readyz')).some(({ body }) => JSON.parse(body).snapshot !== snapshot)) await pause();
    expect(pids()).toContain(other);
  });
});

test('the key of an oprf dataset reaches workers, and neither their arguments nor their environment', async () => {
  made.dispose();
  made = await makeDataset({ suite: 'oprf', oprf: await createSodiumOprf(), pairs: seededPairs(20) });
  const keyFile = place.at('oprf.key');
  writeKeyFile(keyFile, made.key);
  const { url } = await serve(['--key-file', keyFile]);
  expect((await get(url, '/v1/config')).status).toBe(200);
  const secret = made.key.revealText().split('.').at(-1) as string;
  if (process.platform === 'linux')
    for (const pid of [...pids(), served?.child.pid])
      for (const name of ['cmdline', 'environ']) {
        const text = fs.readFileSync(`/proc/${pid}/${name}`, 'latin1');
        expect(text.length).toBeGreaterThan(0);
        expect(text).not.toContain(secret);
      }
  expect((served as Served).written.stderr).not.toContain(secret);
});

test('the cap on connections is shared out', async () => {
  const { url } = await serve(['--limits-max-connections', '6']);
  const { hostname, port } = new URL(url);
  let open = 0;
  const sockets = Array.from({ length: 60 }, () => {
    const socket = net.connect(Number(port), hostname).on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.once('data', () => open++);
    return socket;
  });
  // Those that got no answer are dropped.
  const ended = Promise.all(sockets.map((socket) => Promise.race([once(socket, 'data'), once(socket, 'close')])));
  await ended.catch(() => undefined);
  while (sockets.filter(({ destroyed }) => !destroyed).length > 6) await pause();
  expect(open).toBeLessThanOrEqual(6);
  expect(open).toBeGreaterThanOrEqual(3);
  for (const socket of sockets) socket.destroy();
});

test('TLS: all workers take new files, and resume each other’s sessions', async () => {
  const files = makeTlsFiles();
  try {
    const { url } = await serve(['--tls-cert-file', files.certFile, '--tls-key-file', files.keyFile]);
    const address = { host: '127.0.0.1', port: Number(new URL(url).port) };
    expect(url).toMatch(/^https:/);
    const socket = await connectTls(address);
    const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    for (let i = 0; i < 20; i++) {
      const resumed = await connectTls(address, { session: await session });
      expect(resumed.isSessionReused()).toBe(true);
      resumed.destroy();
    }
    socket.destroy();
    files.put(pairOf('second'));
    await seen('tls-loaded', 4);
    for (let i = 0; i < 20; i++) expect(await certificateName(address)).toContain('server 2');
  } finally {
    files.dispose();
  }
});
