// A marked username and password go through the whole product, and then no search finds them. Each
// search must also find a planted text, so that finding nothing means something.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { test as base, describe, expect } from 'vitest';
import { createLeakChecker } from '../client-sdk/index.ts';
import { comboFormat } from '../ingest/formats/lines/line-format.ts';
import { ingest } from '../ingest/ingest.ts';
import { streamInput } from '../ingest/input/stream-input.ts';
import { openDataset, workFolder } from '../store/dataset.ts';
import { openKeyFile } from '../store/key-file.ts';
import {
  createWorkPlace,
  credveil,
  filesBelow,
  type Outcome,
  type Served,
  serveDataset,
  type WorkPlace,
} from './support/credveil.ts';
import { seededPairs } from './support/dataset.ts';
import { processMemory } from './support/machine/process-memory.ts';
import { perFile } from './support/per-file.ts';

/** Random letters, in lower case so that normalization keeps them. */
const marker = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => String.fromCharCode(97 + (byte % 26))).join('');

/** The common prefix of all secrets, so that one search finds any of them. */
const tag = marker();
const username = tag + marker();
const password = tag + marker();
/** A pair that did not leak is also secret. */
const strangerName = tag + marker();
const strangerPassword = tag + marker();
const secrets = [username, password, strangerName, strangerPassword];

const textTraces = (text: string): Buffer[] => [
  Buffer.from(text),
  Buffer.from(text.toUpperCase()),
  Buffer.from(text, 'utf16le'),
];

/** A text in every searched form: plain, in other encodings, and as a hash without a key. */
function traces(text: string): Buffer[] {
  const utf8 = Buffer.from(text);
  const digests = ['md5', 'sha1', 'sha256'].map((name) => createHash(name).update(text).digest());
  const hex = [utf8, ...digests].map((bytes) => bytes.toString('hex'));
  // Base64 at each alignment, without the characters at both ends that share bits with others.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), utf8])
      .toString('base64')
      .slice(4, -4),
  );
  return [
    ...textTraces(text),
    ...digests,
    ...[...hex, ...hex.map((digits) => digits.toUpperCase()), ...base64].map((written) => Buffer.from(written)),
  ];
}

const holds = (bytes: Buffer, text: string): boolean => traces(text).some((trace) => bytes.includes(trace));
/** The numbers of the secrets found in the bytes, never the secrets. */
const found = (bytes: Buffer | string): number[] =>
  secrets.flatMap((secret, place) => (holds(Buffer.from(bytes), secret) ? [place] : []));

/** Planted in the server process: in the path of its dataset, and in unanswered requests. */
const inPath = marker();
const inRequest = marker();

