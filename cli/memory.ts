// Parses --memory, --threads and --keep.

import { UsageError } from './exit.ts';

const UNITS: { readonly [unit: string]: number } = { MIB: 2 ** 20, GIB: 2 ** 30, MB: 1e6, GB: 1e9 };
/** Node alone needs almost as much. */
const MIN_MEMORY_BYTES = 192 * 2 ** 20;

/** @throws UsageError */
export function parseMemory(text: string): number {
  const [, digits, unit] = /^(\d{1,6})\s?([a-z]{2,3})$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit?.toUpperCase() ?? ''] ?? Number.NaN);
  if (!(bytes >= MIN_MEMORY_BYTES))
    throw new UsageError(
      '--memory must be a size of at least 192MiB',
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
