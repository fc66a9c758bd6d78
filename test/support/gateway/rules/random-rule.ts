// Random well-typed rules as syntax trees: each can be printed, parsed, and evaluated.

import { networkOf } from '../../../../gateway/addresses/network.ts';
import { FIELDS, type FieldName } from '../../../../gateway/rules/schema/fields.ts';
import type { Type } from '../../../../gateway/rules/schema/types.ts';
import type {
  Argument,
  Call,
  Comparison,
  Expression,
  Index,
  Literal,
  LogicOperator,
  OrderingOperator,
  Value,
} from '../../../../gateway/rules/syntax/ast.ts';
import type { Random } from '../../random.ts';
import { ADDRESSES, INTEGERS, KEYS, TEXTS } from './random-request.ts';

/** Patterns that JavaScript reads as RE2 does, as bytes. */
const PATTERNS = [
  'a',
  '^a',
  'b$',
  '^$',
  '.',
  'a.b',
  '[a-c]{2}',
  '(?:a|b)+c',
  '^/[a-z]+',
  '\\W',
  '[^a]',
  '"',
  'a*b',
  'x*',
];
const WILDCARDS = [
  '*',
  'a*',
  '*b',
  'a*c',
  '*/l*',
  'A*',
  '\\*',
  'a\\*b',
  'a\\\\b',
  'abc',
  '',
  '*a*b*',
  'a*a',
  'ab*b',
  'a*ab',
];
const ORDERINGS: readonly OrderingOperator[] = ['==', '!=', '<', '<=', '>', '>='];
const SPAN = { start: 0, end: 0 };

/** Fields of few values are compared with these alone. */
const OPEN = (Object.keys(FIELDS) as FieldName[]).filter((name) => !('values' in FIELDS[name]));
const FIELDS_OF = Map.groupBy(OPEN, (name): Type => FIELDS[name].type);

/** @param depth how much may still be nested */
export function randomExpression(random: Random, depth: number): Expression {
  const chance = depth === 0 ? 4 + random.below(6) : random.below(10);
  if (chance < 2) return randomLogic(random, depth, (below) => randomExpression(random, below));
  if (chance === 2) return { kind: 'not', item: grouped(randomExpression(random, depth - 1)), span: SPAN };
  if (chance === 3) return { kind: 'group', item: randomExpression(random, depth - 1), span: SPAN };
  if (chance === 4) return { kind: 'test', value: randomValue(random, 'Bool', depth), span: SPAN };
  if (chance === 5) return { kind: 'test', value: randomTestCall(random, depth), span: SPAN };
  const type = random.pick(['Bytes', 'Bytes', 'Int', 'Ip'] as const);
  return randomComparison(random, randomValue(random, type, depth), type);
}

function randomLogic(random: Random, depth: number, item: (depth: number) => Expression): Expression {
  const operator: LogicOperator = random.pick(['and', 'or', 'xor']);
  // What binds weaker or equally needs parentheses.
  const items = Array.from({ length: 2 + random.below(2) }, () => {
    const expression = item(depth - 1);
    const isStronger = expression.kind === 'logic' && operator !== 'and' && expression.operator === 'and';
    return isStronger ? expression : grouped(expression);
  });
  return { kind: 'logic', operator, items, span: SPAN };
}

const grouped = (item: Expression): Expression => (item.kind === 'logic' ? { kind: 'group', item, span: SPAN } : item);

/** A value of a type, without `[*]`. */
function randomValue(random: Random, type: Type, depth: number): Value {
  if (depth > 0 && random.below(3) === 0) {
    const call = randomCall(random, type, depth - 1);
    if (call) return valueFrom(call);
  }
  const fields = FIELDS_OF.get(type) ?? [];
  if (type === 'Bytes' && random.below(3) === 0) {
    const index: Index = { kind: 'at', position: random.below(3), span: SPAN };
    if (random.below(2) === 0) return fieldOf(random.pick(FIELDS_OF.get('Array<Bytes>') ?? []), index);
    return fieldOf(random.pick(FIELDS_OF.get('Map<Array<Bytes>>') ?? []), randomKey(random), index);
  }
  return fieldOf(random.pick(fields));
}

