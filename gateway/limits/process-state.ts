// The state and the counts as a process of the gateway reaches them, and the key of the
// installation.

import type { FactorPeer } from '../factors/factor-peer.ts';
import type { State } from '../state/state.ts';
import type { LimitPeer } from './limit-peer.ts';

export interface ProcessState {
  readonly state: State;
  readonly limits: LimitPeer;
  /** Undefined where nobody keeps factors: then nobody can show one. */
  readonly factors?: FactorPeer | undefined;
  /** All keys are derived from it. */
  readonly key: Uint8Array;
}
