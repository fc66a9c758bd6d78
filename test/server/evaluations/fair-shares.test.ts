// Shares of the evaluator: a client that floods it keeps no other client away, and pays for it.

import http from 'node:http';
import { describe, expect } from 'vitest';
import { encodeElementsRequest } from '../../../protocol/oprf-messages.ts';
import { blindedElements, codeOf, postMessage } from '../../support/post-message.ts';
import { bearer, test } from '../../support/worlds/clients-world.ts';

/** Keeps `connections` requests waiting until stopped. @returns statuses by number */
function flood(url: string, message: Uint8Array, key: string, connections: number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const statuses = new Map<number, number>();
  let open = true;
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const headers = { ...bearer(key), 'Content-Type': 'application/octet-stream', 'Content-Length': message.length };
      const request = http.request(url, { method: 'POST', agent, headers }, (answer) => {
        statuses.set(answer.statusCode ?? 0, (statuses.get(answer.statusCode ?? 0) ?? 0) + 1);
        answer.resume().on('end', resolve);
      });
      request.on('error', () => resolve());
      request.end(message);
    });
  const loops = Array.from({ length: connections }, async () => {
    while (open) await one();
  });
  return {
    statuses,
    stop: async () => {
      open = false;
      await Promise.all(loops);
      agent.destroy();
    },
  };
}

describe('a flooded evaluator', () => {
  test('another client is served while one floods the evaluator', async ({ world }) => {
    const [greedy, modest] = [world.add('greedy'), world.add('modest')];
    await world.start({ maxWaitingElements: 64 });
    const url = `${world.server.url}/v1/evaluate`;
    const elements = blindedElements(world.sodium, 8);
    const flooding = flood(url, encodeElementsRequest(elements), greedy, 60);
    while ((flooding.statuses.get(503) ?? 0) < 50) await new Promise((resolve) => setTimeout(resolve, 5));
    const statuses: number[] = [];
    for (let i = 0; i < 20; i++) {
      const answer = await postMessage(url, encodeElementsRequest(elements.slice(0, 3)), bearer(modest));
      await answer.arrayBuffer();
      statuses.push(answer.status);
    }
    await flooding.stop();
    expect(statuses).toEqual(Array(20).fill(200));
    expect(flooding.statuses.get(200)).toBeGreaterThan(0);
  });

  test('a request that is refused as OVERLOADED costs a request', async ({ world }) => {
    const key = world.add('greedy', { 'requests-per-minute': 2, 'evaluations-per-minute': 100 });
    await world.start({ maxWaitingElements: 16 });
    const post = (count: number) =>
      postMessage(
        `${world.server.url}/v1/evaluate`,
        encodeElementsRequest(blindedElements(world.sodium, count)),
        bearer(key),
      );
    const refused = await post(32);
    expect(refused.headers.get('ratelimit')).toContain('"requests-per-minute";r=1;');
    expect(refused.headers.get('ratelimit')).not.toContain('r=68');
    expect(await codeOf(refused)).toEqual([503, 'OVERLOADED']);
    expect((await post(1)).status).toBe(200);
    expect(await codeOf(await post(32))).toEqual([429, 'QUOTA_EXCEEDED']);
  });
});
