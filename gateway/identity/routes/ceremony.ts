// What an authenticator signs, drawn for one challenge or enrolment.

import { hash, randomBytes } from 'node:crypto';
import type { State } from '../../state/state.ts';

const ROOM = 'once';
const TTL_MS = 2 * 60_000;
const CHALLENGE_BYTES = 32;

/** For one use by an authenticator, in one challenge or enrolment. @throws StateError */
export async function drawCeremony(state: State, of: string): Promise<string> {
  const drawn = randomBytes(CHALLENGE_BYTES).toString('base64url');
  await state.set(ROOM, ceremonyKey(drawn), of, { ttlMs: TTL_MS });
  return drawn;
}

/** @returns whether it was drawn for that, and not used @throws StateError */
export const takeCeremony = async (state: State, drawn: string, of: string): Promise<boolean> =>
  (await state.takeOnce(ROOM, ceremonyKey(drawn))) === of;

const ceremonyKey = (drawn: string): string => `ceremony.${hash('sha256', drawn, 'base64url')}`;
