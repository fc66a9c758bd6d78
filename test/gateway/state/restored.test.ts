// A state that is put back from a backup: what was used, ended and taken away since then.

import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { SessionStore } from '../../../gateway/identity/sessions/session-store.ts';
import { openSqliteState, type SqliteState } from '../../../gateway/state/sqlite-state.ts';
import { markFile } from '../../../gateway/state/start-mark.ts';
import type { ServerEvent } from '../../../runtime/events.ts';
import { appCode, enrolTotp, factorsOver, keyCredential } from '../../support/gateway/factors/book.ts';
import { personOf, sessionsOver, signIn } from '../../support/gateway/identity/people.ts';
import { stateFolder } from '../../support/gateway/state/states.ts';

const ANN = 'ann@example.com';

/** A state that starts and ends as a gateway does. */
function place() {
  const file = path.join(stateFolder(), 'state.sqlite');
  const events: ServerEvent[] = [];
  const run = async <Value>(work: (state: SqliteState) => Promise<Value>): Promise<Value> => {
    const state = openSqliteState({ file, onEvent: (event) => void events.push(event) });
    try {
      return await work(state);
    } finally {
      state.close();
    }
  };
  const isRestored = async () => run(async (state) => state.restoredAt > 0);
  /** Without a clean end. @returns a copy of what is on the disk */
  const copy = (to: string): string => {
    const made = path.join(path.dirname(file), to);
    for (const end of ['', '-wal']) if (fs.existsSync(file + end)) fs.copyFileSync(file + end, made + end);
    return made;
  };
  const restore = (from: string): void => {
    for (const end of ['-wal', '-shm']) fs.rmSync(file + end, { force: true });
    for (const end of ['', '-wal']) if (fs.existsSync(from + end)) fs.copyFileSync(from + end, file + end);
  };
  return { file, events, run, copy, restore, isRestored };
}

