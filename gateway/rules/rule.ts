// Rules from their source to a result for a request: what the gateway imports.

import { checkRule, checkText } from './check/check-rule.ts';
import { type Condition, ExpressionCompiler, type FindList } from './compile-expression.ts';
import { type Explanation, explainExpression } from './explain.ts';
import { type Requirement, requirementOf } from './requirement.ts';
import type { Trilean } from './schema/types.ts';
import type { Context, Scheme } from './scheme.ts';
import type { Expression, Rule, Value } from './syntax/ast.ts';
import { parseExpression } from './syntax/parser.ts';

export interface CompiledRule {
  readonly rule: Rule;
  /** Names of the fields it can read. */
  readonly fields: ReadonlySet<string>;
  /** Names of the lists it can read, without `$`. */
  readonly lists: ReadonlySet<string>;
  /** Undefined if the result depends on what is unknown. */
  evaluate(context: Context): Trilean;
  /** What every request fulfils for which it is not false: for `createRuleIndex`. */
  readonly requirement: Requirement | undefined;
  /** By where they stand in the rule: `joinConditions` makes a result of theirs. */
  readonly conditions: ReadonlyMap<Expression, Condition>;
  /** Evaluates every part, also those that the result does not depend on. */
  explain(context: Context): Explanation;
}

/**
 * Parses a rule, and checks its names and types.
 * @throws {RuleError}
 */
export function parseRule(source: string): Rule {
  const rule = { source, expression: parseExpression(source) };
  checkRule(rule);
  return rule;
}

/**
 * Parses a field, or a function of one, that is a string, and checks its names and types.
 * @throws {RuleError}
 */
export const parseText = (source: string): Value => checkText(source, parseExpression(source));

/**
 * Compiles a rule for a gateway that computes the fields of a scheme.
 * @throws {RuleError} if the rule reads a field or list that the gateway has not, or a pattern is
 * malformed
 */
export function compileRule(rule: Rule, scheme: Pick<Scheme, 'phase' | 'slotOf'>, findList: FindList): CompiledRule {
  const compiler = new ExpressionCompiler(rule, scheme, findList);
  const evaluate = compiler.compile(rule.expression);
  const { fields, lists, conditions } = compiler;
  return {
    rule,
    fields,
    lists,
    evaluate,
    conditions,
    requirement: requirementOf(rule.expression, compiler),
    explain: (context) => explainExpression(compiler, rule, context),
  };
}
