// Whether what somebody may enrol by still stands.

import { isSameSecret } from '../../runtime/same-secret.ts';
import type { Authority } from './factor-messages.ts';
import { isWaiting } from './factor-steps.ts';
import type { RecoveryMark, UserRecord } from './user-record.ts';

/**
 * As the user is now, and not when the enrolment began.
 * @returns the user, without the code that opened it; undefined where nothing does
 */
export function openFor(
  record: UserRecord,
  authority: Authority,
  windowMs: number,
  now: number,
): UserRecord | undefined {
  const { code, mailed, ...rest } = record;
  switch (authority.kind) {
    case 'factor':
      return record.factors.some(({ id }) => authority.by.includes(id)) ? record : undefined;
    case 'recovery': {
      const marks = marksOf(record, now);
      const recovered = marks.filter(({ id }) => id !== authority.mark);
      return recovered.length < marks.length ? { ...record, recovered } : undefined;
    }
    case 'window':
      return !record.hadFactor && now < (record.importedAt ?? -windowMs) + windowMs ? record : undefined;
    case 'code':
      return isWaiting(code, now) && isSameSecret(code.hash, authority.hash) ? rest : undefined;
    case 'mail':
      return !record.hadFactor && isWaiting(mailed, now) && isSameSecret(mailed.hash, authority.hash)
        ? rest
        : undefined;
  }
}

/** Recovery codes that still open an enrolment. */
export const marksOf = ({ recovered = [] }: UserRecord, now: number): readonly RecoveryMark[] =>
  recovered.filter(({ until }) => now < until);
