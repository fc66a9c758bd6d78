// A state that cannot be used, and one that stops being usable: named errors, and counts that go
// on.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openTestState, stateFolder } from '../../support/gateway/state/states.ts';
import { root } from '../../support/paths.ts';

const failing = (code: string) => expect.objectContaining({ code, hint: expect.stringMatching(/\w/) });

describe('a file that cannot be used', () => {
  test('is refused if it is damaged, or of another program', () => {
    const file = path.join(stateFolder(), 'state.sqlite');
    fs.writeFileSync(file, 'notes of somebody, which are no database at all'.repeat(100));
    expect(() => openTestState({ file })).toThrow(failing('STATE_CORRUPT'));
    expect(fs.readFileSync(file, 'utf8')).toMatch(/^notes/);
    const other = path.join(stateFolder(), 'other.sqlite');
    const database = new Database(other);
    database.exec('CREATE TABLE entries (a)');
    database.close();
    expect(() => openTestState({ file: other })).toThrow(failing('STATE_CORRUPT'));
  });

  test('is refused if more than its folder is missing, which is not created', () => {
    const folder = stateFolder();
    const file = path.join(folder, 'typo', 'state', 'state.sqlite');
    expect(() => openTestState({ file })).toThrow(failing('STATE_UNWRITABLE'));
    expect(fs.readdirSync(folder)).toEqual([]);
    expect(() => openTestState({ file: path.join(folder, 'state', 'state.sqlite') })).not.toThrow();
  });

  test('is refused if a newer version wrote it', () => {
    const { state, file } = openTestState();
    state.close();
    const database = new Database(file);
    database.pragma('user_version = 99');
    database.close();
    expect(() => openTestState({ file })).toThrow(failing('STATE_VERSION'));
  });

  test('is refused while another gateway has it', () => {
    const { file } = openTestState();
    expect(() => openTestState({ file })).toThrow(failing('STATE_BUSY'));
  });

  test('is refused if it cannot be created', () => {
    const folder = stateFolder();
    fs.writeFileSync(path.join(folder, 'file'), '');
    expect(() => openTestState({ file: path.join(folder, 'file', 'state.sqlite') })).toThrow(
      failing('STATE_UNWRITABLE'),
    );
    expect(() => openTestState({ file: '/dev/null' })).toThrow(failing('STATE_CORRUPT'));
  });

  test('is hidden from other users if it was not', () => {
    const { state, file } = openTestState();
    state.close();
    fs.chmodSync(file, 0o644);
    openTestState({ file });
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });
});

test('a full disk fails what is set, and slots go on in memory until there is room', async () => {
  const { state, file, events } = openTestState({ maxBytes: 40 * 4_096 });
  const value = 'x'.repeat(10_000);
  let written = 0;
  await expect(
    (async () => {
      for (; ; written++) await state.set('session', `${written}`, value, { ttlMs: 60_000, owner: 'u' });
    })(),
  ).rejects.toMatchObject({ code: 'STATE_FULL' });
  expect(written).toBeGreaterThan(5);
  const need = { key: 'k', allow: 2, windowMs: 60_000 };
  const windows = Array.from({ length: 400 }, (_, i) => ({ ...need, key: `k${i}` }));
  for (const each of windows) await state.takeSlots([each]);
  for (const each of windows) await state.takeSlots([each]);
  expect(events.filter(({ event }) => event === 'state-failed')).toContainEqual(
    expect.objectContaining({ code: 'STATE_FULL' }),
  );
  for (const each of windows) expect(await state.takeSlots([each])).toMatchObject({ taken: false });
  expect(await state.get('session', '0')).toBe(value);
  await state.deleteOwned('session', 'u');
  await state.takeSlots([need]);
  state.close();
  const { state: again } = openTestState({ file });
  for (const each of windows) expect(await again.takeSlots([each])).toMatchObject({ taken: false });
});

describe('a file that is taken away from a gateway that runs', () => {
  const ways: { readonly [name: string]: (file: string) => void } = {
    moved: (file) => fs.renameSync(file, `${file}.bak`),
    deleted: (file) => fs.rmSync(file),
    replaced: (file) => {
      fs.copyFileSync(file, `${file}.copy`);
      fs.renameSync(`${file}.copy`, file);
    },
    'cut off': (file) => fs.truncateSync(file, 0),
    'without its log': (file) => fs.rmSync(`${file}-wal`),
  };

  test.each(Object.keys(ways))('is noticed, once: %s', async (way) => {
    const { state, file, events } = openTestState();
    await state.set('ban', 'a', '', { ttlMs: 60_000 });
    state.sweep();
    expect([events, state.isFailing]).toEqual([[], false]);
    ways[way]?.(file);
    for (let i = 0; i < 3; i++) state.sweep();
    expect(events.filter(({ event }) => event === 'state-failed')).toEqual([
      expect.objectContaining({ code: 'STATE_MOVED', hint: expect.stringContaining('restart') }),
    ]);
    expect(state.isFailing).toBe(true);
    // It is in force as long as this process lives.
    expect(await state.get('ban', 'a')).toBe('');
  });

  test('and put back is well again', () => {
    const { state, file, events } = openTestState();
    fs.renameSync(file, `${file}.bak`);
    state.sweep();
    fs.renameSync(`${file}.bak`, file);
    state.sweep();
    expect(state.isFailing).toBe(false);
    expect(events).toHaveLength(1);
  });
});

test('what was answered survives SIGKILL', async () => {
  const file = path.join(stateFolder(), 'state.sqlite');
  const child = spawn(process.execPath, [path.join(root, 'test/support/gateway/state/writes-until-killed.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  for await (const piece of child.stdout.setEncoding('utf8')) {
    text += piece as string;
    if (text.split('\n').length > 200) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const answered = text.split('\n').slice(0, -1);
  expect(answered.length).toBeGreaterThan(199);
  const { state } = openTestState({ file });
  for (const key of answered) {
    expect(await state.get('ban', key)).toBe('');
    expect(await state.takeSlots([{ key, allow: 1, windowMs: 3_600_000 }])).toMatchObject({ taken: false });
  }
});
