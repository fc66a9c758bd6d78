// The demo's user table: seeded accounts with bcrypt hashes, three of which have a leaked password.

import bcrypt from 'bcrypt';
import type { Random } from '../test/support/random.ts';

export interface LeakedPair {
  readonly username: string;
  readonly password: string;
}

export const ACCOUNTS = 2000;
export const LEAKED = 3;
/** The lowest: a real table has 10 to 12, which takes 64 to 256 times as long. */
export const BCRYPT_COST = 4;

/**
 * All have names of the leak; only some have their password in it.
 * @returns a CSV export
 */
export async function createUserTable(pairs: readonly LeakedPair[], random: Random): Promise<string> {
  const byName = new Map(pairs.map((pair) => [pair.username, pair]));
  const accounts = [...byName.values()].slice(0, ACCOUNTS);
  const leaked = new Set(Array.from({ length: LEAKED }, () => random.pick(accounts)));
  const rows = accounts.map(async (account, i) => {
    const password = leaked.has(account) ? account.password : Buffer.from(random.bytes(9)).toString('base64');
    return `${i + 1},${account.username},${await bcrypt.hash(password, BCRYPT_COST)}`;
  });
  return `id,email,password\n${(await Promise.all(rows)).join('\n')}\n`;
}
