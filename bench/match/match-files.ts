// Writes a seeded user table and a source of pairs, in which some accounts leaked.

import fs from 'node:fs';
import { ssha } from '../../test/support/match/world.ts';
import { createRandom } from '../../test/support/random.ts';

export interface MatchFiles {
  readonly users: string;
  readonly source: string;
  /** Ids of the accounts that leaked with their password. */
  readonly planted: ReadonlySet<string>;
}

const BLOCK_LINES = 10_000;
/** One pair in this many has the name of an account, and another password. */
const NAMED_ONE_IN = 20;

/** Writes lines in blocks, without holding them. */
function writeLines(file: string, count: number, line: (i: number) => string, header = ''): void {
  const handle = fs.openSync(file, 'w');
  fs.writeSync(handle, header);
  for (let from = 0; from < count; from += BLOCK_LINES) {
    const lines = Array.from({ length: Math.min(BLOCK_LINES, count - from) }, (_, i) => line(from + i));
    fs.writeSync(handle, `${lines.join('\n')}\n`);
  }
  fs.closeSync(handle);
}

/** The hash of a million accounts is made in seconds. */
const hashOf = (password: string): string => ssha(password, password.slice(0, 4));

export function writeMatchFiles(folder: string, accounts: number, pairs: number, plants: number): MatchFiles {
  const random = createRandom(1);
  const word = (): string => Buffer.from(random.bytes(6)).toString('base64url');
  const passwordOf = (account: number): string => `pw${account}-${((account * 2_654_435_761) >>> 0).toString(36)}`;
  const nameOf = (account: number): string => `user.${account}@example.com`;
  const users = `${folder}/users.csv`;
  writeLines(users, accounts, (i) => `id${i},login${i},${nameOf(i)},${hashOf(passwordOf(i))}`, 'id,login,mail,hash\n');
  const source = `${folder}/leak-2024-03.txt`;
  const planted = new Set<string>();
  const plantEvery = Math.floor(pairs / plants);
  writeLines(source, pairs, (i) => {
    if (i % plantEvery === 0 && planted.size < plants) {
      const account = planted.size * Math.floor(accounts / plants);
      planted.add(`id${account}`);
      return `${nameOf(account)}:${passwordOf(account)}`;
    }
    const name = i % NAMED_ONE_IN === 1 ? nameOf(random.below(accounts)) : `someone.${random.below(1e10)}@example.org`;
    return `${name}:${word()}`;
  });
  return { users, source, planted };
}
