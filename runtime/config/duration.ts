// Durations in a configuration, such as `1h`: a number and its unit.

import { z } from 'zod';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNITS;
export type DurationText = `${number}${Unit}`;

/** In milliseconds. Undefined if the text is no duration: `90s`, `15m`, `1h`, `7d`. */
export function parseDuration(text: string): number | undefined {
  const [, count = '', unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(count) * UNITS[unit as Unit];
}

/** The schema of a duration, whose output is in milliseconds. Both ends are allowed. */
export function duration(min: DurationText, max: DurationText) {
  const error = `must be a duration from ${min} to ${max}, such as 90s, 15m, 1h or 7d`;
  const [low = 0, high = 0] = [parseDuration(min), parseDuration(max)];
  return z
    .string({ error })
    .transform((text) => parseDuration(text) ?? Number.NaN)
    .refine((ms) => ms >= low && ms <= high, { error });
}
