// What a process knows of people: their sessions, what it sealed for their browsers, and what it
// tells applications of them.

import type { OnEvent } from '../../../runtime/events.ts';
import type { Metric } from '../../../runtime/observe/metric.ts';
import type { FactorPeer } from '../../factors/factor-peer.ts';
import type { ProcessState } from '../../limits/process-state.ts';
import { Holds } from '../../quarantine/holds.ts';
import { deriveKey } from '../../state/gateway-key.ts';
import type { State } from '../../state/state.ts';
import { AssertionKeys } from '../assertion/assertion-keys.ts';
import { Assertions } from '../assertion/assertions.ts';
import { Seal } from '../sessions/seal.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { Sessions } from '../sessions/sessions.ts';
import { FactorEvents } from './factor-events.ts';
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
  /** Undefined where nobody keeps any. */
  readonly factors: FactorPeer | undefined;
  readonly factorEvents: FactorEvents;
}

export interface PeopleOptions {
  /** Of the configuration in force. */
  readonly identity: () => Identity | undefined;
  readonly onEvent: OnEvent;
}

export function createPeople({ state, key, factors }: ProcessState, { identity, onEvent }: PeopleOptions): People {
  const store = new SessionStore(state, deriveKey(key, 'sessions'));
  const seal = new Seal(deriveKey(key, 'sign-in'));
  return {
    ...{ state, store, seal, factors },
    sessions: new Sessions({ store, seal, identity }),
    signIns: new SignIns(onEvent),
    assertions: new Assertions(new AssertionKeys(state, deriveKey(key, 'assertion-keys'))),
    holds: new Holds(state, key, onEvent),
    factorEvents: new FactorEvents(onEvent),
  };
}

export const collectPeople = (people: People | undefined): readonly Metric[] =>
  people ? [people.signIns.collect(), people.factorEvents.collect()] : [];
