// Rules for usernames, PROTOCOL.md §2: written by hand, and what holds for any text.
// PROTOCOL.vectors.json has the same usernames, for the Python client too.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { areUsernameRules, normalizeUsername, USERNAME_RULES, type UsernameRule } from '../../protocol/normalize.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { createUsernameRewrite } from '../../protocol/username-rules.ts';
import { root } from '../support/paths.ts';
import { createRandom, testSeed } from '../support/random.ts';

type Vectors = { readonly [rule in UsernameRule | 'all']: readonly (readonly [raw: string, username: string])[] };

const VECTORS = JSON.parse(
  fs.readFileSync(path.join(root, 'test/fixtures/vectors/username-rules.json'), 'utf8'),
) as Vectors;
const rulesOf = (name: string): readonly UsernameRule[] => (name === 'all' ? USERNAME_RULES : [name as UsernameRule]);
const NAMES = [...USERNAME_RULES, 'all'] as const;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const rewriteText = (rules: readonly UsernameRule[], raw: string): string =>
  decoder.decode(createUsernameRewrite(rules)(normalizeUsername(raw)));

describe.each(NAMES)('the vectors of %s', (name) => {
  test.each(VECTORS[name])('%j becomes %j', (raw, username) => {
    expect(rewriteText(rulesOf(name), raw)).toBe(username);
  });
});

describe('rules for usernames', () => {
  const PIECES = [
    'a',
    'B',
    '.',
    '..',
    '+',
    '@',
    '"',
    ' ',
    'ü',
    'ß',
    'ς',
    '\u0301',
    '\u00ad',
    '\u3002',
    'xn--',
    '1',
    '%41',
  ].concat(['gmail.com', 'GoogleMail.com', 'example.test', '/', ':', '\\', '?', '#', '\u200d', '\ufeff', '\u{1f511}']);

  test('are idempotent, keep a normalized username normalized, and never empty one', () => {
    const random = createRandom(testSeed('username rules'));
    const rewrite = createUsernameRewrite(USERNAME_RULES);
    let changed = 0;
    for (let i = 0; i < 100_000; i++) {
      const raw = Array.from({ length: 1 + random.below(7) }, () => random.pick(PIECES)).join('');
      const username = normalizeUsername(raw);
      const once = rewrite(username);
      if (Buffer.compare(once, username) !== 0) changed++;
      const again = rewrite(once);
      const normalized = normalizeUsername(decoder.decode(once));
      if (Buffer.compare(again, once) !== 0) expect.fail(`${JSON.stringify(raw)}: not idempotent`);
      if (Buffer.compare(normalized, once) !== 0) expect.fail(`${JSON.stringify(raw)}: not normalized`);
      if ((once.length === 0) !== (username.length === 0)) expect.fail(`${JSON.stringify(raw)}: emptied`);
    }
    expect(changed).toBeGreaterThan(1000);
  });

  test('leave the canary as it is', () => {
    expect(rewriteText(USERNAME_RULES, CANARY.username)).toBe(CANARY.username);
  });

  test.each([
    [['punycode'], true],
    [['plus-tags', 'gmail-dots'], true],
    [[...USERNAME_RULES], true],
    [[], false],
    [['gmail-dots', 'plus-tags'], false],
    [['punycode', 'punycode'], false],
    [['punycode', 'other'], false],
    [[''], false],
    [[null], false],
    [[[]], false],
    [[['punycode']], false],
    ['punycode', false],
    [undefined, false],
  ])('%j is a list of rules: %s', (value, valid) => {
    expect(areUsernameRules(value)).toBe(valid);
  });
});
