// Inputs for the fuzz of recognition and parsers: generated records, mutated, joined and repeated.

import { MAX_LINE_BYTES } from '../../../ingest/input/lines.ts';
import { FAMILIES } from '../generated/families.ts';
import { type Script, Vocabulary } from '../generated/vocabulary.ts';
import { mutateBytes } from '../mutate.ts';
import type { Random } from '../random.ts';

const SCRIPTS: readonly Script[] = ['ascii', 'latin', 'cyrillic', 'any'];
const MAX_SEED_BYTES = 1500;
const MIB = 2 ** 20;

/** A few records of every dialect of every family. */
export function seedInputs(random: Random): Buffer[] {
  return FAMILIES.flatMap((family) =>
    family.dialects.map((dialect) => {
      const words = new Vocabulary(random.next(), random.pick(SCRIPTS), 'q');
      const size = 1 + random.below(4);
      const draft = family.make({ words, dialect, separator: random.pick(family.separators), size });
      const text = [...draft.head, ...draft.records, ...draft.tail].join(random.pick(['\n', '\n', '\r\n', '\r']));
      const bytes = draft.bytes ?? (random.below(12) === 0 ? Buffer.from(text, 'utf16le') : Buffer.from(text));
      return bytes.subarray(0, MAX_SEED_BYTES);
    }),
  );
}

/** Lines with the characters that parsers look at, and nothing between. */
const DENSE = [
  ...[':', ';', '|', '\t', ',', ' ', '"', "'", '\\', '`', '(', ')', '[', ']', '{', '}', '=', '-', '#', '/', '*', '@'],
  ...['\n', '\r', '\r\n', '\u0000', '\ufeff', '\u2028', '$HEX[', ']', '""', '://', 'INSERT INTO', 'VALUES', 'COPY'],
  ...['password', 'Username: ', 'url', 'null', '1', 'a', '\\N', '--', '{"a":', '[[', '\ud800', 'ß', '密码'],
];

const dense = (random: Random): Buffer =>
  Buffer.from(Array.from({ length: 1 + random.below(60) }, () => random.pick(DENSE)).join(''));

export function smallInput(random: Random, seeds: readonly Buffer[]): Uint8Array {
  switch (random.below(8)) {
    case 0:
      return dense(random);
    case 1: {
      const [one, other] = [random.pick(seeds), random.pick(seeds)];
      return Buffer.concat([one.subarray(0, random.below(one.length + 1)), other.subarray(random.below(other.length))]);
    }
    case 2:
      return random.bytes(random.below(80));
    case 3:
      return random.pick(seeds);
    default:
      return mutateBytes(random, random.pick(seeds));
  }
}

/** Texts that cost a careless parser more than time and memory in proportion to their length. */
export const SHAPES: readonly ((bytes: number) => string)[] = [
  (bytes) => 'x'.repeat(bytes),
  (bytes) => '"'.repeat(bytes),
  (bytes) => `a,"${'x,"'.repeat(bytes / 3)}`,
  (bytes) => ':'.repeat(bytes),
  (bytes) => '\n'.repeat(bytes),
  (bytes) => '\r'.repeat(bytes),
  (bytes) => '['.repeat(bytes),
  (bytes) => '{"a":'.repeat(bytes / 5),
  (bytes) => `{"email":[${'"a",'.repeat(bytes / 10)}"a"],"password":[${'"b",'.repeat(bytes / 10)}"b"]}`,
  (bytes) => `[${'{"email":"a","password":"b"},'.repeat(bytes / 29)}`,
  (bytes) => `email,password${',x'.repeat(bytes / 6)}\n${','.repeat(bytes / 3)}\n${','.repeat(bytes / 3)}`,
  (bytes) => `INSERT INTO \`users\` VALUES ${"(1,'a','b'),".repeat(bytes / 12)}`,
  (bytes) => `INSERT INTO users VALUES ('${"\\'".repeat(bytes / 2)}`,
  (bytes) => `CREATE TABLE users (${'email text,'.repeat(bytes / 11)}`,
  (bytes) => `COPY users (${'email, '.repeat(bytes / 14)}password) FROM stdin;\n${'a\t'.repeat(bytes / 4)}`,
  (bytes) => 'URL: x\nUsername: '.repeat(bytes / 17),
  (bytes) => `Password: ${'x\n'.repeat(bytes / 2)}`,
  (bytes) => `user:$HEX[${'61'.repeat(bytes / 2)}]`,
  (bytes) => 'https://'.repeat(bytes / 8),
  (bytes) => `${' '.repeat(bytes / 2)}1 a`.repeat(2),
  (bytes) => `${'a'.repeat(40)}:1\n`.repeat(bytes / 43),
  (bytes) => '\ufeff'.repeat(bytes / 3),
  (bytes) => '='.repeat(bytes),
  (bytes) => 'a@'.repeat(bytes / 2),
];

/** Most shapes are one line, which parsers read up to this length. */
export const LINE_BYTES = MAX_LINE_BYTES - 100;

/** A mebibyte, or the longest line: one of the shapes, or a small input again and again. */
export function largeInput(random: Random, seeds: readonly Buffer[]): Buffer {
  const bytes = random.below(2) === 0 ? LINE_BYTES : LINE_BYTES + random.below(MIB - LINE_BYTES);
  const shape = SHAPES[random.below(SHAPES.length * 2)];
  if (shape) return Buffer.from(shape(bytes));
  const piece = Buffer.from(smallInput(random, seeds));
  return piece.length === 0 ? Buffer.alloc(bytes) : Buffer.alloc(bytes, piece);
}
