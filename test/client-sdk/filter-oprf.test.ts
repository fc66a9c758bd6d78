// The filter under `oprf`: the client sends only a blinded element if the password did not leak.

import { describe, expect } from 'vitest';
import type { HttpFront } from '../support/http-front.ts';
import { asked } from '../support/worlds/filter-world.ts';
import { oprfTest } from '../support/worlds/oprf-fixture.ts';
import { createOprfWorld } from '../support/worlds/oprf-world.ts';

const LEAKED = { username: 'ada@example.test', password: 'Correct Horse 7' };
const PASSWORDS = ['first', 'second', 'third'];

const test = oprfTest({ pairs: [LEAKED], passwords: PASSWORDS });

const since = (front: HttpFront, before: number): string[] =>
  asked(front)
    .slice(before)
    .map((url) => url.split('?')[0] ?? '');

describe('a checker without the key', () => {
  test('sends a password for evaluation, and requests its bucket only if the filter contains it', async ({ world }) => {
    const front = await world.spoil(() => undefined);
    const leaks = world.checker(front.url, { passwordFilter: true });
    expect(await leaks.loadFilter()).toMatchObject({ entries: 5 });
    await leaks.ready();

    let before = front.requests.length;
    expect((await leaks.check({ password: 'never seen' })).status).toBe('clean');
    expect(since(front, before)).toEqual(['/v1/evaluate']);

    before = front.requests.length;
    expect((await leaks.check({ username: LEAKED.username, password: 'never seen' })).status).toBe('username');
    expect(since(front, before)).toEqual(['/v1/lookup']);

    // An empty password looks like one that did not leak.
    before = front.requests.length;
    expect((await leaks.check({ username: LEAKED.username, password: '' })).status).toBe('username');
    expect(since(front, before)).toEqual(['/v1/lookup']);

    before = front.requests.length;
    for (const password of PASSWORDS) expect((await leaks.check({ password })).status).toBe('password');
    expect((await leaks.check(LEAKED)).status).toBe('pair');
    expect(since(front, before).filter((url) => url.startsWith('/v1/password/')).length).toBe(4);
  });

  test('rejects a filter of another key', async ({ world }) => {
    const other = await createOprfWorld({ pairs: [LEAKED], keySeed: 2 });
    const front = await world.spoil(() => undefined);
    const file = new Uint8Array(await (await fetch(`${other.url}/v1/filter/password`)).arrayBuffer());
    const leaks = world.checker(front.url, { passwordFilter: { source: file } });
    await expect(leaks.loadFilter()).rejects.toMatchObject({ code: 'FILTER_OTHER' });
    await other.close();
  });
});