const randomKey = (random: Random): Index => ({ kind: 'key', key: random.pick([...KEYS, 'none']), span: SPAN });
const fieldOf = (name: string, ...indexes: readonly Index[]): Value =>
  valueFrom({ kind: 'field', name, span: SPAN }, ...indexes);
const valueFrom = (base: Value['base'], ...indexes: readonly Index[]): Value => ({
  kind: 'value',
  base,
  indexes,
  span: SPAN,
});
const callOf = (name: string, ...args: readonly Argument[]): Call => ({
  kind: 'call',
  name,
  args,
  span: SPAN,
  nameSpan: SPAN,
});
const bytesOf = (bytes: string): Literal => ({ kind: 'bytes', bytes, span: SPAN });
const intOf = (value: number): Literal => ({ kind: 'int', value, span: SPAN });

function randomCall(random: Random, type: Type, depth: number): Call | undefined {
  const source = (): Value => randomValue(random, 'Bytes', depth);
  const text = (): Argument => (random.below(2) === 0 ? bytesOf(random.pick(TEXTS)) : source());
  const key = (): Literal => (random.below(2) === 0 ? bytesOf(random.pick(['a', 'n'])) : intOf(random.below(3)));
  const address = (): Value => randomValue(random, 'Ip', 0);
  const calls: { readonly [type: string]: readonly (() => Call)[] } = {
    Bool: [() => callOf('starts_with', source(), text()), () => callOf('ends_with', source(), text())],
    Int: [
      () => callOf('len', source()),
      () => callOf('len', randomValue(random, 'Array<Bytes>', depth)),
      () => callOf('lookup_json_integer', source(), key()),
      () => callOf('lookup_json_integer', source(), key(), key()),
    ],
    Bytes: [
      ...['lower', 'upper', 'url_decode', 'decode_base64', 'encode_base64', 'sha256'].map(
        (name) => () => callOf(name, source()),
      ),
      () => callOf('url_decode', source(), bytesOf('r')),
      () => callOf('concat', text(), text(), text()),
      () => callOf('substring', source(), intOf(random.below(7) - 3)),
      () => callOf('substring', source(), intOf(random.below(7) - 3), intOf(random.below(7) - 3)),
      () => callOf('lookup_json_string', source(), key()),
      () => callOf('join', randomValue(random, 'Array<Bytes>', depth), text()),
      () => callOf('to_string', randomValue(random, random.pick(['Bool', 'Int', 'Ip'] as const), 0)),
    ],
    Ip: [
      () => callOf('cidr', address(), intOf(1 + random.below(32)), intOf(1 + random.below(128))),
      () => callOf('cidr6', address(), intOf(1 + random.below(128))),
    ],
    'Array<Bytes>': [
      () => callOf('split', source(), bytesOf(random.pick([',', 'b'])), intOf(1 + random.below(4))),
      () => callOf('lower', randomElements(random, 0)),
      () => callOf('concat', randomElements(random, 0), text()),
    ],
  };
  const ofType = calls[type];
  return ofType && random.pick(ofType)();
}

/** Bytes with `[*]`. */
function randomElements(random: Random, depth: number): Value {
  const each: Index = { kind: 'each', span: SPAN };
  const chance = random.below(5);
  if (chance === 0) return fieldOf(random.pick(FIELDS_OF.get('Map<Array<Bytes>>') ?? []), each, each);
  if (chance === 1)
    return fieldOf(random.pick(FIELDS_OF.get('Map<Array<Bytes>>') ?? []), each, {
      kind: 'at',
      position: random.below(2),
      span: SPAN,
    });
  if (chance === 2) return fieldOf(random.pick(FIELDS_OF.get('Map<Array<Bytes>>') ?? []), randomKey(random), each);
  if (chance === 3 && depth > 0)
    return valueFrom(callOf('split', randomValue(random, 'Bytes', 0), bytesOf(','), intOf(4)), each);
  return fieldOf(random.pick(FIELDS_OF.get('Array<Bytes>') ?? []), each);
}