describe('a state', () => {
  test('is the same after each start, and after the end of a machine at any moment', async () => {
    const { run, copy, restore, file, isRestored, events } = place();
    await run((state) => state.keep('factor', [{ key: 'a', value: 'b' }]));
    for (let i = 0; i < 3; i++) expect(await isRestored()).toBe(false);
    // Killed while it runs: state and mark as they are then.
    await run(async (state) => {
      await state.keep('factor', [{ key: 'a', value: 'c' }]);
      copy('killed');
      fs.copyFileSync(markFile(file), `${file}.killed.mark`);
    });
    restore(path.join(path.dirname(file), 'killed'));
    fs.copyFileSync(`${file}.killed.mark`, markFile(file));
    expect(await isRestored()).toBe(false);
    // Between one mark and the next one, the file has both.
    const [mark = ''] = fs.readFileSync(markFile(file), 'utf8').split('\n');
    fs.writeFileSync(markFile(file), `${mark}\n${'0'.repeat(32)}\n`);
    expect(await isRestored()).toBe(false);
    expect(events).toEqual([]);
    expect(fs.statSync(markFile(file)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['a backup of a while ago', ({ copy }: ReturnType<typeof place>) => copy('backup')],
    [
      'one that was copied while the gateway ran',
      ({ copy, run }: ReturnType<typeof place>) => run(async () => copy('running')),
    ],
    [
      'one of a version without marks',
      ({ copy }: ReturnType<typeof place>) => {
        const old = copy('old');
        const database = new Database(old);
        database.exec('ALTER TABLE clock DROP COLUMN mark; ALTER TABLE clock DROP COLUMN restored');
        database.pragma('user_version = 1');
        database.close();
        return old;
      },
    ],
  ])('is known for %s', async (_, back) => {
    const world = place();
    await world.run((state) => state.keep('factor', [{ key: 'a', value: 'b' }]));
    const backup = await back(world);
    await world.run((state) => state.keep('factor', [{ key: 'a', value: 'c' }]));
    world.restore(backup);
    expect(await world.isRestored()).toBe(true);
    expect(world.events.map(({ event }) => event)).toEqual(['state-restored']);
    expect(await world.run(async (state) => state.read('factor', 'a')?.value)).toBe('b');
    // Once, and not at each start from then on.
    expect(world.events).toHaveLength(1);
  });

  test('is of before where its operator says so, or it came from another place', async () => {
    const { run, file, isRestored } = place();
    await run((state) => state.keep('factor', [{ key: 'a', value: 'b' }]));
    fs.rmSync(markFile(file));
    expect(await isRestored()).toBe(true);
    fs.rmSync(markFile(file));
    fs.mkdirSync(markFile(file));
    expect(() => openSqliteState({ file, onEvent: () => undefined })).toThrow(
      expect.objectContaining({ code: 'STATE_UNWRITABLE' }),
    );
  });

  test('of a version without marks is taken over', async () => {
    const { run, file, isRestored, copy } = place();
    await run((state) => state.keep('factor', [{ key: 'a', value: 'b' }]));
    const database = new Database(file);
    database.exec('ALTER TABLE clock DROP COLUMN mark; ALTER TABLE clock DROP COLUMN restored');
    database.pragma('user_version = 1');
    database.close();
    fs.rmSync(markFile(file));
    expect(await isRestored()).toBe(false);
    expect(fs.existsSync(copy('kept'))).toBe(true);
  });
});

describe('after a restore', () => {
  test('no session of before is worth anything, ended since or not', async () => {
    const { run, copy, restore, file } = place();
    const ids = await run(async (state) => {
      const { store } = sessionsOver(state);
      const [ann, cy] = [await signIn(store, personOf('ann'), 'app.example'), await signIn(store, personOf('cy'), 'b')];
      return [ann, cy].map(({ own, ofApp }) => [SessionStore.idOf(own), SessionStore.idOf(ofApp)] as const);
    });
    const backup = copy('backup');
    await run((state) => sessionsOver(state).store.endAllOf(personOf('ann')));
    restore(backup);
    await run(async (state) => {
      const { store } = sessionsOver(state);
      for (const [own, ofApp] of ids)
        expect(await Promise.all([store.readPerson(own), store.readApp(ofApp)])).toEqual([undefined, undefined]);
      expect(state.list('session', '', 10)).toEqual([]);
      // From now on, sessions begin.
      const { own } = await signIn(store, personOf('ann'), 'app.example');
      expect(await store.readPerson(SessionStore.idOf(own))).toBeDefined();
    });
    expect(fs.existsSync(file)).toBe(true);
  });

  test('no code counts again that was used since, and people go on with new ones', async () => {
    const { run, copy, restore } = place();
    const { secret, codes } = await run(async (state) => {
      const world = factorsOver(state, {}, Date.now());
      const enrolled = await enrolTotp(world, ANN);
      return { ...enrolled, codes: await world.book.drawRecovery(ANN) };
    });
    const backup = copy('backup');
    const used = await run(async (state) => {
      const world = factorsOver(state, {}, Date.now() + 30_000);
      const made = await world.admin.makeCode(ANN);
      const code = appCode(secret, world.now());
      expect(await world.book.tryTotp(ANN, code, 'session')).toHaveProperty('given');
      expect(await world.book.tryRecovery(ANN, codes[0] ?? '')).toHaveProperty('given');
      return { made, code };
    });
    restore(backup);
    await run(async (state) => {
      const { book, admin, now, pass } = factorsOver(state, {}, Date.now() + 30_000);
      // The same code, and the steps before it.
      for (const at of [now(), now() - 30_000])
        expect(await book.tryTotp(ANN, appCode(secret, at), 'session')).toEqual({ refused: 'wrong' });
      for (const code of codes) expect(await book.tryRecovery(ANN, code)).toEqual({ refused: 'wrong' });
      expect(await book.checkCode(ANN, used.made)).toEqual({ refused: 'wrong' });
      expect(admin.find(ANN)).toMatchObject({ recoveryLeft: 0, hadFactor: true, factors: [{ method: 'totp' }] });
      pass(60_000);
      expect(await book.tryTotp(ANN, appCode(secret, now()), 'session')).toHaveProperty('given');
      const [fresh = ''] = await book.drawRecovery(ANN);
      expect(await book.tryRecovery(ANN, fresh)).toHaveProperty('given');
    });
    // What was drawn since the restore stays.
    await run(async (state) => {
      const { admin } = factorsOver(state);
      expect(admin.find(ANN)?.recoveryLeft).toBe(9);
      expect(admin.page().users.map(({ recoveryLeft }) => recoveryLeft)).toEqual([9]);
    });
  });

  test('no window of an import is open: there may have been a factor meanwhile', async () => {
    const { run, copy, restore } = place();
    const rules = { windowMs: 86_400_000, byMail: true };
    await run(async (state) => factorsOver(state, rules).admin.importUsers([{ email: ANN }]));
    const backup = copy('backup');
    await run(async () => undefined);
    restore(backup);
    await run(async (state) => {
      const { book, admin } = factorsOver(state, rules);
      expect((await book.describe(ANN)).firstBy).toBe(undefined);
      const factor = { method: 'security_key', name: 'key', key: keyCredential('k') } as const;
      const answer = await book.enrol({ user: ANN, authority: { kind: 'window' }, factor });
      expect(answer).toEqual({ refused: 'closed' });
      const checked = await book.checkCode(ANN, await admin.makeCode(ANN));
      if (!('authority' in checked)) throw new Error('the code is not taken');
      expect(await book.enrol({ user: ANN, authority: checked.authority, factor })).toHaveProperty('factor');
      // Whoever is imported from now on has a window.
      await admin.importUsers([{ email: 'new@example.com' }]);
      expect((await book.describe('new@example.com')).firstBy).toMatchObject({ window: true });
    });
  });
});
