// The corpora of bench:ingest: seeded pairs of any number, each computed without those before it.

import { createRandom, type Random } from '../../test/support/random.ts';

export interface SeededPair {
  readonly username: string;
  readonly password: string;
}

export interface IngestCase {
  readonly name: string;
  /** Flags of `init`. */
  readonly flags: readonly string[];
  /** Mean number of pairs per username, in random order. */
  readonly pairsAUsername: number;
  readonly passwordOf: (random: Random) => string;
}

const DEFAULT = { flags: [], pairsAUsername: 4, passwordOf: asciiPassword };

/** The first is the easiest one. */
export const INGEST_CASES: readonly IngestCase[] = [
  { ...DEFAULT, name: 'account', flags: ['--index', 'account'], pairsAUsername: 8 },
  { ...DEFAULT, name: 'default' },
  { ...DEFAULT, name: 'not-ascii', passwordOf: otherPassword },
  { ...DEFAULT, name: 'similar', flags: ['--similar'] },
];

const NAMES = ['ana', 'ben', 'cleo', 'dario', 'elif', 'farid', 'grace', 'hugo', 'ines', 'jonas', 'kofi', 'lena'];
const HOSTS = ['gmail.com', 'yahoo.com', 'mail.ru', 'hotmail.com', 'web.de', 'example.org'];
const STEMS = ['dragon', 'summer', 'monkey', 'liverpool', 'iloveyou', 'sunshine', 'qwerty', 'shadow', 'maria', 'abc'];
/** Mostly in NFC, as keyboards write them; the last two are not, and change when normalized. */
const OTHER_STEMS = [
  ...['señorita', 'müller', 'françois', 'Łukasz', 'straße', 'çiçek', 'пароль', 'Наташа', 'любовь', 'йцукен', 'αγάπη'],
  ...['مرحبا', '密码', 'さくら', 'việtnam', 'corazón', 'Jürgen', 'garçon', 'cafe\u0301', 'Zoe\u0308'],
];

/** The pair at a position. */
export function seededPair({ pairsAUsername, passwordOf }: IngestCase, place: number, pairs: number): SeededPair {
  const random = createRandom(place);
  return { username: usernameOf(random.below(Math.ceil(pairs / pairsAUsername))), password: passwordOf(random) };
}

/** A pair outside every seeded corpus: its username may be in one, but not its password. */
export function strangerPair(kind: IngestCase, place: number, pairs: number): SeededPair {
  const { username, password } = seededPair(kind, place, pairs);
  return { username, password: `${password}~` };
}

function usernameOf(user: number): string {
  return `${NAMES[user % NAMES.length]}.${user.toString(36)}@${HOSTS[user % HOSTS.length]}`;
}

/** Six to twenty characters: words with digits, and generated passwords. */
function asciiPassword(random: Random): string {
  const digits = random.below(10_000_000).toString();
  if (random.below(3) > 0) return `${random.pick(STEMS)}${digits}`;
  return `${random.next().toString(36)}${random.next().toString(36)}`;
}

/** Words of several scripts with digits. */
function otherPassword(random: Random): string {
  return `${random.pick(OTHER_STEMS)}${random.below(10_000_000)}`;
}