interface World {
  readonly place: WorkPlace;
  readonly dataset: string;
  /** Has answered checks of the marked pair and of a stranger's. */
  readonly server: Served;
  /** Of every command so far. */
  readonly outcomes: readonly Outcome[];
  /** Every byte that the server received and sent. */
  readonly received: readonly Buffer[];
  readonly sent: readonly Buffer[];
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  const place = createWorkPlace();
  const dataset = place.at(inPath);
  const outcomes = await ingestMarked(place, dataset);
  fs.mkdirSync(place.at('dumps'));
  const server = await serveDataset(dataset, {
    // The one process that answers is the one whose memory is searched.
    args: ['--workers', '0'],
    node: ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${place.at('dumps')}`],
  });
  const proxy = await startProxy(Number(new URL(server.url).port));
  outcomes.push(await checkMarked(proxy.url, `${dataset}.key`));
  return {
    place,
    dataset,
    server,
    outcomes,
    received: proxy.received,
    sent: proxy.sent,
    async close() {
      proxy.close();
      await server.stop();
      place.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

/** Ingests the marked pair among others. */
async function ingestMarked(place: WorkPlace, dataset: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const others = seededPairs(5_000).map((pair) => `${pair.username}:${pair.password}`);
  const corpus = place.write('combo.txt', [`${username}:${password}`, ...others].join('\n'));
  for (const args of [
    ['init', dataset, '--suite', 'hmac'],
    ['ingest', dataset, corpus, '--source', 'marked'],
    // These fail.
    ['ingest', dataset, corpus, '--source', 'again'],
    ['ingest', dataset, corpus, '--source', 'table', '--format', 'csv'],
  ])
    outcomes.push(await credveil(args));
  outcomes.push(await credveil(['ingest', dataset, '-', '--source', 'noise', '--format', 'combo'], `${password}\n`));
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 1, 1, 1]);
  return outcomes;
}

/** A proxy that records all bytes in both directions. */
async function startProxy(port: number) {
  const received: Buffer[] = [];
  const sent: Buffer[] = [];
  const proxy = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1');
    client.on('data', (block) => received.push(Buffer.from(block)));
    upstream.on('data', (block) => sent.push(Buffer.from(block)));
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
  return { url, received, sent, close: () => proxy.close() };
}

/** Checks the secrets with the SDK and by the command. */
async function checkMarked(url: string, keyFile: string): Promise<Outcome> {
  const checker = createLeakChecker({
    url,
    key: openKeyFile(keyFile).revealPin(openDataset(keyFile.replace(/\.key$/, '')).id) as string,
    timeoutMs: 60_000,
  });
  const verdicts: string[] = [];
  for (const credential of [
    { username, password },
    { username: strangerName, password },
    { username, password: strangerPassword },
    { username: strangerName, password: strangerPassword },
  ])
    verdicts.push((await checker.check(credential)).status);
  expect(verdicts).toEqual(['pair', 'password', 'username', 'clean']);
  const check = ['check', '--url', url, '--dataset', keyFile.replace(/\.key$/, ''), '--timeout', '60000'];
  return credveil(check, `${JSON.stringify({ username, password })}\n${password}\n`);
}

test('the search finds a trace in every encoding', () => {
  const text = `before ${password} after`;
  for (const bytes of [
    Buffer.from(text),
    Buffer.from(text, 'utf16le'),
    Buffer.from(Buffer.from(text).toString('hex')),
    ...[1, 2, 3].map((cut) => Buffer.from(Buffer.from(text.slice(cut)).toString('base64'))),
    createHash('sha1').update(password).digest(),
  ])
    expect(found(bytes)).toEqual([1]);
  expect(found('before and after')).toEqual([]);
});

test('no file of the dataset contains them', ({ world: { place, dataset } }) => {
  const files = filesBelow(dataset);
  expect(files.some(({ name }) => name.endsWith('.run')) && files.some(({ name }) => name.endsWith('.sqlite'))).toBe(
    true,
  );
  for (const { name, bytes } of files) expect(found(bytes), name).toEqual([]);
  expect(found(fs.readFileSync(place.at('combo.txt')))).toEqual([0, 1]);
});

test('no work file of an ingest contains them', async ({ world: { dataset } }) => {
  const opened = openDataset(dataset);
  const corpus = new PassThrough();
  corpus.write(`${strangerName}:${strangerPassword}\n`.repeat(20_000));
  const controller = new AbortController();
  let work: { readonly name: string; readonly bytes: Buffer }[] = [];
  const interrupted = ingest(opened, openKeyFile(`${dataset}.key`), {
    source: 'interrupted',
    format: comboFormat,
    inputs: [streamInput(corpus)],
    memoryBytes: 1,
    signal: controller.signal,
    onProgress: () => {
      work = filesBelow(workFolder(opened));
      if (work.length > 0) controller.abort();
    },
  });
  await expect(interrupted).rejects.toMatchObject({ name: 'AbortError' });
  expect(work.length).toBeGreaterThan(0);
  for (const { name, bytes } of work) expect(found(bytes), name).toEqual([]);
});

test('no command prints them, whether it succeeds or fails', ({ world: { outcomes } }) => {
  for (const { stdout, stderr } of outcomes) expect(found(stdout + stderr)).toEqual([]);
  expect(outcomes.map(({ stderr }) => stderr).join('')).toContain('error NOTHING_FOUND');
});

test('the server neither received nor sent them', ({ world: { received, sent } }) => {
  const bytes = Buffer.concat(received);
  expect(bytes.toString('latin1')).toMatch(/GET \/v1\/account\/[0-9a-f]+/);
  expect(found(bytes)).toEqual([]);
  expect(found(Buffer.concat(sent))).toEqual([]);
});

describe('the server process', () => {
  test('repeats nothing of a bad request in its responses or on its streams', async ({ world: { server } }) => {
    const probe = marker();
    const headers = { 'user-agent': probe, authorization: probe };
    for (const target of [
      `/v1/account/${probe}`,
      `/${probe}`,
      `/v1/head?${probe}`,
      `/v1/account/0?snapshot=${probe}`,
    ]) {
      const answer = await fetch(server.url + target, { headers });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(holds(Buffer.from(`${await answer.text()}${JSON.stringify([...answer.headers])}`), probe)).toBe(false);
    }
    const posted = await fetch(`${server.url}/v1/head`, { method: 'POST', body: probe, headers });
    expect(holds(Buffer.from(await posted.text()), probe)).toBe(false);
    const raw = net.connect(Number(new URL(server.url).port), '127.0.0.1');
    raw.end(`${probe} no http\r\n\r\n`);
    const [answer] = (await once(raw, 'data')) as [Buffer];
    expect(holds(answer, probe)).toBe(false);
    raw.destroy();
    const { stdout, stderr } = server.written;
    expect(stderr).toContain('snapshot-opened');
    expect(holds(Buffer.from(stdout + stderr), probe)).toBe(false);
    expect(found(stdout + stderr)).toEqual([]);
  });

  test('does not contain them in its memory', async ({ world }) => {
    const { server } = world;
    // Unfinished requests and unread responses keep their targets in the process.
    const port = Number(new URL(server.url).port);
    const held = net.connect(port, '127.0.0.1').pause();
    held.on('error', () => {});
    const request = `GET /v1/account/0 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${inRequest}\r\n\r\n`;
    held.write(request.repeat(4_000));
    const unfinished = net.connect(port, '127.0.0.1');
    unfinished.on('error', () => {});
    unfinished.write(`GET /v1/head HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ${inRequest}`);
    try {
      await (await fetch(`${server.url}/healthz`)).text();
      for (const dump of [await heapSnapshot(world), ...processMemory(server.child.pid as number)]) {
        expect(
          dump.some((bytes) => holds(bytes, inPath)),
          'the path of the dataset',
        ).toBe(true);
        expect(
          dump.some((bytes) => holds(bytes, inRequest)),
          'a request that is held',
        ).toBe(true);
        for (const bytes of dump) expect(found(bytes)).toEqual([]);
      }
    } finally {
      held.destroy();
      unfinished.destroy();
    }
  });
});

/** A heap snapshot of V8, which includes all strings of the process. */
async function heapSnapshot({ server, place }: World): Promise<Buffer[]> {
  server.child.kill('SIGUSR2');
  for (;;) {
    const [file] = filesBelow(place.at('dumps'));
    if (file?.bytes.subarray(-4).toString().trimEnd().endsWith('}')) return [file.bytes];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
