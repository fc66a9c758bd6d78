// What a process knows of people: their sessions, what it sealed for their browsers, and what it
// tells applications of them.

import type { OnEvent } from '../../../runtime/events.ts';
import { Holds } from '../../quarantine/holds.ts';
import { deriveKey } from '../../state/gateway-key.ts';
import type { State } from '../../state/state.ts';
import { AssertionKeys } from '../assertion/assertion-keys.ts';
import { Assertions } from '../assertion/assertions.ts';
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
  readonly assertions: Assertions;
  /** Of logins that wait for their owners. */
  readonly holds: Holds;
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
  const sessions = new Sessions({ store, seal, identity });
  const assertions = new Assertions(new AssertionKeys(state, deriveKey(gatewayKey, 'assertion-keys')));
  const holds = new Holds(state, gatewayKey, onEvent);
  return { state, store, seal, sessions, signIns: new SignIns(onEvent), assertions, holds };
}
