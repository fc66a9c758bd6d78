// Sources of rules with small faults: tokens put together, or a random rule with changed bytes.

import { FIELDS } from '../../../../gateway/rules/schema/fields.ts';
import { SIGNATURES } from '../../../../gateway/rules/schema/signatures.ts';
import { formatExpression } from '../../../../gateway/rules/syntax/format-rule.ts';
import { mutateText } from '../../mutate.ts';
import type { Random } from '../../random.ts';
import { randomPattern } from './random-pattern.ts';
import { randomExpression } from './random-rule.ts';

const TOKENS = [
  ...['and', 'or', 'xor', 'not', '&&', '||', '^^', '!', '(', ')', '[', ']', '{', '}', '[*]', '[0]', '["a"]', ',', '$'],
  ...['eq', 'ne', '<', '>=', 'contains', 'matches', '~', 'wildcard', 'strict', 'in', '&', 'bitwise_and', '=', '..'],
  ...[
    '"a"',
    '"',
    'r"',
    'r#"a"#',
    '"\\x41"',
    '"\\q"',
    '1',
    '-1',
    '0x1f',
    '08',
    '1..5',
    '192.0.2.1',
    '10.0.0.0/8',
    '::1',
  ],
  ...['61:62', '$office', '$cf.open_proxies', 'é', '\n', '\t', '\0', 'true', 'any(', 'lower(', 'concat('],
];

export function mutatedRule(random: Random): string {
  const chance = random.below(4);
  if (chance === 0) {
    const words = [...TOKENS, ...Object.keys(FIELDS), ...Object.keys(SIGNATURES)];
    return Array.from({ length: 1 + random.below(12) }, () => random.pick(words)).join(random.pick(['', ' ', ' ']));
  }
  const source = formatExpression(randomExpression(random, random.below(4)));
  if (chance === 1) return `${source} and http.host matches "${mutateText(random, randomPattern(random, 3))}"`;
  return mutateText(random, source);
}
