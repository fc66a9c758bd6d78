// Sessions in a process that is killed at any moment: what was answered holds, on both sides.
// CREDVEIL_KILLS=100 kills so often.

import { spawn } from 'node:child_process';
import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { openSqliteState } from '../../../../gateway/state/sqlite-state.ts';
import { stateFolder } from '../../../support/gateway/state/states.ts';
import { root } from '../../../support/paths.ts';
import { createRandom, testSeed } from '../../../support/random.ts';

const KILLS = Number(process.env.CREDVEIL_KILLS ?? 3);
const MAX_LINES = 120;
const KEY = Buffer.alloc(32, 5).toString('hex');
const PROGRAM = path.join(root, 'test/support/gateway/identity/sessions-until-killed.ts');

/** @param lines after which it is killed @returns what it has printed by then */
async function killAfter(lines: number, file: string, prefix: string): Promise<string[]> {
  const child = spawn(process.execPath, [PROGRAM, file, prefix, KEY], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  for await (const piece of child.stdout.setEncoding('utf8')) {
    text += piece as string;
    if (text.split('\n').length > lines) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return text.split('\n').slice(0, -1);
}

test('sessions are there or ended as was answered, whenever the process is killed', {
  timeout: 600_000 + KILLS * 60_000,
}, async () => {
  const file = path.join(stateFolder(), 'state.sqlite');
  const begun = new Map<string, { readonly ofApp: string; fate: 'alive' | 'unknown' | 'ended' }>();
  const random = createRandom(testSeed('killed sessions'));
  for (let i = 0; i < KILLS; i++) {
    const lines = await killAfter(1 + random.below(MAX_LINES), file, `ann-${i}`);
    for (const [name = '', what = '', ofApp = ''] of lines.map((line) => line.split(' '))) {
      const session = begun.get(name);
      if (session) session.fate = what === '-' ? 'ended' : 'unknown';
      else begun.set(name, { ofApp, fate: 'alive' });
    }
  }
  const state = openSqliteState({ file, onEvent: () => undefined });
  try {
    const store = new SessionStore(state, createSecretKey(Buffer.from(KEY, 'hex')));
    for (const [name, { ofApp, fate }] of begun) {
      const subject = (await store.readApp(SessionStore.idOf(ofApp)))?.person.person.subject;
      const may = { alive: [`subject of ${name}`], unknown: [`subject of ${name}`, undefined], ended: [undefined] };
      expect(may[fate], `${name}, ${fate}`).toContain(subject);
    }
  } finally {
    state.close();
  }
  const database = new Database(file);
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  database.close();
});
