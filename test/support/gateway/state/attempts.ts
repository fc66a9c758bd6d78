// Attempts at a book of limits, as a worker makes them.

import type { LimitBook } from '../../../../gateway/limits/limit-book.ts';
import type { AdmitQuestion, LimitNeed, Refused } from '../../../../gateway/limits/limit-messages.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const WORKER = { worker: 1 };

/** Five in a minute, then an hour. */
export const needOf = (place: string, more: Partial<LimitNeed> = {}): LimitNeed => ({
  limit: 'failures',
  place,
  allow: 5,
  windowMs: MINUTE_MS,
  banMs: HOUR_MS,
  isConsecutive: false,
  acts: true,
  isForAll: false,
  sparesDevices: true,
  ...more,
});

export const userNeed = (name: string, more: Partial<LimitNeed> = {}): LimitNeed => needOf('u', { name, ...more });

export interface Try {
  readonly needs: readonly LimitNeed[];
  readonly outcome?: 'success' | 'failure';
  readonly names?: readonly string[];
  readonly device?: string;
  readonly canonical?: string;
  readonly nextDevice?: string;
  readonly holder?: object;
}

export const questionOf = ({ needs, device, names = needs.flatMap(({ name }) => name ?? []) }: Try): AdmitQuestion => ({
  app: 'app.example',
  names,
  needs,
  ...(device !== undefined && { device }),
});

/**
 * One attempt from its admission to its end. @returns why it was refused, or whether it has a new
 * device
 */
export async function attempt(book: LimitBook, given: Try): Promise<Refused | { readonly hasDevice: boolean }> {
  const { outcome = 'failure', canonical, nextDevice, holder = WORKER } = given;
  const answer = await book.admit(holder, questionOf(given));
  if ('refused' in answer) return answer.refused;
  const isSuccess = outcome === 'success';
  const hasDevice = await book.settle(holder, {
    reservation: answer.reservation,
    counts: isSuccess ? [] : given.needs.map(({ limit }) => limit),
    isSuccess,
    ...(canonical !== undefined && { canonical }),
    ...(nextDevice !== undefined && { device: nextDevice }),
  });
  return { hasDevice };
}

/** How many of so many attempts in a row are let through. */
export async function letThrough(book: LimitBook, count: number, given: Try): Promise<number> {
  let passed = 0;
  for (let i = 0; i < count; i++) if ('hasDevice' in (await attempt(book, given))) passed++;
  return passed;
}
