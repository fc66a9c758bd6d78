// A seeded table of users, corpora in which some of them leaked, and who must be found.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type { WorkPlace } from '../credveil.ts';
import { createRandom } from '../random.ts';

export interface World {
  readonly users: string;
  readonly corpora: string;
  /** Ids of the accounts whose password leaked, with the most recent source. */
  readonly planted: ReadonlyMap<string, string>;
}

export interface WorldOptions {
  readonly accounts?: number;
  /** Pairs of other people in each source. */
  readonly others?: number;
  readonly seed?: number;
  /** Makes the hash of an account. Default: salted SHA-1, which takes microseconds. */
  readonly hash?: (password: string, salt: string) => string;
}

export const SOURCES = ['new-2024-03.txt', 'middle-2019-01.txt', 'old-2012-05.txt', 'undated.txt'] as const;

/** Directories write salts of a few lengths. @param text is filled up to one of them */
export function ssha(password: string, text: string): string {
  const salt = text.padEnd(8, '.');
  return `{SSHA}${Buffer.concat([createHash('sha1').update(password).update(salt).digest(), Buffer.from(salt)]).toString('base64')}`;
}

/** A third of the accounts leaked with their password, a third with another one. */
export function createWorld(place: WorkPlace, options: WorldOptions = {}): World {
  const { accounts = 300, others = 500, seed = 1, hash = ssha } = options;
  const random = createRandom(seed);
  const word = (): string => Buffer.from(random.bytes(6)).toString('base64url');
  const lines: string[][] = SOURCES.map(() => []);
  const planted = new Map<string, string>();
  const rows = ['id,login,mail,hash'];
  for (let i = 0; i < accounts; i++) {
    const [id, login, password] = [`u${i}`, `user${i}`, word()];
    rows.push(`${id},${login},${login}@example.com,${hash(password, word())}`);
    if (i % 3 === 2) continue;
    // The same pair may be in several sources, under either name and in any case.
    const places = SOURCES.map((_, at) => at).filter(() => random.below(2) === 1);
    for (const at of places) {
      const name = random.pick([login, `${login}@example.com`, `${login.toUpperCase()}@Example.com`]);
      lines[at]?.push(`${name}:${i % 3 === 0 ? password : word()}`);
    }
    if (i % 3 === 0 && places.length > 0) planted.set(id, SOURCES[places[0] as number] as string);
  }
  for (const of of lines) {
    for (let i = 0; i < others; i++) of.push(`other${random.below(1e9)}@example.org:${word()}`);
    for (let i = of.length - 1; i > 0; i--) {
      const at = random.below(i + 1);
      [of[i], of[at]] = [of[at] as string, of[i] as string];
    }
  }
  const users = place.write('users.csv', `${rows.join('\n')}\n`);
  const corpora = place.at('corpora');
  fs.mkdirSync(corpora, { recursive: true });
  for (const [at, name] of SOURCES.entries()) place.write(`corpora/${name}`, `${lines[at]?.join('\n')}\n`);
  return { users, corpora, planted };
}

export const COLUMNS = 'id=id,username=login,email=mail,hash=hash';

/** The rows of a result in CSV, without its header. */
export const parseRows = (csv: string): { account: string; source: string; date: string; match: string }[] =>
  csv
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [account = '', source = '', date = '', match = ''] = line.split(',');
      return { account, source, date, match };
    });
