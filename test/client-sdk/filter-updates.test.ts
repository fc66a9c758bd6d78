// Updates of a filter: by ETag, by range and from a file, never beyond its maximum age.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { createFileSource } from '../../client-sdk/node.ts';
import { type Answer, type HttpFront, send } from '../support/http-front.ts';
import { test } from '../support/worlds/filter-fixture.ts';
import { ABSENT, FILTER, type FilterWorld, PASSWORDS } from '../support/worlds/filter-world.ts';

const lacking = { name: 'LookupError' };

describe('a newer filter', () => {
  const NEWS = 'leaked only yesterday';

  test('is fetched once published, by a conditional request with the ETag of the current one', async ({ world }) => {
    const at = await world.spoil();
    const leaks = world.checker(at.url, { refreshMs: 0 });
    const { snapshot } = await leaks.loadFilter();
    const filters = () => at.requests.filter((request) => request.includes(`GET ${FILTER} `));
    expect(filters()[0]).not.toMatch(/if-none-match/i);
    expect((await leaks.check({ password: NEWS })).status).toBe('clean');
    await expect.poll(() => filters().length).toBeGreaterThan(1);
    expect(filters()[1]).toContain(`"${snapshot}-filter"`);
    const next = await world.publish(NEWS);
    await expect.poll(async () => (await leaks.check({ password: ABSENT[0] })).snapshot).toBe(next);
    expect(await leaks.check({ password: NEWS })).toMatchObject({ status: 'password' });
  });

  test('is fetched as soon as a config announces a newer snapshot', async ({ world }) => {
    const at = await world.spoil();
    const leaks = world.checker(at.url, { refreshMs: 2 ** 31 - 1 }, { configMaxAgeMs: 0 });
    await leaks.loadFilter();
    await leaks.ready();
    const next = await world.publish(NEWS);
    const superseded = () => leaks.check({ username: 'x', password: ABSENT[0] });
    await expect.poll(async () => (await superseded()).snapshot).toBe(next);
    await expect
      .poll(async () => (await leaks.check({ password: ABSENT[0] })).snapshot, { timeout: 30_000, interval: 100 })
      .toBe(next);
  });

  test('is not replaced by an older one, and a 304 for an older one is rejected', async ({ world }) => {
    let frozen: Answer | undefined;
    const at = await world.spoil((answer, url) => {
      if (url !== FILTER) return;
      if (answer.status === 200) frozen ??= structuredClone({ ...answer, body: undefined }) as unknown as Answer;
      else return;
      if (frozen && answer.headers.etag !== frozen.headers.etag)
        Object.assign(answer, { status: 304, body: Buffer.alloc(0) });
    });
    const leaks = world.checker(at.url, { refreshMs: 0, maxAgeMs: 0 }, { configMaxAgeMs: 0 });
    await leaks.loadFilter();
    await world.publish(NEWS);
    await expect.poll(async () => (await leaks.check({ username: 'x', password: NEWS })).status).toBe('password');
    await expect.poll(() => leaks.loadFilter().catch((error: { code: string }) => error.code)).toBe('SNAPSHOT_OLDER');
    expect((await leaks.check({ password: NEWS })).status).toBe('password');
  });

  test('that cannot be fetched leaves the old one in use until its maximum age', async ({ world }) => {
    let down = false;
    const at = await world.front(async (request, response) => {
      if (down) return void request.socket.destroy();
      send(response, await world.forward(request));
    });
    const held = world.checker(at.url, { refreshMs: 0 });
    const short = world.checker(at.url, { refreshMs: 0, maxAgeMs: 0 });
    await held.loadFilter();
    await short.loadFilter();
    down = true;
    expect((await held.check({ password: ABSENT[0] })).status).toBe('clean');
    expect(await held.check({ password: PASSWORDS[0] })).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
    expect(await short.check({ password: ABSENT[0] })).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
    down = false;
    await expect.poll(async () => (await short.check({ password: ABSENT[0] })).status).toBe('clean');
  });
});

