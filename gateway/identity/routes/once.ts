// What counts once: sealed text that was brought back, codes for an application, notices, and what
// an authenticator signs.

import { hash, randomBytes } from 'node:crypto';
import type { State } from '../../state/state.ts';

const ROOM = 'once';
const CODE_TTL_MS = 60_000;
const CEREMONY_TTL_MS = 2 * 60_000;
const CHALLENGE_BYTES = 32;

/** With this an application's host gives a browser its session. */
export interface HandOver {
  readonly app: string;
  readonly host: string;
  readonly target: string;
  /** The id of the cookie that the browser has to have there. */
  readonly start: string;
  /** Of the person's session. */
  readonly personId: string;
}

/** @returns false if it was used before @throws StateError */
export const useOnce = (
  state: State,
  kind: 'sign-in' | 'logout' | 'page',
  text: string,
  ttlMs: number,
): Promise<boolean> => state.add(ROOM, keyOf(kind, text), '', { ttlMs });

/** @throws StateError */
export const wasUsed = async (state: State, kind: 'logout', text: string): Promise<boolean> =>
  (await state.get(ROOM, keyOf(kind, text))) !== undefined;

/** @throws StateError */
export const keepHandOver = (state: State, code: string, value: HandOver): Promise<void> =>
  state.set(ROOM, keyOf('code', code), JSON.stringify(value), { ttlMs: CODE_TTL_MS });

/** Undefined for a code that was used, or never was. @throws StateError */
export async function takeHandOver(state: State, code: string): Promise<HandOver | undefined> {
  const text = await state.takeOnce(ROOM, keyOf('code', code));
  return text === undefined ? undefined : (JSON.parse(text) as HandOver);
}

/** For one use by an authenticator, in one challenge or enrolment. @throws StateError */
export async function drawCeremony(state: State, of: string): Promise<string> {
  const drawn = randomBytes(CHALLENGE_BYTES).toString('base64url');
  await state.set(ROOM, keyOf('ceremony', drawn), of, { ttlMs: CEREMONY_TTL_MS });
  return drawn;
}

/** @returns whether it was drawn for that, and not used @throws StateError */
export const takeCeremony = async (state: State, drawn: string, of: string): Promise<boolean> =>
  (await state.takeOnce(ROOM, keyOf('ceremony', drawn))) === of;

const keyOf = (kind: string, text: string): string => `${kind}.${hash('sha256', text, 'base64url')}`;
