// Whose sessions were ended a while ago. One that was beginning then, or went on under another id,
// looks here once it is in the state: it ends as well.

import type { State } from '../../state/state.ts';
import { SESSION_ROOM as ROOM } from './session-keys.ts';

/** Longer than a sign-in may take, and than anybody takes to end all of somebody. */
const ENDED_TTL_MS = 15 * 60_000;

/** Before they are ended. @param owners as the state names them */
export async function markEnded(state: State, owners: readonly string[]): Promise<void> {
  const now = String(Date.now());
  await Promise.all(owners.map((owner) => state.set(ROOM, keyOf(owner), now, { ttlMs: ENDED_TTL_MS })));
}

/** Whether those of one of them were ended at this time, or since. */
export async function wereEnded(state: State, owners: readonly string[], time: number): Promise<boolean> {
  const ends = await Promise.all(owners.map((owner) => state.get(ROOM, keyOf(owner))));
  return ends.some((end) => end !== undefined && Number(end) >= time);
}

const keyOf = (owner: string): string => `ended.${owner}`;