/** any(…) or all(…) of results for the elements of one array. */
function randomTestCall(random: Random, depth: number): Value {
  const elements = randomElements(random, depth);
  const each: Index = { kind: 'each', span: SPAN };
  const item = (below: number): Expression => {
    const chance = below <= 0 ? 3 + random.below(3) : random.below(6);
    if (chance === 0) return randomLogic(random, below, item);
    if (chance === 1) return { kind: 'not', item: grouped(item(below - 1)), span: SPAN };
    if (chance === 2) return { kind: 'group', item: item(below - 1), span: SPAN };
    const mapped = random.below(3) === 0 ? valueFrom(callOf('lower', elements), each) : elements;
    return randomComparison(random, mapped, 'Bytes');
  };
  const expression = item(Math.min(depth, 2));
  const isPlain = random.below(8) === 0;
  const argument = isPlain ? valueFrom(callOf('starts_with', elements, randomValue(random, 'Bytes', 0))) : expression;
  return valueFrom(callOf(random.pick(['any', 'all']), argument));
}

function randomComparison(random: Random, value: Value, type: 'Bytes' | 'Int' | 'Ip'): Comparison {
  const common = { value, operatorSpan: SPAN, span: SPAN };
  const chance = random.below(type === 'Bytes' ? 7 : 4);
  if (chance < 2)
    return { ...common, kind: 'ordering', operator: random.pick(ORDERINGS), literal: randomLiteral(random, type) };
  if (chance === 2 && type !== 'Int')
    return { ...common, kind: 'in-list', list: random.pick(listsOf(type)), listSpan: SPAN };
  if (chance < 4) {
    const items = Array.from({ length: 1 + random.below(4) }, () => randomMember(random, type));
    return { ...common, kind: 'in-set', items };
  }
  if (chance === 4)
    return { ...common, kind: 'matches', pattern: { kind: 'pattern', pattern: random.pick(PATTERNS), span: SPAN } };
  const literal = { kind: 'bytes', bytes: random.pick(chance === 5 ? WILDCARDS : TEXTS), span: SPAN } as const;
  return chance === 5
    ? { ...common, kind: 'wildcard', isStrict: random.below(2) === 0, literal }
    : { ...common, kind: 'contains', literal };
}

const listsOf = (type: 'Bytes' | 'Ip'): readonly string[] =>
  type === 'Ip' ? ['office', 'stale', 'cf.open_proxies'] : ['names', 'stale_names'];

const randomLiteral = (random: Random, type: 'Bytes' | 'Int' | 'Ip'): Literal =>
  type === 'Bytes'
    ? bytesOf(random.pick(TEXTS))
    : type === 'Int'
      ? intOf(random.pick(INTEGERS))
      : { kind: 'address', address: random.pick(ADDRESSES), span: SPAN };

function randomMember(random: Random, type: 'Bytes' | 'Int' | 'Ip'): Literal {
  if (type === 'Bytes' || random.below(2) === 0) return randomLiteral(random, type);
  if (type === 'Int') {
    const [first = 0, last = 0] = [random.pick(INTEGERS), random.pick(INTEGERS)].sort((a, b) => a - b);
    return { kind: 'int-range', first, last, span: SPAN };
  }
  const address = random.pick(ADDRESSES);
  // Shorter prefixes of ::1 end with an address that stands for an IPv4 address.
  const bits = address.family === 4 ? random.below(33) : 96 + random.below(33);
  const range = networkOf(address, bits);
  if (random.below(2) === 0) return { kind: 'network', ...range, bits, span: SPAN };
  return { kind: 'address-range', ...range, span: SPAN };
}
