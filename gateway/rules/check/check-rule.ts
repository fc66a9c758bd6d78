// Checks operators and what they compare. What passes can be compiled and evaluated.

import { fieldOf } from '../schema/fields.ts';
import { signatureOf } from '../schema/signatures.ts';
import { arrayOf, isArray, isMap, itemOf, type Type } from '../schema/types.ts';
import type { Comparison, Expression, Literal, Rule, Value } from '../syntax/ast.ts';
import { formatValue } from '../syntax/format-rule.ts';
import { describeType, LITERAL_TYPES, ValueChecker, WRITTEN } from './check-values.ts';

/** @throws {RuleError} */
export function checkRule(rule: Rule): void {
  const checker = new Checker(rule.source);
  const elements = checker.checkExpression(rule.expression);
  if (elements !== undefined)
    throw checker.error(
      'EACH_OUTSIDE',
      rule.expression.span,
      'An expression has a result for each element of an array.',
      'Put it into any(…) or all(…).',
    );
}

/**
 * Checks an expression that names one string of a request.
 * @throws {RuleError}
 */
export function checkText(source: string, expression: Expression): Value {
  const checker = new Checker(source);
  if (expression.kind !== 'test')
    throw checker.error(
      'TYPE_MISMATCH',
      expression.span,
      'A field is expected here, and this is a comparison.',
      'Write the place of the value alone, such as `http.request.body.form["user"][0]`.',
    );
  const { type, each } = checker.checkValue(expression.value);
  if (type === 'Bytes' && !each) return expression.value;
  throw checker.error(
    'TYPE_MISMATCH',
    expression.span,
    `\`${checker.text(expression.span)}\` is ${each ? 'each element of an array' : describeType(type)}.`,
    'Take one string out of it, as in `["name"][0]`.',
  );
}

class Checker extends ValueChecker {
  override checkExpression(expression: Expression): string | undefined {
    switch (expression.kind) {
      case 'not':
      case 'group':
        return this.checkExpression(expression.item);
      case 'logic':
        return this.#checkLogic(expression.items);
      case 'test':
        return this.checkTest(expression.value);
      default:
        return this.#checkComparison(expression);
    }
  }

