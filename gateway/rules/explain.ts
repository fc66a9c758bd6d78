// Which parts of a rule were true, false or unknown of a request.

import { isExpression } from './check/check-values.ts';
import type { ExpressionCompiler } from './compile-expression.ts';
import { testOf } from './compile-value.ts';
import type { Trilean } from './schema/types.ts';
import type { Context } from './scheme.ts';
import type { Expression, Rule, Value } from './syntax/ast.ts';
import type { Span } from './syntax/rule-error.ts';
import { shownSource } from './syntax/shown-source.ts';

export interface Explanation {
  readonly span: Span;
  /** The part of the source. Keys of HMAC functions are masked. */
  readonly text: string;
  /** In any(…) and all(…), a result for each element; undefined if there is no telling how many. */
  readonly outcome: Trilean | readonly Trilean[];
  readonly parts: readonly Explanation[];
}

export function explainExpression(compiler: ExpressionCompiler, rule: Rule, context: Context): Explanation {
  const source = shownSource(rule.source);
  const explain = (expression: Expression, isOfElements: boolean): Explanation => ({
    span: expression.span,
    text: source.slice(expression.span.start, expression.span.end),
    outcome: isOfElements ? compiler.compileElements(expression)(context) : compiler.compile(expression)(context),
    parts: partsOf(expression, isOfElements).map(([part, isInner]) => explain(part, isInner)),
  });
  return explain(rule.expression, false);
}

/** The expressions inside of one, and whether each has results for elements. */
function partsOf(expression: Expression, isOfElements: boolean): readonly (readonly [Expression, boolean])[] {
  switch (expression.kind) {
    case 'logic':
      return expression.items.map((item) => [item, isOfElements]);
    case 'not':
    case 'group':
      return [[expression.item, isOfElements]];
    default:
      return testsIn(expression.value).map((test) => [test, true]);
  }
}

/** The arguments of any(…) and all(…), wherever a value contains them. */
function testsIn({ base }: Value): readonly Expression[] {
  if (base.kind === 'field') return [];
  return base.args.flatMap((argument) => {
    if (argument.kind === 'value') {
      const isTested = base.name === 'any' || base.name === 'all';
      return isTested ? [testOf(argument)] : testsIn(argument);
    }
    return isExpression(argument) ? [argument] : [];
  });
}
