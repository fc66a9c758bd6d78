// --memory, --threads and --keep: what a command may use, and what it leaves.

import { UsageError } from './exit.ts';

const UNITS: { readonly [unit: string]: number } = { MIB: 2 ** 20, GIB: 2 ** 30, MB: 1e6, GB: 1e9 };
/** Less is more than Node itself needs. */
const MIN_MEMORY_BYTES = 192 * 2 ** 20;

/** @throws UsageError */
export function parseMemory(text: string): number {
  const [, digits, unit] = /^(\d{1,6})\s?([a-z]{2,3})$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit?.toUpperCase() ?? ''] ?? Number.NaN);
  if (!(bytes >= MIN_MEMORY_BYTES))
    throw new UsageError('--memory is a size from 192MiB on', 'Write --memory 512MiB, or --memory 2GiB.');
  return bytes;
}

/** @throws UsageError */
export function parseCount(option: string): (text: string) => number {
  return (text) => {
    const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
    if (count < 1) throw new UsageError(`${option} is a whole number from 1 on`, `Write ${option} 2.`);
    return count;
  };
}
