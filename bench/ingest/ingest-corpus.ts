// Seeded pairs for bench:ingest: a realistic combo list of any length, never whole in memory.

import { once } from 'node:events';
import fs from 'node:fs';
import { createGzip } from 'node:zlib';
import { createRandom, type Random } from '../../test/support/random.ts';

export interface SeededPair {
  readonly username: string;
  readonly password: string;
}

const NAMES = ['ana', 'ben', 'cleo', 'dario', 'elif', 'farid', 'grace', 'hugo', 'ines', 'jonas', 'kofi', 'lena'];
const HOSTS = ['gmail.com', 'yahoo.com', 'mail.ru', 'hotmail.com', 'web.de', 'example.org'];
const STEMS = ['dragon', 'summer', 'monkey', 'liverpool', 'iloveyou', 'sunshine', 'qwerty', 'shadow', 'maria', 'abc'];
/** Mean number of pairs per username. */
const PAIRS_A_USERNAME = 8;
const BLOCK_CHARACTERS = 1 << 18;

/** The pair at a position, computed without the pairs before it. */
export function seededPair(place: number, pairs: number): SeededPair {
  const random = createRandom(place);
  return { username: usernameOf(random.below(Math.ceil(pairs / PAIRS_A_USERNAME))), password: passwordOf(random) };
}

/** A pair outside every seeded corpus: its username may be in one, but not its password. */
export function strangerPair(place: number, pairs: number): SeededPair {
  const { username, password } = seededPair(place, pairs);
  return { username, password: `${password}~` };
}

function usernameOf(user: number): string {
  return `${NAMES[user % NAMES.length]}.${user.toString(36)}@${HOSTS[user % HOSTS.length]}`;
}

/** Six to twenty characters: words with digits, and generated passwords. */
function passwordOf(random: Random): string {
  const digits = random.below(10_000_000).toString();
  if (random.below(3) > 0) return `${random.pick(STEMS)}${digits}`;
  return `${random.next().toString(36)}${random.next().toString(36)}`;
}

/** Writes the corpus as `username:password` lines. @returns the sizes of text and file in bytes */
export async function writeCorpus(
  file: string,
  pairs: number,
  gzip: boolean,
): Promise<{ readonly textBytes: number; readonly fileBytes: number }> {
  const out = fs.createWriteStream(file);
  const sink = gzip ? createGzip({ level: 1 }) : out;
  if (sink !== out) sink.pipe(out);
  const closed = new Promise<void>((resolve, reject) => {
    out.once('close', () => resolve()).once('error', reject);
  });
  let textBytes = 0;
  let block = '';
  for (let place = 0; place < pairs; place++) {
    const { username, password } = seededPair(place, pairs);
    block += `${username}:${password}\n`;
    if (block.length < BLOCK_CHARACTERS && place + 1 < pairs) continue;
    textBytes += block.length;
    if (!sink.write(block)) await once(sink, 'drain');
    block = '';
  }
  sink.end();
  await closed;
  return { textBytes, fileBytes: fs.statSync(file).size };
}
