// A limit on logins as configured, and the presets: what an operator could write too.

import type { CustomAnswer } from '../answers/answer.ts';

export const LIMIT_PRESETS = ['failures', 'ladder'] as const;
export type LimitPreset = (typeof LIMIT_PRESETS)[number];

export interface LimitAnswer extends CustomAnswer {
  /** Where users choose another password: the page of a limit by username links there. */
  readonly unlockUrl?: string | undefined;
}

export interface LimitConfig {
  readonly name: string;
  /** An expression: which attempts count. */
  readonly count: string;
  /** `logins`, `everything`, or an expression: which requests a ban acts on. */
  readonly actOn: string;
  /** What the limit is one for each of, together: `address`, `username`, `field:NAME`, … */
  readonly by: readonly string[];
  readonly allow: number;
  readonly windowMs: number;
  readonly banMs: number;
  readonly mode: 'any' | 'consecutive';
  readonly answer: LimitAnswer;
}

export const COUNT_FAILURES = 'credveil.login.outcome ne "success"';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const failures = (by: 'address' | 'username'): LimitConfig => ({
  name: `failures-${by}`,
  count: COUNT_FAILURES,
  actOn: 'logins',
  by: [by],
  allow: 5,
  windowMs: MINUTE_MS,
  banMs: HOUR_MS,
  mode: 'any',
  answer: {},
});

/**
 * What may be a right password: people behind one address log in for the first time, and
 * applications that nobody described do not say what became of it. Of one username it counts as a
 * failure.
 */
const undecided: LimitConfig = {
  ...failures('address'),
  name: 'failures-unknown',
  count: 'credveil.login.outcome eq "unknown"',
  allow: 20,
};

const rung = (name: string, allow: number, windowMs: number): LimitConfig => ({
  ...failures('address'),
  name: `ladder-${name}`,
  allow,
  windowMs,
  banMs: windowMs,
});

/**
 * The ladder is the one that Cloudflare documents against credential stuffing: its two challenges
 * are refusals for as long as their windows here.
 */
export const limitsOf = (preset: LimitPreset): readonly LimitConfig[] =>
  preset === 'failures'
    ? [{ ...failures('address'), count: 'credveil.login.outcome eq "failure"' }, failures('username'), undecided]
    : [
        rung('minute', 4, MINUTE_MS),
        rung('ten-minutes', 10, 10 * MINUTE_MS),
        { ...rung('hour', 20, HOUR_MS), actOn: 'everything', banMs: DAY_MS },
      ];