  #checkLogic(items: readonly Expression[]): string | undefined {
    const [first, ...others] = items;
    if (!first) return undefined;
    const elements = this.checkExpression(first);
    for (const item of others) {
      const also = this.checkExpression(item);
      if (also === elements) continue;
      if (also !== undefined && elements !== undefined)
        throw this.error(
          'EACH_OF_TWO',
          item.span,
          'Results for the elements of two arrays cannot be joined.',
          'Give each array an any(…) or all(…) of its own.',
        );
      const span = also === undefined ? first.span : item.span;
      throw this.error(
        'TYPE_MISMATCH',
        span,
        'One side has a single result, the other one for each element.',
        'Put the expression with [*] into any(…) or all(…).',
      );
    }
    return elements;
  }

  override checkTest(value: Value): string | undefined {
    const { type, each } = this.checkValue(value);
    if (type === 'Bool') return each ? this.#elementsOf(value) : undefined;
    if (type === arrayOf('Bool') && !each) return this.#elementsOf(value);
    throw this.error(
      'TYPE_MISMATCH',
      value.span,
      `\`${this.text(value.span)}\` is ${describeType(type)} and has no truth of its own.`,
      isArray(type) || isMap(type)
        ? 'Take an element out of it, as in `[0]` or `["key"]`, and compare that.'
        : `Compare it, as in \`${this.text(value.span)} == ${type === 'Bytes' ? '"…"' : type === 'Int' ? '1' : '192.0.2.1'}\`.`,
    );
  }

  #checkComparison(comparison: Comparison): string | undefined {
    const { value } = comparison;
    const { type, each } = this.checkValue(value);
    const text = this.text(value.span);
    const operator = this.text(comparison.operatorSpan);
    if (type !== 'Bytes' && type !== 'Int' && type !== 'Ip')
      throw this.error(
        'OPERATOR_TYPE',
        comparison.operatorSpan,
        `\`${text}\` is ${describeType(type)}, which \`${operator}\` does not compare.`,
        type === 'Bool'
          ? `A Bool stands by itself: \`${text}\` or \`not ${text}\`.`
          : isMap(type)
            ? `Take one of its values: \`${text}["key"]${itemOf(type).startsWith('Array') ? '[0]' : ''}\`.`
            : `Write any(${text}[*] ${operator} …).`,
      );
    const isOfBytes = comparison.kind === 'contains' || comparison.kind === 'matches' || comparison.kind === 'wildcard';
    if (isOfBytes && type !== 'Bytes')
      throw this.error(
        'OPERATOR_TYPE',
        comparison.operatorSpan,
        `\`${operator}\` compares strings, and \`${text}\` is ${describeType(type)}.`,
        type === 'Ip' ? 'Compare with networks: `in {192.0.2.0/24}`.' : 'Compare with == != < <= > >= or `in {…}`.',
      );
    this.#checkRight(comparison, type);
    this.#checkPossible(comparison);
    return each ? this.#elementsOf(value) : undefined;
  }

  #checkRight(comparison: Comparison, type: Type): void {
    if (comparison.kind === 'ordering') {
      this.#checkLiteral(comparison.literal, type);
      if (/range|network/.test(comparison.literal.kind))
        throw this.error(
          'TYPE_MISMATCH',
          comparison.literal.span,
          'A network or range is no single value.',
          `Write \`in {${this.text(comparison.literal.span)}}\`.`,
        );
    }
    if (comparison.kind === 'in-set') for (const item of comparison.items) this.#checkLiteral(item, type);
    if (comparison.kind === 'in-list' && type === 'Int')
      throw this.error(
        'OPERATOR_TYPE',
        comparison.operatorSpan,
        'Lists have addresses or strings, no integers.',
        'Write the integers into the rule: `in {401 403 500..599}`.',
      );
  }

  /** What a field never is makes a comparison that is never, or always, true. */
  #checkPossible(comparison: Comparison): void {
    const { base, indexes } = comparison.value;
    const values = base.kind === 'field' && indexes.length === 0 ? fieldOf(base.name)?.values : undefined;
    if (!values) return;
    const literals =
      comparison.kind === 'ordering' ? [comparison.literal] : comparison.kind === 'in-set' ? comparison.items : [];
    for (const literal of literals) {
      if (literal.kind !== 'bytes' || values.includes(literal.bytes)) continue;
      throw this.error(
        'VALUE_IMPOSSIBLE',
        literal.span,
        `\`${this.text(comparison.value.span)}\` is never ${this.text(literal.span).slice(0, 60)}.`,
        `Write ${values.map((value) => `"${value}"`).join(' or ')}.`,
      );
    }
  }

  #checkLiteral(literal: Literal, type: Type): void {
    const found = LITERAL_TYPES[literal.kind];
    if (found === type) return;
    throw this.error(
      'TYPE_MISMATCH',
      literal.span,
      `\`${this.text(literal.span).slice(0, 60)}\` is ${WRITTEN[found]}, where ${describeType(type)} is compared.`,
      `Write ${WRITTEN[type]}.`,
    );
  }

  /** Names the array that a value with results for elements goes through. */
  #elementsOf(value: Value): string {
    const last = value.indexes.findLastIndex(({ kind }) => kind === 'each');
    const { base } = value;
    const [first] = base.kind === 'call' ? base.args : [];
    const isMapped = first?.kind === 'value' && first.indexes.some(({ kind }) => kind === 'each');
    // Each element of a mapped call that has a result for every value belongs to one of its
    // argument.
    if (base.kind === 'call' && isMapped && last <= 0 && signatureOf(base.name)?.isTotal)
      return this.#elementsOf(first);
    return formatValue({ ...value, indexes: value.indexes.slice(0, last + 1) });
  }
}
