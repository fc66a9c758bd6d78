// What commands about certificates read of their options.

import { text } from 'node:stream/consumers';
import { UsageError } from '../exit.ts';
import { readNamedSecret } from './named-file.ts';

export function daysOf(given: string): number {
  const days = Number(given);
  if (!Number.isInteger(days) || days < 1 || days > 36_500)
    throw new UsageError('--days is no number of days', 'Pass a whole number: --days 365.');
  return days;
}

/**
 * Never an argument: others see those.
 * @throws UsageError; StoreError `KEY_FILE_EXPOSED`
 */
export async function passwordOf(flag: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const content =
    file === '-'
      ? await text(process.stdin)
      : readNamedSecret(
          file,
          `Write a password of yours into it, for this user alone, or name another with ${flag}.`,
        ).toString();
  const password = content.replace(/\r?\n$/, '');
  if (!/^[\x20-\x7e]{8,128}$/.test(password))
    throw new UsageError(
      `the password of ${flag} cannot be used`,
      'Use 8 to 128 letters, digits and signs of ASCII, in one line.',
    );
  return password;
}
