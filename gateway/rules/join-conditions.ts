// The result of a rule from those of its conditions.

import { and, not, or, xor } from './kleene.ts';
import type { Trilean } from './schema/types.ts';
import type { Comparison, Expression, Test } from './syntax/ast.ts';

const JOIN = { and, or, xor } as const;

export function joinConditions(expression: Expression, outcomeOf: (condition: Test | Comparison) => Trilean): Trilean {
  switch (expression.kind) {
    case 'group':
      return joinConditions(expression.item, outcomeOf);
    case 'not':
      return not(joinConditions(expression.item, outcomeOf));
    case 'logic':
      return expression.items.map((item) => joinConditions(item, outcomeOf)).reduce(JOIN[expression.operator]);
    default:
      return outcomeOf(expression);
  }
}
