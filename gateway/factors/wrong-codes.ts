// Codes of apps that were wrong in a row: where they were typed, and how long none counts then.

import type { TypedAnswer, TypedAt } from './factor-messages.ts';
import { type Step, TRIES } from './factor-steps.ts';
import { NO_WRONG_CODES, type UserRecord, type WrongCodes } from './user-record.ts';

const HOUR = 3_600_000;
const FIRST_WAIT_MS = 30_000;
/** More than are known at a time. */
const MAX_BROWSERS = 32;

export function wrongAt({ wrong, wrongAtRelease, wrongIn }: UserRecord, at: TypedAt): WrongCodes {
  const found = at === 'session' ? wrong : at === 'release' ? wrongAtRelease : wrongIn?.[at];
  return found ?? NO_WRONG_CODES;
}

/** A right one: as if none there had been wrong. */
export const withRight = (record: UserRecord, at: TypedAt): UserRecord => withWrong(record, at, NO_WRONG_CODES);

export function wrongTyped(record: UserRecord, at: TypedAt, now: number): Step<TypedAnswer> {
  const count = wrongAt(record, at).count + 1;
  const wait = count < TRIES ? 0 : Math.min(HOUR, FIRST_WAIT_MS * 2 ** Math.min(count - TRIES, 10));
  return {
    answer: { refused: 'wrong' },
    record: withWrong(record, at, { count, until: now + wait }),
    ...(count === TRIES && { tell: { change: 'guessed' } }),
  };
}

function withWrong(record: UserRecord, at: TypedAt, wrong: WrongCodes): UserRecord {
  if (at === 'session') return { ...record, wrong };
  if (at === 'release') return { ...record, wrongAtRelease: wrong };
  const { [at]: _, ...others } = record.wrongIn ?? {};
  if (wrong.count === 0) return { ...record, wrongIn: others };
  // The one that was wrong longest ago leaves.
  const kept = Object.entries(others).slice(1 - MAX_BROWSERS);
  return { ...record, wrongIn: { ...Object.fromEntries(kept), [at]: wrong } };
}