describe('an interrupted download', () => {
  /** Cuts the first responses off, each after the given number of bytes. */
  async function breaking(
    world: FilterWorld,
    cuts: number[],
    change: (answer: Answer) => void = () => undefined,
  ): Promise<HttpFront> {
    return world.front(async (request, response) => {
      const answer = await world.forward(request);
      change(answer);
      const bytes = request.url === FILTER ? cuts.shift() : undefined;
      if (bytes === undefined) return send(response, answer);
      response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
      response.write(answer.body.subarray(0, bytes), () => response.destroy());
    });
  }

  test('resumes at the byte where it ended', async ({ world }) => {
    const at = await breaking(world, [300, 200, 0]);
    const leaks = world.checker(at.url);
    const { snapshot } = await leaks.loadFilter();
    const ranges = at.requests
      .filter((request) => request.includes(FILTER))
      .map((request) => /^range\n(.*)$/im.exec(request)?.[1]);
    expect(ranges).toEqual([undefined, 'bytes=300-', 'bytes=500-', 'bytes=500-']);
    expect(at.requests.filter((request) => request.includes(`"${snapshot}-filter"`)).length).toBe(3);
    for (const password of PASSWORDS) expect((await leaks.check({ password })).status).toBe('password');
  });

  test.for<[string, (answer: Answer) => void, string]>([
    [
      'the filter has changed',
      (answer: Answer) => {
        if (answer.status === 206) answer.status = 200;
      },
      'SNAPSHOT_CHANGED',
    ],
    [
      'the response has another range',
      (answer: Answer) => {
        if (answer.status === 206) answer.headers['content-range'] = 'bytes 0-1/9';
      },
      'SNAPSHOT_CHANGED',
    ],
    [
      'the ETag is weak',
      (answer: Answer) => {
        answer.headers.etag = `W/${answer.headers.etag}`;
      },
      'NETWORK',
    ],
  ])('fails if %s', async ([, change, code], { world }) => {
    const at = await breaking(world, [300], change);
    await expect(world.checker(at.url).loadFilter()).rejects.toMatchObject({ ...lacking, code });
  });
});

describe("the caller's filter", () => {
  test('given as bytes answers without a service', async ({ world }) => {
    const source = new Uint8Array(fs.readFileSync(world.file()));
    const leaks = world.checker('http://127.0.0.1:1', { source });
    await leaks.loadFilter();
    expect((await leaks.check({ password: ABSENT[0] })).status).toBe('clean');
    expect(await leaks.check({ password: PASSWORDS[0] })).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
  });

  test('from a file is read again when the file is replaced', async ({ world }) => {
    const file = path.join(path.dirname(world.made.folder), 'passwords.filter');
    const renew = (name?: string): void => {
      fs.copyFileSync(world.file(name), `${file}.part`);
      fs.renameSync(`${file}.part`, file);
    };
    const leaks = world.checker(world.server.url, { source: createFileSource(file), refreshMs: 0 });
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_UNREADABLE' });
    renew();
    const { snapshot } = await leaks.loadFilter();
    expect(await leaks.check({ password: 'leaked later' })).toMatchObject({ status: 'clean', snapshot });
    await world.publish('leaked later');
    renew('000002');
    await expect.poll(async () => (await leaks.check({ password: 'leaked later' })).status).toBe('password');
    // A truncated file is rejected, and the previous filter stays in use.
    fs.truncateSync(file, 500);
    const fresh = world.checker(world.server.url, { source: createFileSource(file) });
    await expect(fresh.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_MALFORMED' });
    for (let i = 0; i < 20; i++) expect((await leaks.check({ password: ABSENT[i] })).status).toBe('clean');
    expect((await leaks.check({ password: 'leaked later' })).status).toBe('password');
  });

  test("is rejected if it is older than the service's snapshot", async ({ world }) => {
    const source = new Uint8Array(fs.readFileSync(world.file()));
    await world.publish('leaked later');
    const leaks = world.checker(world.server.url, { source });
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'SNAPSHOT_OLDER' });
    expect((await leaks.check({ password: 'leaked later' })).status).toBe('password');
  });
});
