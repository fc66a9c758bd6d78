// Lists of which a small part is laid out otherwise: it is rejected with a reason, or an alarm
// refuses the list. An honest list raises none.

import { describe, expect } from 'vitest';
import { dryRun } from '../../../ingest/dry-run.ts';
import { createFormat } from '../../../ingest/format-registry.ts';
import { openInputs } from '../../../ingest/input/inputs.ts';
import { createDataset } from '../../../store/dataset.ts';
import type { WorkPlace } from '../../support/credveil.ts';
import { seededKey } from '../../support/dataset.ts';
import { createRandom, testSeed } from '../../support/random.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const random = createRandom(testSeed('misread parts'));
const hex = (digits: number): string => Buffer.from(random.bytes(digits)).toString('hex').slice(0, digits);
const ip = (): string => `203.0.113.${random.below(256)}`;
const WORDS = ['sunrise', 'kettle', 'horse', 'blue', 'falcon', 'river', 'mülleimer', 'straße'];
const key = seededKey('hmac', 1);

interface Parts {
  readonly user: string;
  readonly password: string;
}

/** Writes 1,200 pairs, one in 60 of them by `write`. */
const listOf = (write: (parts: Parts) => string): string[] =>
  Array.from({ length: 1200 }, (_, i) => {
    const parts = { user: `ann${i}.${hex(3)}@example.test`, password: `${random.pick(WORDS)}${hex(1 + (i % 6))}` };
    return i % 60 === 31 ? write(parts) : `${parts.user}:${parts.password}`;
  });

/** What a dry run finds: names of alarms, and rejects as `reason=lines`. */
async function foundIn(place: WorkPlace, text: string | Buffer, format = 'combo'): Promise<string[]> {
  const { parameters } = createDataset(place.at('dataset'), key, { indexes: ['account', 'password'] });
  const inputs = openInputs([place.write('list.txt', text)]);
  const { alarms, rejects } = await dryRun(parameters, key, { inputs, format: createFormat(format) });
  return [...alarms.map(({ name }) => name), ...rejects.map(({ reason, count }) => `${reason}=${count}`)];
}

