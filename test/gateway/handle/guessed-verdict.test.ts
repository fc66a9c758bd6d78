// What waits at a handle for a session: that one may follow a login, and the verdict on a guess.

import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Browsers } from '../../../gateway/handle/browsers.ts';
import { Handles } from '../../../gateway/handle/handles.ts';
import { createMemoryState } from '../../support/gateway/memory-state.ts';

const APP = 'app.example';
const world = () => ({
  browsers: new Browsers(createMemoryState(), new Handles(createSecretKey(Buffer.alloc(32, 7)))),
});
const take = async (browsers: Browsers, application: string, handle: string) =>
  (await browsers.takeVerdict(browsers.placesOf(application, handle, () => [])))?.header;

const sessionOf = (...users: string[]) => ({ users, isNameless: false, unnamed: new Set<string>() });
/** Of an application whose cookies name nobody. */
const unnamed = { users: [], isNameless: false, unnamed: new Set(['sid']) };

describe('a session that names nobody', () => {
  test('follows a login once, if the login begins none itself', async () => {
    const { browsers } = world();
    const handle = await browsers.begin(APP, { awaitsSession: true });
    expect(await browsers.admits(APP, handle, unnamed)).toBe('step');
    expect(await browsers.admits(APP, handle, unnamed)).toBe('known');
    const complete = await browsers.begin(APP, {});
    expect(await browsers.admits(APP, complete, unnamed)).toBe('known');
    expect(await browsers.admits(APP, undefined, unnamed)).toBe('none');
  });
});

describe('a verdict on what may be a guess', () => {
  const users = { ofSession: [], typed: ['ann'] };
  const guess = async (browsers: Browsers) => {
    const handle = browsers.reserve();
    await browsers.finish(APP, handle, { header: '1', users, isSure: false, shows: 'nothing' });
    return handle;
  };

  test('goes on with a session of the user who was typed', async () => {
    const { browsers } = world();
    const handle = await guess(browsers);
    expect(await take(browsers, APP, handle)).toBeUndefined();
    await browsers.beganSession(APP, handle, { session: sessionOf('Ann'), admission: 'known' });
    expect(await take(browsers, APP, handle)).toBe('1');
  });

  test('is nobody’s once another user has a session, and waits where none is named', async () => {
    const { browsers } = world();
    const handle = await guess(browsers);
    await browsers.beganSession(APP, handle, { session: unnamed, admission: 'known' });
    await browsers.beganSession(APP, handle, { session: sessionOf('bob'), admission: 'known' });
    expect(await take(browsers, APP, handle)).toBeUndefined();
    await browsers.beganSession(APP, handle, { session: sessionOf('ann'), admission: 'known' });
    expect(await take(browsers, APP, handle)).toBeUndefined();
  });

  test('goes on with the session that completes its login', async () => {
    const { browsers } = world();
    const handle = await guess(browsers);
    await browsers.beganSession(APP, handle, { session: unnamed, admission: 'step' });
    expect(await take(browsers, APP, handle)).toBe('1');
  });
});
