// Quotas of bytes: the bodies of answers, filter downloads included. PROTOCOL.md §18.

import { describe, expect } from 'vitest';
import { encodeElementsRequest } from '../../protocol/oprf-messages.ts';
import { blindedElements, codeOf, postMessage } from '../support/post-message.ts';
import { bearer, test } from '../support/worlds/clients-world.ts';

const QUOTA = 'bytes-per-day';

describe('a quota of bytes', () => {
  test('an answer that exceeds the rest is refused, and costs no bytes', async ({ world }) => {
    const unlimited = world.add('unlimited');
    await world.start();
    const lengthOf = async (path: string): Promise<number> =>
      (await (await world.get(path, unlimited)).arrayBuffer()).byteLength;
    const [bucket, filter] = [await lengthOf('/v1/account/0'), await lengthOf('/v1/filter/password')];
    expect(filter).toBeGreaterThan(100);
    await world.server.close();

    const key = world.add('limited', { [QUOTA]: 2 * bucket + filter + 1 });
    await world.start();
    const first = await world.get('/v1/account/0', key);
    expect(first.headers.get('ratelimit-policy')).toBe(
      `"bytes-per-day";q=${2 * bucket + filter + 1};w=86400;qu="content-bytes"`,
    );
    expect(first.headers.get('ratelimit')).toBe(`"bytes-per-day";r=${bucket + filter + 1};t=43170`);
    const etag = first.headers.get('etag') as string;
    // Neither the answer to HEAD nor a 304 has a body.
    for (const init of [{ method: 'HEAD' }, { headers: { 'If-None-Match': etag } }])
      await fetch(`${world.server.url}/v1/account/0`, { ...init, headers: { ...init.headers, ...bearer(key) } });
    expect((await world.get('/v1/filter/password', key)).status).toBe(200);
    const part = await fetch(`${world.server.url}/v1/filter/password`, {
      headers: { ...bearer(key), Range: 'bytes=0-9' },
    });
    expect(part.status).toBe(206);
    expect(part.headers.get('ratelimit')).toContain(`;r=${bucket - 9};`);
    const refused = await world.get('/v1/account/0', key);
    expect(await refused.clone().json()).toMatchObject({ 'violated-policies': ['bytes-per-day'] });
    expect(await codeOf(refused)).toEqual([429, 'QUOTA_EXCEEDED']);
    // What fits is still answered.
    const rest = await fetch(`${world.server.url}/v1/filter/password`, {
      headers: { ...bearer(key), Range: 'bytes=0-4' },
    });
    expect(rest.status).toBe(206);
  });

  test('evaluations count the bytes of their answers', async ({ world }) => {
    const key = world.add('limited', { [QUOTA]: 100, 'evaluations-per-day': 50 });
    await world.start();
    const post = (count: number) =>
      postMessage(
        `${world.server.url}/v1/evaluate`,
        encodeElementsRequest(blindedElements(world.sodium, count)),
        bearer(key),
      );
    const two = await post(2);
    expect(two.status).toBe(200);
    const { byteLength } = await two.arrayBuffer();
    expect(two.headers.get('ratelimit')).toContain(`"bytes-per-day";r=${100 - byteLength};`);
    const refused = await post(4);
    expect(refused.headers.get('ratelimit')).toContain('"evaluations-per-day";r=48;');
    expect(refused.status).toBe(429);
  });
});