describe('a part of a list', () => {
  test.for<[what: string, alarm: string, write: (parts: Parts) => string]>([
    ['a signature', 'columns-in-passwords', ({ user, password }) => `${user}:${password} | by @combos_x`],
    ['a name of a channel', 'columns-in-passwords', ({ user, password }) => `${user}:${password} @combos_x`],
    ['a link', 'columns-in-passwords', ({ user, password }) => `${user}:${password} t.me/combos_x`],
    ['a link behind a bar', 'columns-in-passwords', ({ user, password }) => `${user}:${password}|t.me/combos_x`],
    ['a capture', 'columns-in-passwords', ({ user, password }) => `${user}:${password} | Plan = Free`],
    ['a capture behind a dash', 'columns-in-passwords', ({ user, password }) => `${user}:${password} - Points: 7`],
    ['a capture without blanks', 'columns-in-passwords', ({ user, password }) => `${user}:${password}|Plan=Free`],
    ['a label', 'columns-in-passwords', ({ user, password }) => `${user}:${password} [HIT]`],
    ['an IP address behind', 'columns-in-passwords', ({ user, password }) => `${user}:${password}:${ip()}`],
    ['a date behind', 'columns-in-passwords', ({ user, password }) => `${user}:${password}|2024-03-01`],
    ['an address behind', 'columns-in-passwords', ({ user, password }) => `${user}:${password}:${user}`],
    ['an IP address between', 'columns-in-passwords', ({ user, password }) => `${user}:${ip()}:${password}`],
    ['an MD5 between', 'columns-in-passwords', ({ user, password }) => `${user}:${hex(32)}:${password}`],
    ['a SHA-1 between', 'columns-in-passwords', ({ user, password }) => `${user}:${hex(40)}:${password}`],
    ['a date between', 'columns-in-passwords', ({ user, password }) => `${user}:2024-03-01:${password}`],
    ['an MD5 as the password', 'hash-passwords', ({ user }) => `${user}:${hex(32)}`],
    ['a SHA-256 as the password', 'hash-passwords', ({ user }) => `${user}:${hex(64)}`],
    ['a server in front', 'columns-in-usernames', ({ password }) => `${ip()}:22@root:${password}`],
    ['an IP address in front', 'columns-in-usernames', ({ password }) => `${ip()}:root:${password}`],
    ['escapes', 'percent-escapes', ({ user, password }) => `${user.replace('@', '%40')}:${password}%21`],
    ['escapes in passwords', 'percent-escapes', ({ user, password }) => `${user}:${password}%26x`],
    ['Markdown', 'markup', ({ user, password }) => `**${user}**:${password}`],
    ['an item of Markdown', 'markup', ({ user, password }) => `- ${user}:${password}`],
    ['a row of another table', 'columns-in-passwords', ({ user, password }) => `${password}:x;${user};7`],
    ['SQL', 'markup', ({ password }) => `id:INSERT INTO users VALUES ('ann','${password}');`],
    ['rows of SQL', 'columns-in-passwords', ({ user, password }) => `x:'${user}','${password}'),`],
    ['JSON', 'markup', ({ password }) => `x:{"login":"ann","password":"${password}"}`],
    ['XML', 'markup', ({ password }) => `x:<Pass>${password}</Pass>`],
    ['NULL', 'placeholder-passwords', ({ user }) => `${user}:NULL`],
    ['None', 'placeholder-passwords', ({ user }) => `${user}:None`],
    ['stars', 'placeholder-passwords', ({ user }) => `${user}:********`],
    ['[REDACTED]', 'placeholder-passwords', ({ user }) => `${user}:[REDACTED]`],
    ['UNKNOWN', 'placeholder-passwords', ({ user }) => `${user}:UNKNOWN`],
    ['a space without a width', 'control-bytes', ({ user, password }) => `${user}:${password}\u200b`],
  ])('that has %s raises the alarm %s', async ([, alarm, write], { place }) => {
    expect(await foundIn(place, listOf(write).join('\n'))).toEqual([alarm]);
  });

  test.for<[what: string, reject: string, write: (parts: Parts) => string]>([
    ['bcrypt', 'hash-password', ({ user }) => `${user}:$2y$10$${hex(53)}`],
    ['phpass', 'hash-password', ({ user }) => `${user}:$P$B${hex(30)}`],
    ['md5crypt', 'hash-password', ({ user }) => `${user}:$1$${hex(8)}$${hex(22)}`],
    ['sha512crypt', 'hash-password', ({ user }) => `${user}:$6$${hex(16)}$${hex(86)}`],
    ['Argon2', 'hash-password', ({ user }) => `${user}:$argon2id$v=19$m=65536,t=3,p=4$${hex(22)}$${hex(43)}`],
    ['PBKDF2', 'hash-password', ({ user }) => `${user}:pbkdf2_sha256$260000$${hex(12)}$${hex(43)}=`],
    ['the mark of a password that was not saved', 'no-password', ({ user }) => `${user}:[NOT_SAVED]`],
    ['null', 'no-password', ({ user }) => `${user}:(null)`],
  ])('that has %s is rejected', async ([, reject, write], { place }) => {
    const found = await foundIn(place, listOf(write).join('\n'));
    expect(found).toEqual([`${reject}=20`]);
  });

  test.for([
    ['bäcker', 'garbled-letters'],
    ['köln', 'garbled-letters'],
    ['müller', 'control-bytes'],
  ] as const)(
    'that has the umlaut of %s in an encoding of DOS raises the alarm %s',
    async ([word, alarm], { place }) => {
      const bytes: { readonly [letter: string]: number } = { ä: 0x84, ö: 0x94, ü: 0x81 };
      const text = listOf(({ user }) => `${user}:${word}`).map((line) => line.replaceAll(/mülleimer|straße/g, 'x'));
      const dos = Uint8Array.from([...text.join('\n')], (letter) => bytes[letter] ?? letter.charCodeAt(0));
      expect(await foundIn(place, Buffer.from(dos))).toEqual([alarm]);
    },
  );

  test('with honest passwords of any kind raises none', async ({ place }) => {
    const PASSWORDS = ['$2y$10$short', 'null', 'a - b', 'one two', '(x)', '[abc]', 'a@b', '100%', '50%off', 'a:b'];
    const honest = listOf(({ user, password }) => `${user}:${password}`).map((line, i) =>
      i % 100 === 7 ? `${line.slice(0, line.indexOf(':'))}:${PASSWORDS[((i / 100) | 0) % PASSWORDS.length]}` : line,
    );
    expect(await foundIn(place, honest.join('\n'))).toEqual([]);
  });
});

test('a text of two lines of which one is no credential raises an alarm', async ({ place }) => {
  expect(await foundIn(place, 'Meeting at ten\nann@example.test:blue1\n')).toEqual(['many-rejects', 'no-separator=1']);
});
