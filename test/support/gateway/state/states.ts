// States in a folder of the test, and their clock.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { LimitBook } from '../../../../gateway/limits/limit-book.ts';
import { createLocalPeer, type LimitPeer } from '../../../../gateway/limits/limit-peer.ts';
import { MemoryLimitStore } from '../../../../gateway/limits/limit-store.ts';
import { openSqliteState, type SqliteState, type SqliteStateOptions } from '../../../../gateway/state/sqlite-state.ts';
import type { ServerEvent } from '../../../../runtime/events.ts';

export function stateFolder(): string {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
  return home;
}

export interface TestState {
  readonly state: SqliteState;
  readonly file: string;
  readonly events: ServerEvent[];
}

/** Closed when the test ends. */
export function openTestState(options: Partial<SqliteStateOptions> = {}): TestState {
  const events: ServerEvent[] = [];
  const file = options.file ?? path.join(stateFolder(), 'state.sqlite');
  const state = openSqliteState({ onEvent: (event) => events.push(event), busyTimeoutMs: 50, ...options, file });
  onTestFinished(() => state.close());
  return { state, file, events };
}

/** A clock that stands still until it is moved. */
export function createStillClock(start = 1_800_000_000_000) {
  let now = start;
  return {
    clock: () => now,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

/** Counts of one process. */
export const createMemoryLimits = (): LimitPeer => createLocalPeer(new LimitBook(new MemoryLimitStore()), {});
