// The state says which gateway.key it was written with: under another one, nothing sealed in it
// opens, and nobody would be told.

import { createHmac } from 'node:crypto';
import { deriveKey } from './gateway-key.ts';
import type { SqliteState } from './sqlite-state.ts';
import { LOST_WITH_STATE, StateError } from './state.ts';

const ROOM = 'key';
const NAME = 'mark of gateway.key';
/** A hundred years. */
const TTL_MS = 3.2e12;

/**
 * Marks a state that has no mark: a new one, or one of a version before.
 * @throws StateError `GATEWAY_KEY_OTHER` for a state of another key
 */
export function assertKeyOf(state: SqliteState, file: string, key: Uint8Array): void {
  const mark = createHmac('sha256', deriveKey(key, 'state-mark')).update(NAME).digest('base64url');
  const found = state.read(ROOM, NAME)?.value;
  if (found !== undefined && found !== mark)
    throw new StateError(
      'GATEWAY_KEY_OTHER',
      `state ${file}: it was written with another gateway.key than the one in stateDirectory`,
      `Restore the gateway.key that belongs to it. If that is lost, move the state away: ${LOST_WITH_STATE}.`,
    );
  // A state that cannot be written says so itself.
  if (found === undefined) void state.set(ROOM, NAME, mark, { ttlMs: TTL_MS }).catch(() => undefined);
}
