// Parses sizes, counts and durations of options.

import { MIN_MEMORY_BYTES } from '../ingest/memory-plan.ts';
import { UsageError } from './exit.ts';

const UNITS: { readonly [unit: string]: number } = { MIB: 2 ** 20, GIB: 2 ** 30, MB: 1e6, GB: 1e9 };

/** @throws UsageError */
export function parseMemory(text: string): number {
  const [, digits, unit] = /^(\d{1,6})\s?([a-z]{2,3})$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit?.toUpperCase() ?? ''] ?? Number.NaN);
  if (!(bytes >= MIN_MEMORY_BYTES))
    throw new UsageError(
      `--memory must be a size of at least ${MIN_MEMORY_BYTES / 2 ** 20}MiB`,
      'Write it with a unit, such as --memory 512MiB or --memory 2GiB.',
    );
  return bytes;
}

/** @throws UsageError */
export function parseCount(option: string): (text: string) => number {
  return (text) => {
    const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
    if (count < 1)
      throw new UsageError(
        `${option} must be a whole number from 1 to 9999`,
        `Write it in digits, such as ${option} 2.`,
      );
    return count;
  };
}

const SECONDS: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Parses a duration such as 90m or 25h.
 * @returns milliseconds
 * @throws UsageError outside of `minMs` to `maxMs`
 */
export function parseDuration(option: string, minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const [, digits, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
    const milliseconds = Number(digits) * (SECONDS[unit] ?? Number.NaN) * 1000;
    if (!(milliseconds >= minMs && milliseconds <= maxMs))
      throw new UsageError(
        `${option} must be a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`,
        `Write it with a unit, such as ${option} 1h.`,
      );
    return milliseconds;
  };
}

function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const unit = (['d', 'h', 'm'] as const).find((each) => seconds % (SECONDS[each] as number) === 0) ?? 's';
  return `${seconds / (SECONDS[unit] as number)}${unit}`;
}
