// Passwords that a hash treats alike: bcrypt repeats its key at a NUL, and C strings end there.

import bcrypt from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SUITE_NAMES } from '../../../protocol/suite.ts';
import { type AdapterWorld, createAdapterWorld } from '../../support/worlds/adapter-world.ts';

const LEAKED = { username: 'ada@example.test', password: 'Summer23' };
const NUL = '\0';
const ODD = { username: 'bob@example.test', password: `odd${NUL}one` };

describe.each(SUITE_NAMES)('suite %s', (suite) => {
  let world: AdapterWorld;
  beforeAll(async () => {
    world = await createAdapterWorld(suite, { pairs: [LEAKED, ODD] });
  });
  afterAll(() => world.close());

  test('finds what stands before a NUL, in pairs, similar forms and passwords', async () => {
    const { username, password } = LEAKED;
    // Why: to bcrypt the two are one.
    expect(bcrypt.compareSync(`${password}${NUL}${password}`, bcrypt.hashSync(password, 4))).toBe(true);
    const statusOf = async (name: string | undefined, text: string) =>
      (await world.checker.check({ ...(name !== undefined && { username: name }), password: text })).status;
    expect(await statusOf(username, `${password}${NUL}${password}`)).toBe('pair');
    expect(await statusOf(username, `${password}${NUL}`)).toBe('pair');
    expect(await statusOf(username, `${password}${NUL}x${NUL}y`)).toBe('pair');
    expect(await statusOf(username, `summer23${NUL}x`)).toBe('similar');
    expect(await statusOf('nobody@example.test', `${password}${NUL}x`)).toBe('password');
    expect(await statusOf(undefined, `${password}${NUL}${password}`)).toBe('password');
  });

  test('checks the whole password too', async () => {
    expect((await world.checker.check(ODD)).status).toBe('pair');
    expect((await world.checker.check({ password: `${NUL}${LEAKED.password}` })).status).toBe('clean');
  });
});
