// Updates of a filter: by its snapshot, by range and from a file, never beyond its maximum age.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { createFileSource } from '../../client-sdk/node.ts';
import { createTestClock } from '../support/clock.ts';
import { type Answer, type HttpFront, send } from '../support/http-front.ts';
import { test } from '../support/worlds/filter-fixture.ts';
import { ABSENT, asked, FILTER, type FilterWorld, isFilter, PASSWORDS } from '../support/worlds/filter-world.ts';

const lacking = { name: 'LookupError' };

describe('a newer filter', () => {
  const NEWS = 'leaked only yesterday';

  test('is fetched once the head names its snapshot, and only then', async ({ world }) => {
    const at = await world.spoil();
    const leaks = world.checker(at.url, true, { headMaxAgeMs: 0 });
    const { snapshot } = await leaks.loadFilter();
    const filters = () => at.requests.filter((request) => request.includes(`GET ${FILTER}?`));
    for (let i = 0; i < 5; i++) expect((await leaks.check({ password: NEWS })).status).toBe('clean');
    expect(filters()).toHaveLength(1);
    expect(filters()[0]).toContain(`?snapshot=${snapshot} `);
    const next = await world.publish(NEWS);
    expect(await leaks.check({ password: NEWS })).toMatchObject({ status: 'password', snapshot: next });
    await leaks.loadFilter();
    expect(filters()).toHaveLength(2);
    expect(filters()[1]).toContain(`?snapshot=${next} `);
  });

  test('is waited for by nobody: until it has arrived, checks request buckets', async ({ world }) => {
    const gate = Promise.withResolvers<void>();
    let holds = false;
    const at = await world.front(async (request, response) => {
      if (holds && isFilter(request.url)) await gate.promise;
      send(response, await world.forward(request));
    });
    const leaks = world.checker(at.url, true, { headMaxAgeMs: 0 });
    await leaks.loadFilter();
    holds = true;
    const next = await world.publish(NEWS);
    const before = at.requests.length;
    expect(await leaks.check({ password: ABSENT[0] })).toMatchObject({ status: 'clean', snapshot: next });
    expect(await leaks.check({ password: NEWS })).toMatchObject({ status: 'password', snapshot: next });
    expect(
      asked(at)
        .slice(before)
        .filter((url) => url === '/v1/password/'),
    ).toHaveLength(2);
    gate.resolve();
    expect((await leaks.loadFilter()).snapshot).toBe(next);
  });

  test('is refused if it is the old one under the id of the new one', async ({ world }) => {
    let frozen: Answer | undefined;
    const at = await world.spoil((answer, url) => {
      if (!isFilter(url)) return;
      frozen ??= { ...answer, body: Buffer.from(answer.body) };
      answer.body = frozen.body;
    });
    const leaks = world.checker(at.url, true, { headMaxAgeMs: 0 });
    await leaks.loadFilter();
    await world.publish(NEWS);
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_OTHER' });
    expect((await leaks.check({ password: NEWS })).status).toBe('password');
  });

  test('that cannot be asked for leaves the old one in use until its maximum age', async ({ world }) => {
    const clock = createTestClock();
    let down = false;
    const at = await world.front(async (request, response) => {
      if (down) return void request.socket.destroy();
      send(response, await world.forward(request));
    });
    const held = world.checker(at.url);
    const short = world.checker(at.url, { maxAgeMs: 3_600_000 });
    await held.loadFilter();
    await short.loadFilter();
    down = true;
    clock.pass(7_200_000);
    expect((await held.check({ password: ABSENT[0] })).status).toBe('clean');
    expect(await held.check({ password: PASSWORDS[0] })).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
    expect(await short.check({ password: ABSENT[0] })).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
    clock.pass(86_400_000);
    expect(await held.check({ password: ABSENT[0] })).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
  });
});

test('after sleep, a source is asked again for a filter that it lacked', async ({ world }) => {
  const clock = createTestClock();
  let asked = 0;
  const source = { open: async () => void asked++ };
  const at = await world.spoil();
  const leaks = world.checker(at.url, { source: source as never, refreshMs: 60_000 });
  await expect(leaks.loadFilter()).rejects.toMatchObject(lacking);
  await leaks.check({ password: ABSENT[0] as string });
  expect(asked).toBe(1);
  clock.sleep(60_001);
  await leaks.check({ password: ABSENT[0] as string });
  expect(asked).toBe(2);
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
      const bytes = isFilter(request.url) ? cuts.shift() : undefined;
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

  test('ends after five answers without a byte', async ({ world }) => {
    const at = await breaking(world, [300, ...Array<number>(20).fill(0)]);
    await expect(world.checker(at.url).loadFilter()).rejects.toMatchObject({ ...lacking, code: 'NETWORK' });
    expect(at.requests.filter((request) => request.includes(FILTER)).length).toBe(6);
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
  test('given as bytes answers once the service has given head and statement, and not before', async ({ world }) => {
    const source = new Uint8Array(fs.readFileSync(world.file()));
    const cutOff = world.checker('http://127.0.0.1:1', { source });
    await expect(cutOff.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'NETWORK' });
    expect(await cutOff.check({ password: ABSENT[0] })).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
    const at = await world.spoil();
    const leaks = world.checker(at.url, { source });
    await leaks.loadFilter();
    await at.close();
    expect((await leaks.check({ password: ABSENT[0] })).status).toBe('clean');
    expect(await leaks.check({ password: PASSWORDS[0] })).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
  });

  test('from a file is read again when the file is replaced', async ({ world }) => {
    const file = path.join(path.dirname(world.made.folder), 'passwords.filter');
    const renew = (name?: string): void => {
      fs.copyFileSync(world.file(name), `${file}.part`);
      fs.renameSync(`${file}.part`, file);
    };
    const source = createFileSource(file);
    const leaks = world.checker(world.server.url, { source, refreshMs: 0 }, { headMaxAgeMs: 0 });
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_UNREADABLE' });
    renew();
    const { snapshot } = await leaks.loadFilter();
    expect(await leaks.check({ password: 'leaked later' })).toMatchObject({ status: 'clean', snapshot });
    await world.publish('leaked later');
    renew('000002');
    await expect.poll(async () => (await leaks.check({ password: 'leaked later' })).status).toBe('password');
    // A truncated file is rejected, and the filter in memory stays in use.
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
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_OTHER' });
    expect((await leaks.check({ password: 'leaked later' })).status).toBe('password');
  });
});
