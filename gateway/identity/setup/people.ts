// What a process knows of people: their sessions, and what it sealed for their browsers.

import type { OnEvent } from '../../../runtime/events.ts';
import { deriveKey } from '../../state/gateway-key.ts';
import type { State } from '../../state/state.ts';
import { Seal } from '../sessions/seal.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { Sessions } from '../sessions/sessions.ts';
import type { Identity } from './identity.ts';
import { SignIns } from './sign-ins.ts';

export interface People {
  readonly state: State;
  readonly store: SessionStore;
  readonly seal: Seal;
  readonly sessions: Sessions;
  readonly signIns: SignIns;
}

export interface PeopleOptions {
  readonly state: State;
  readonly gatewayKey: Uint8Array;
  /** Of the configuration in force. */
  readonly identity: () => Identity | undefined;
  readonly onEvent: OnEvent;
}

export function createPeople({ state, gatewayKey, identity, onEvent }: PeopleOptions): People {
  const store = new SessionStore(state, deriveKey(gatewayKey, 'sessions'));
  const seal = new Seal(deriveKey(gatewayKey, 'sign-in'));
  return { state, store, seal, sessions: new Sessions({ store, seal, identity }), signIns: new SignIns(onEvent) };
}
