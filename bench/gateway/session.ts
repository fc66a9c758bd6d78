// A session of a person in the state of a gateway that has not started yet.

import path from 'node:path';
import { SessionStore } from '../../gateway/identity/sessions/session-store.ts';
import { APP_COOKIE } from '../../gateway/identity/sessions/sessions.ts';
import { deriveKey, openGatewayKey } from '../../gateway/state/gateway-key.ts';
import { openSqliteState } from '../../gateway/state/sqlite-state.ts';
import { personOf, signIn } from '../../test/support/gateway/identity/people.ts';

/** @param host of the application @returns the header Cookie of a browser over plain HTTP */
export async function writeSession(stateDirectory: string, host: string): Promise<string> {
  const key = openGatewayKey(stateDirectory);
  const state = openSqliteState({ file: path.join(stateDirectory, 'state.sqlite'), onEvent: () => undefined });
  try {
    const store = new SessionStore(state, deriveKey(key, 'sessions'));
    const { ofApp } = await signIn(store, personOf('ann', { groups: ['staff', 'finance', 'press'] }), host);
    const [cookie = ''] = APP_COOKIE.format(ofApp, false).split(';');
    return cookie;
  } finally {
    state.close();
  }
}
