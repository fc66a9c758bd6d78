// Sessions of people in the state of a gateway that has not started yet.

import path from 'node:path';
import type { Person } from '../../gateway/identity/person.ts';
import { SessionStore } from '../../gateway/identity/sessions/session-store.ts';
import { APP_COOKIE } from '../../gateway/identity/sessions/sessions.ts';
import { deriveKey, openGatewayKey } from '../../gateway/state/gateway-key.ts';
import { openSqliteState } from '../../gateway/state/sqlite-state.ts';
import { personOf, signIn } from '../../test/support/gateway/identity/people.ts';

export interface BenchSession {
  /** The header Cookie of a browser over plain HTTP. */
  readonly cookie: string;
  /** Of the cookie that the person has at the gateway's own pages. */
  readonly value: string;
}

const AT_ONCE = 500;

/**
 * @param host of the application
 * @param more of each person
 */
export async function writeSessions(
  stateDirectory: string,
  host: string,
  count: number,
  more: Partial<Person> = {},
): Promise<BenchSession[]> {
  const key = openGatewayKey(stateDirectory);
  const state = openSqliteState({ file: path.join(stateDirectory, 'state.sqlite'), onEvent: () => undefined });
  try {
    const store = new SessionStore(state, deriveKey(key, 'sessions'));
    const write = async (at: number): Promise<BenchSession> => {
      const person = personOf(`ann-${at}`, { groups: ['staff', 'finance', 'press'], ...more });
      const { own, ofApp } = await signIn(store, person, host);
      const [cookie = ''] = APP_COOKIE.format(ofApp, false).split(';');
      return { cookie, value: own };
    };
    const sessions: BenchSession[] = [];
    while (sessions.length < count) {
      const batch = Array.from({ length: Math.min(AT_ONCE, count - sessions.length) }, (_, i) => sessions.length + i);
      sessions.push(...(await Promise.all(batch.map(write))));
    }
    return sessions;
  } finally {
    state.close();
  }
}
