// Expressions that run in JavaScript's engine take a number of steps linear in the text.

import { describe, expect, test } from 'vitest';
import { compileRegex } from '../../../../gateway/rules/regex/compile-regex.ts';
import { formatRegex } from '../../../../gateway/rules/regex/format-regex.ts';
import { isLinear } from '../../../../gateway/rules/regex/is-linear.ts';
import { parseRegex } from '../../../../gateway/rules/regex/parse-regex.ts';
import { simplifyRegex } from '../../../../gateway/rules/regex/simplify.ts';
import { StepsExceeded, searchBacktracking } from '../../../support/gateway/rules/backtracking.ts';
import { provokingText, randomPattern } from '../../../support/gateway/rules/random-pattern.ts';
import { createRandom, testSeed } from '../../../support/random.ts';

/** For each byte of the text: the bounds of an expression, and how often a part is counted. */
const MAX_STEPS_PER_BYTE = 1_500;
const LENGTHS = [100, 1_000];

const stepsOf = (pattern: string, text: string, maxSteps: number): number => {
  try {
    return searchBacktracking(simplifyRegex(parseRegex(pattern)), text, maxSteps).steps;
  } catch (error) {
    if (error instanceof StepsExceeded) return Number.POSITIVE_INFINITY;
    throw error;
  }
};

describe('an expression', () => {
  test.each([
    '^/wp-(login|admin)\\.php$',
    '(?i)bot|crawler|spider|curl|wget|python-requests',
    '^/[^/]+/admin',
    '^/api/v[0-9]+/(users|login)/?$',
    '\\.(php|aspx?|jsp)$',
    '[0-9]+\\.php',
    '.*foo.*',
    '^(?:[a-z]+/)*$',
    '^(?:a|b)*c$',
    '^a{2,50}b',
    '(a+)+$',
    '',
  ])('runs in JavaScript: %s', (pattern) => {
    expect(compileRegex(pattern).engine).toBe('javascript');
  });

  test.each([
    ['^(a+)+$', 'a', '!'],
    ['^(a|a)*$', 'a', '!'],
    ['^(a|aa)+$', 'a', '!'],
    ['^(a*)*$', 'a', '!'],
    ['^(a?){30}a{30}$', 'a', '!'],
    ['^(.*a){12}$', 'a', '!'],
    ['^a*a*a*a*b', 'a', ''],
    ['^([a-z]+-?)*$', 'a', '!'],
    ['^(\\w+\\s?)*$', 'a', '!'],
    ['x[a-z]*y', 'x', ''],
    ['a.*b', 'a', ''],
    ['[ax]a{0,99}b', 'a', ''],
    ['(x+x+)+y', 'x', ''],
    ['^(?:a|b|ab)*c', 'ab', ''],
  ])('could be misused, and does not run in it: %s', (pattern, unit, rest) => {
    expect(compileRegex(pattern).engine).toBe('re2');
    // Twice the text is more than twice the work, or it is more than fits into one start.
    const [short = 0, long = 0] = [200, 400].map((times) => stepsOf(pattern, unit.repeat(times) + rest, 200_000));
    expect(long).toBeGreaterThan(Math.min(short * 2.5, 59 * 400));
  });

  test('of random patterns and provoking texts', () => {
    const random = createRandom(testSeed('linear patterns'));
    let native = 0;
    let greatest = 0;
    for (let i = 0; i < 1_200; i++) {
      const pattern = randomPattern(random, 3);
      const node = simplifyRegex(parseRegex(pattern));
      if (!isLinear(node)) continue;
      native++;
      for (const length of LENGTHS) {
        const text = provokingText(random, node, length);
        const steps = stepsOf(pattern, text, MAX_STEPS_PER_BYTE * (text.length + 1));
        expect(steps, `${formatRegex(node, 're2')} in ${JSON.stringify(text.slice(0, 20))}`).toBeLessThan(
          Number.POSITIVE_INFINITY,
        );
        greatest = Math.max(greatest, steps / (text.length + 1));
      }
    }
    expect(native).toBeGreaterThan(300);
    // The bound is no formality.
    expect(greatest).toBeGreaterThan(5);
  });
});
