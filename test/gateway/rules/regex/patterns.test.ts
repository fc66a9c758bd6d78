// Regular expressions of rules against re2js, which reads the pattern itself, and byte by byte.

import { RE2JS, RE2Set } from 're2js';
import { describe, expect, test } from 'vitest';
import { compileRegex, literalOf } from '../../../../gateway/rules/regex/compile-regex.ts';
import { formatRegex } from '../../../../gateway/rules/regex/format-regex.ts';
import { parseRegex } from '../../../../gateway/rules/regex/parse-regex.ts';
import { RegexError, type RegexProblem } from '../../../../gateway/rules/regex/read-set.ts';
import { simplifyRegex } from '../../../../gateway/rules/regex/simplify.ts';
import { searchBacktracking } from '../../../support/gateway/rules/backtracking.ts';
import { provokingText, randomPattern } from '../../../support/gateway/rules/random-pattern.ts';
import { createRandom, testSeed } from '../../../support/random.ts';

const PATTERNS = 1_500;
/** What texts of the random patterns are made of. `\s` of re2js lacks the vertical tab of Rust. */
const ALPHABET = ['a', 'b', 'A', 'B', 'x', 'z', '0', '7', '_', ' ', '/', '.', '-', '\n', ']'];

describe('a random pattern', () => {
  test('matches what it matches in re2js', () => {
    const random = createRandom(testSeed('patterns in re2js'));
    let found = 0;
    for (let i = 0; i < PATTERNS; i++) {
      const pattern = randomPattern(random, 3);
      const oracle = RE2JS.compile(pattern);
      const { test: search } = compileRegex(pattern);
      for (let k = 0; k < 12; k++) {
        const text = Array.from({ length: random.below(12) }, () => random.pick(ALPHABET)).join('');
        const expected = oracle.test(text);
        expect(search(text), `${pattern} in ${JSON.stringify(text)}`).toBe(expected);
        if (expected) found++;
      }
    }
    expect(found).toBeGreaterThan(PATTERNS);
  });

  test('matches the same bytes in both engines, simplified or not', () => {
    const random = createRandom(testSeed('patterns of bytes'));
    for (let i = 0; i < PATTERNS; i++) {
      const node = parseRegex(randomPattern(random, 2));
      const simple = simplifyRegex(node);
      const native = new RegExp(formatRegex(simple, 'javascript'));
      const set = new RE2Set(RE2Set.UNANCHORED, 0, 1 << 20);
      set.add(formatRegex(simple, 're2'));
      for (let k = 0; k < 6; k++) {
        const text =
          random.below(2) === 0 ? provokingText(random, node, 6) : Buffer.from(random.bytes(6)).toString('latin1');
        const shown = `${formatRegex(node, 're2')} in ${JSON.stringify(text)}`;
        const { isFound } = searchBacktracking(node, text, 1_000_000);
        expect(native.test(text), shown).toBe(isFound);
        expect(set.match(text).length > 0, shown).toBe(isFound);
        if (isFound) expect(text, shown).toContain(literalOf(simple));
      }
    }
  });
});

describe('a pattern', () => {
  test.each([
    ['^/wp-(login|admin)\\.php$', '/wp-login.php', true],
    ['^/wp-(login|admin)\\.php$', '/wp-login.php\n', false],
    ['(?i)BOT', 'Googlebot/2.1', true],
    ['(?i)\\xc9', '\xe9', false],
    ['(?i)k', '\xe2\x84\xaa', false],
    ['.', '\n', false],
    ['.', '\r', true],
    ['(?s).', '\n', true],
    ['[^a]', '\n', true],
    ['\\s', '\xa0', false],
    ['\\s', '\x85', false],
    ['\\w', '\xe9', false],
    ['[\\x80-\\xff]{2}', '\xc3\xa9', true],
    ['^..$', '\xc3\xa9', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['(?m)^b$', 'a\rb\rc', false],
    ['^b$', 'a\nb\nc', false],
    ['\\bfoo\\b', 'a foo.', true],
    ['\\bfoo\\b', 'afoo', false],
    ['a{2,3}', 'a', false],
    ['a(?i)b', 'aB', true],
    ['a(?i)b', 'AB', false],
    ['(a(?i)b)c', 'aBC', false],
    ['[[:upper:]]', 'a', false],
    ['(?i)[[:upper:]]', 'a', true],
    ['(?i)[^a]', 'A', false],
    ['[\\]\\-\\\\]', '-', true],
    ['a||b', '', true],
    ['()', '', true],
    ['(?-u)a', 'a', true],
    ['a{2}{3}', '', 'not supported'],
    ['a**', '', 'not supported'],
    ['(?=a)', '', 'not supported'],
    ['(?!a)', '', 'not supported'],
    ['(?<=a)b', '', 'not supported'],
    ['(?<!a)b', '', 'not supported'],
    ['(?>a)', '', 'not supported'],
    ['(?#a)', '', 'not supported'],
    ['(?P=a)', '', 'not supported'],
    ['(?R)', '', 'not supported'],
    ['(?x)a', '', 'not supported'],
    ['(?u)a', '', 'not supported'],
    ['(a)\\1', '', 'not supported'],
    ['\\k<a>', '', 'not supported'],
    ['\\pL', '', 'not supported'],
    ['\\P{Greek}', '', 'not supported'],
    ['\\x{100}', '', 'not supported'],
    ['\u00e9', '', 'not supported'],
    ['[a[b]]', '', 'not supported'],
    ['[a&&b]', '', 'not supported'],
    ['[a--b]', '', 'not supported'],
    ['a{1001}', '', 'too large'],
    ['(a{50}){50}', '', 'too large'],
    ['a'.repeat(4_097), '', 'too large'],
    ['('.repeat(101), '', 'too large'],
    ['(a', '', 'malformed'],
    ['a)', '', 'malformed'],
    ['[a', '', 'malformed'],
    ['[b-a]', '', 'malformed'],
    ['[a-\\d]', '', 'malformed'],
    ['[a-c-e]', '', 'malformed'],
    ['[[:foo:]]', '', 'malformed'],
    ['[^\\x00-\\xff]', '', 'malformed'],
    ['*', '', 'malformed'],
    ['a|*', '', 'malformed'],
    ['a{', '', 'malformed'],
    ['a{,2}', '', 'malformed'],
    ['a{2,1}', '', 'malformed'],
    ['\\', '', 'malformed'],
    ['\\q', '', 'malformed'],
    ['\\Z', '', 'malformed'],
    ['\\x4', '', 'malformed'],
    ['\\Qa\\E', '', 'malformed'],
  ] as const)('%s in %j: %s', (pattern, text, expected: boolean | RegexProblem) => {
    let result: boolean | RegexProblem;
    try {
      result = compileRegex(pattern).test(text);
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      result = error.problem;
    }
    expect(result).toBe(expected);
  });
});
