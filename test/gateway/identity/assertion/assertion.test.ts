// Assertions, verified by jose: who says them, for whom, and how long.

import { createSecretKey } from 'node:crypto';
import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { AssertionKeys } from '../../../../gateway/identity/assertion/assertion-keys.ts';
import { Assertions } from '../../../../gateway/identity/assertion/assertions.ts';
import type { Subject } from '../../../../gateway/identity/assertion/identity-headers.ts';
import { StateError } from '../../../../gateway/state/state.ts';
import { personOf } from '../../../support/gateway/identity/people.ts';
import { createMemoryState, type MemoryState } from '../../../support/gateway/memory-state.ts';

const SEAL = createSecretKey(Buffer.alloc(32, 7));
const DAY = 86_400_000;
/** The first moment of a period. */
const START = 700 * 30 * DAY;
const ISSUER = 'https://auth.example';
const NAMES = { headers: {}, assertionAlias: false };
const ANN: Subject = { kind: 'person', person: personOf('ann'), sessionHash: 'hash-of-a-session' };

function world(state: MemoryState = createMemoryState(), seal = SEAL) {
  const keys = new AssertionKeys(state, seal);
  const assertions = new Assertions(keys);
  const told = async (now: number, subject = ANN, audience = 'app.example', names = NAMES) =>
    assertions.of({ issuer: ISSUER, audience, subject, names, now });
  const assert = async (...args: Parameters<typeof told>) => (await told(...args))[1] ?? '';
  const verify = async (token: string, now: number, audience = 'app.example', published = now) =>
    (
      await jwtVerify(token, createLocalJWKSet({ keys: [...(await keys.published(published))] }), {
        issuer: ISSUER,
        audience,
        algorithms: ['ES256'],
        currentDate: new Date(now),
      })
    ).payload;
  return { state, keys, told, assert, verify };
}

