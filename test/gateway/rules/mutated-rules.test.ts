// Any text is a rule or a RuleError with a place in the text: nothing else is thrown.

import { expect, test } from 'vitest';
import { parseRule } from '../../../gateway/rules/rule.ts';
import { formatExpression } from '../../../gateway/rules/syntax/format-rule.ts';
import { RuleError } from '../../../gateway/rules/syntax/rule-error.ts';
import { mutatedRule } from '../../support/gateway/rules/mutated-rule.ts';
import { everyField, loadRule } from '../../support/gateway/rules/rule-request.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const SOURCES = 6_000;

test('a text is loaded, or refused with its place', () => {
  const random = createRandom(testSeed('mutated rules'));
  const codes = new Map<string, number>();
  let loaded = 0;
  for (let i = 0; i < SOURCES; i++) {
    const source = mutatedRule(random);
    try {
      const rule = loadRule(source);
      rule.evaluate(everyField.createContext({ 'http.host': source }));
      expect(formatExpression(parseRule(formatExpression(rule.rule.expression)).expression)).toBe(
        formatExpression(rule.rule.expression),
      );
      loaded++;
    } catch (error) {
      if (!(error instanceof RuleError)) throw new Error(`${JSON.stringify(source)}: ${error}`, { cause: error });
      codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
      const { start, end } = error.span;
      expect(start >= 0 && start < end && start <= source.length, JSON.stringify(source)).toBe(true);
      const line = source.split('\n')[error.line - 1] ?? '';
      expect(error.column).toBeLessThanOrEqual(line.length + 1);
      expect(error.excerpt.split('\n').length).toBe(2);
    }
  }
  expect(loaded).toBeGreaterThan(SOURCES / 20);
  expect(codes.size).toBeGreaterThan(20);
});
