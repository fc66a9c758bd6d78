// What is too long to be typed is refused before anything is made of it: runs of marks cost little
// time of the processor, whatever part of a login has them.

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { spellingsOf } from '../../../gateway/checks/password-spellings.ts';
import { isTypeable } from '../../../gateway/checks/typed-text.ts';
import { accountsOf, coreOf, lettersOf } from '../../../gateway/checks/user-letters.ts';
import { LimitKeys } from '../../../gateway/limits/limit-keys.ts';
import { SPELLINGS, spelled } from '../../../gateway/login/spellings.ts';
import { FORM, JSON_TYPE, loginsOf, outcomeOf, readAt, type Sent } from '../../support/gateway/login/read.ts';

/** In quadratic time, one normalization of this takes half a second or more. */
const LENGTH = 60_000;
const MAX_MS = 200;

const RUNS: readonly (readonly [name: string, unit: string])[] = [
  ['marks out of order', '\u0345\u0334'],
  ['marks with invisible characters between', '\u0345\u200b\u0334\u00ad'],
  ['letters that decompose to marks', '\uff9e\u0334'],
  ['marks in other planes', '\u{1d165}\u{1e8d0}'],
];
const runOf = (unit: string): string => unit.repeat(Math.floor(LENGTH / Buffer.byteLength(unit)));

function msOf(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

const [WORDPRESS, GENERIC] = [loginsOf('wordpress'), loginsOf('generic')];
const inForm = (target: string, body: string): Sent => ({ target, headers: ['Content-Type', FORM], body });

const SHAPES = {
  'a name': (run: string) => readAt(WORDPRESS, inForm('/wp-login.php', `log=a${run}&pwd=s`)),
  'a password': (run: string) => readAt(WORDPRESS, inForm('/wp-login.php', `log=a&pwd=a${run}`)),
  'any form': (run: string) => readAt(GENERIC, inForm('/x', `username=a${run}&password=s`)),
  'many names': (run: string) => {
    const part = run.slice(0, run.length / 15);
    const names = Array.from({ length: 15 }, (_, i) => `"user${i}":{"username":"${i}${part}"}`);
    return readAt(GENERIC, {
      headers: ['Content-Type', JSON_TYPE],
      body: `{${names},"username":"a","password":"${part}"}`,
    });
  },
  'a cookie': (run: string) => {
    const sent = inForm('/wp-login.php', 'log=a&pwd=s');
    return readAt(WORDPRESS, {
      ...sent,
      headers: [...(sent.headers ?? []), 'Cookie', `log=a${encodeURIComponent(run)}`],
    });
  },
};

describe.each(RUNS)('%s', (_, unit) => {
  test.each(Object.entries(SHAPES))('in %s are refused in little time', (_name, read) => {
    const readings: ReturnType<typeof readAt>[] = [];
    expect(msOf(() => readings.push(read(runOf(unit))))).toBeLessThan(MAX_MS);
    const [reading = 'unseen'] = readings;
    expect(outcomeOf(reading)).toBe('LOGIN_UNREADABLE');
    const attempt = reading !== 'unseen' && reading.kind === 'refused' ? reading.attempt : undefined;
    for (const text of [...(attempt?.usernames ?? []), ...(attempt?.passwords ?? [])])
      expect(isTypeable(text)).toBe(true);
  });

  test('that are not too long take little time where names are compared', () => {
    const keys = new LimitKeys(randomBytes(32));
    const names = Array.from({ length: 16 }, (_each, i) => `${i}${`a${unit.repeat(7)}`.repeat(30)}`);
    expect(names.every(isTypeable)).toBe(true);
    const made = (): unknown[] =>
      names.map((name) => [
        coreOf(name),
        accountsOf(name),
        lettersOf(name),
        keys.nameOf('app', name),
        spellingsOf(name),
      ]);
    expect(msOf(() => made())).toBeLessThan(MAX_MS);
    expect(msOf(() => spelled(names, Object.values(SPELLINGS)))).toBeLessThan(MAX_MS);
  });
});

test('whatever decomposes to a mark that is put in order counts as one', () => {
  const missed: string[] = [];
  /** U+0345 is the last in any order. */
  const isOrdered = (mark: string): boolean => `\u0345${mark}`.normalize('NFD') !== `\u0345${mark}`;
  for (let code = 0; code <= 0x10_ff_ff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const letter = String.fromCodePoint(code);
    const [first = ''] = letter.normalize('NFKD');
    if (isOrdered(first) && isTypeable(letter.repeat(31))) missed.push(code.toString(16));
  }
  expect(missed).toEqual([]);
});

test('people and programs type what they have', () => {
  const typed = ['', 'Zürich', 'क्षत्रिय', 'Z̸̢̛͇͓̻̮͎͈͚̦̦̬̮̹͑͒̊͆́͊̏͝', '👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'é'.repeat(1_024), 'x'.repeat(4_096)];
  expect(typed.filter((text) => !isTypeable(text))).toEqual([]);
  const others = ['é'.repeat(1_025), `${' '.repeat(1_024)}x`, `${'x'.repeat(1_024)}&amp;`];
  expect(others.filter(isTypeable)).toEqual([]);
});