describe('an assertion', () => {
  test('names the person, their session and the application', async () => {
    const { assert, verify } = world();
    const payload = await verify(await assert(START), START);
    expect(payload).toEqual({
      iss: ISSUER,
      aud: ['app.example'],
      sub: 'staff:subject of ann',
      email: 'ann@example.com',
      groups: ['all'],
      provider: 'staff',
      sid: 'hash-of-a-session',
      amr: ['pwd'],
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      iat: START / 1000 - 5,
      nbf: START / 1000 - 5,
      exp: START / 1000 + 55,
    });
  });

  test('is for one application and a minute, and no other key signs one', async () => {
    const { assert, verify, state } = world();
    const token = await assert(START);
    await expect(verify(token, START, 'other.example')).rejects.toThrow(errors.JWTClaimValidationFailed);
    await expect(verify(token, START + 60_000)).rejects.toThrow(errors.JWTExpired);
    await expect(verify(token, START - 10_000, 'app.example', START)).rejects.toThrow(errors.JWTClaimValidationFailed);
    const stranger = world(createMemoryState());
    await expect(verify(await stranger.assert(START), START)).rejects.toThrow(errors.JWKSNoMatchingKey);
    // Another key of the installation finds none of the keys that are there.
    const moved = world(state, createSecretKey(Buffer.alloc(32, 8)));
    await expect(verify(await moved.assert(START), START)).rejects.toThrow(errors.JWKSNoMatchingKey);
    const [head, body, signature = ''] = token.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
    await expect(verify(`${none}.${body}.`, START)).rejects.toThrow();
    const changed = Buffer.from(signature, 'base64url').fill(1, 0, 4).toString('base64url');
    await expect(verify(`${head}.${body}.${changed}`, START)).rejects.toThrow(errors.JWSSignatureVerificationFailed);
  });

  test('is the same for a session and application as long as half of it is left', async () => {
    const { assert } = world();
    const first = await assert(START);
    expect(await assert(START + 29_999)).toBe(first);
    expect(await assert(START + 30_000)).not.toBe(first);
    expect(await assert(START, ANN, 'other.example')).not.toBe(first);
    expect(await assert(START, { ...ANN, sessionHash: 'another' } as Subject)).not.toBe(first);
    // A clock that was set back.
    expect(await assert(START - 1)).not.toBe(first);
  });

  test('stands beside the headers that the configuration has now', async () => {
    const { told } = world();
    const first = await told(START);
    expect(first[0]).toBe('Credveil-Assertion');
    const names = { headers: { 'Remote-User': 'email' }, assertionAlias: true };
    const [name, value, , token, alias, same] = await told(START, ANN, 'app.example', names);
    expect([name, value, alias]).toEqual(['Remote-User', 'ann@example.com', 'Cf-Access-Jwt-Assertion']);
    expect(same).toBe(token);
    expect(token).not.toBe(first[1]);
  });

  test('of a service token names nobody', async () => {
    const { assert, verify } = world();
    const payload = await verify(await assert(START, { kind: 'service', token: 'deploy' }), START);
    expect(payload).toMatchObject({ sub: '', common_name: 'deploy' });
    expect(Object.keys(payload).sort()).toEqual(['aud', 'common_name', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sub']);
  });

  test('has no more groups than a header holds, and says so', async () => {
    const { assert, verify } = world();
    const groups = Array.from({ length: 1_000 }, (_, i) => `group ${i}`);
    const token = await assert(START, { ...ANN, person: personOf('ann', { groups }) } as Subject);
    expect(token.length).toBeLessThan(2_000);
    expect(await verify(token, START)).toMatchObject({ groups: [], groups_omitted: true });
  });
});

describe('the keys of assertions', () => {
  test('take turns, and each is published a period before it signs and a period after', async () => {
    const { assert, verify, keys } = world();
    const kids = async (now: number) => (await keys.published(now)).map(({ kid }) => kid);
    const before = await kids(START - 1);
    const first = await assert(START - 1_000);
    const second = await assert(START, { ...ANN, sessionHash: 'b' } as Subject);
    const after = await kids(START);
    expect(before).toHaveLength(2);
    expect(after).toHaveLength(3);
    expect(before.every((kid) => after.includes(kid))).toBe(true);
    // Whoever looked before the change, and whoever looks after it, verifies both.
    for (const published of [START - 1, START])
      for (const token of [first, second]) await verify(token, START, 'app.example', published);
    expect(await kids(START + 31 * DAY)).not.toContain(before[0]);
  });

  test('are the same in all processes, however many make one at once', async () => {
    const state = createMemoryState();
    const worlds = Array.from({ length: 8 }, () => world(state));
    const tokens = await Promise.all(worlds.map(({ assert }) => assert(START)));
    for (const { verify } of worlds) for (const token of tokens) await verify(token, START);
    const published = await Promise.all(worlds.map(({ keys }) => keys.published(START)));
    expect(new Set(published.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(JSON.stringify(published)).not.toContain('"d"');
  });

  test('are in the state under a seal, and what was changed there is none', async () => {
    const state = createMemoryState();
    const { keys } = world(state);
    await keys.published(START);
    expect(state.text()).not.toMatch(/PRIVATE|"d"|MIG/);
    const [one = '', other = ''] = state
      .text()
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '');
    const sealed = await state.get('key', one);
    await state.set('key', other, sealed ?? '', { ttlMs: DAY });
    await expect(world(state).keys.published(START)).rejects.toThrow(StateError);
  });

  test('that cannot be read sign nothing; those that were read go on', async () => {
    const state = createMemoryState();
    const { assert, verify } = world(state);
    const { keys: late } = world(state);
    await assert(START);
    state.leave();
    await expect(Promise.resolve().then(() => late.signing(START))).rejects.toThrow(StateError);
    const token = await assert(START + 40_000);
    expect(token).toContain('.');
    await expect(verify(token, START + 40_000)).rejects.toThrow(StateError);
  });
});
