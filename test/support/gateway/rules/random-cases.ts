// Random rules and requests through the printer, the parser, the compiler and the interpreter.

import assert from 'node:assert/strict';
import { compileRule, parseRule } from '../../../../gateway/rules/rule.ts';
import { createRuleIndex } from '../../../../gateway/rules/rule-index.ts';
import { FIELDS, type FieldName } from '../../../../gateway/rules/schema/fields.ts';
import { createScheme, type Readers } from '../../../../gateway/rules/scheme.ts';
import { formatExpression } from '../../../../gateway/rules/syntax/format-rule.ts';
import { createRandom } from '../../random.ts';
import { Interpreter } from './interpret-rule.ts';
import { type RandomRequest, randomRequest } from './random-request.ts';
import { randomExpression } from './random-rule.ts';
import { someLists } from './rule-request.ts';

const MAX_DEPTH = 4;
const REQUESTS_PER_RULE = 10;

const scheme = createScheme<RandomRequest>(
  'response',
  Object.fromEntries(
    (Object.keys(FIELDS) as FieldName[]).map((name) => [name, (request: RandomRequest) => request[name]]),
  ) as Readers<RandomRequest>,
);

/** The tree without its spans. */
export const withoutSpans = (node: unknown): unknown =>
  JSON.parse(JSON.stringify(node, (key, value) => (/span$/i.test(key) ? undefined : value)));

/**
 * @returns how often rules were true, false and unknown
 * @throws {assert.AssertionError} with the rule in its message
 */
export function runRandomRules(pairs: number, seed: number): { readonly [outcome: string]: number } {
  const random = createRandom(seed);
  const counts: { [outcome: string]: number } = { true: 0, false: 0, undefined: 0 };
  for (let done = 0; done < pairs; done += REQUESTS_PER_RULE) {
    const expression = randomExpression(random, random.below(MAX_DEPTH + 1));
    const source = formatExpression(expression);
    const rule = parseRule(source);
    assert.deepEqual(withoutSpans(rule.expression), withoutSpans(expression), source);
    const { evaluate, requirement } = compileRule(rule, scheme, someLists);
    const { candidates } = createRuleIndex([requirement]);
    for (let i = 0; i < REQUESTS_PER_RULE; i++) {
      const request = randomRequest(random);
      const context = scheme.createContext(request);
      const outcome = evaluate(context);
      const expected = new Interpreter(request, someLists).evaluate(expression);
      assert.equal(outcome, expected, `${source} of ${JSON.stringify(request)}`);
      if (candidates([context]).length === 0) assert.equal(outcome, false, `${source} is not left out by its index`);
      counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1;
    }
  }
  return counts;
}
