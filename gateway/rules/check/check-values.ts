// Checks values: that fields and functions exist, and the types of indexes and arguments.

import { FIELDS, fieldOf } from '../schema/fields.ts';
import {
  hasArrays,
  LEFT_OUT,
  type Parameter,
  returnOf,
  SIGNATURES,
  type Signature,
  signatureOf,
} from '../schema/signatures.ts';
import { suggestName } from '../schema/suggest.ts';
import { arrayOf, isArray, isMap, itemOf, type Type } from '../schema/types.ts';
import type { Argument, Call, Expression, Index, Literal, Value } from '../syntax/ast.ts';
import { RuleError, type RuleErrorCode, type Span } from '../syntax/rule-error.ts';
import { shownSource } from '../syntax/shown-source.ts';

/** `each`: the type is that of every element that `[*]` takes out. */
export interface ValueType {
  readonly type: Type;
  readonly each: boolean;
}

/** The type of a value that was checked. */
export function typeOfValue(value: Value): ValueType {
  let type = value.base.kind === 'field' ? (fieldOf(value.base.name)?.type ?? 'Bytes') : typeOfCall(value.base);
  for (const _ of value.indexes) type = itemOf(type);
  return { type, each: value.indexes.some(({ kind }) => kind === 'each') };
}

/** The type that a checked call returns. */
export function typeOfCall(call: Call): Type {
  const signature = signatureOf(call.name) as Signature;
  const [first] = call.args;
  const { type, each } = first?.kind === 'value' ? typeOfValue(first) : { type: undefined, each: false };
  const returned = returnOf(signature, type);
  return each && !isTest(call) ? arrayOf(returned) : returned;
}

/** any() and all() take the results of an expression, all other functions take values. */
export const isTest = (call: Call): boolean => call.name === 'any' || call.name === 'all';

export const LITERAL_TYPES: { readonly [Kind in Literal['kind']]: Type } = {
  bytes: 'Bytes',
  int: 'Int',
  'int-range': 'Int',
  address: 'Ip',
  network: 'Ip',
  'address-range': 'Ip',
};
/** How a literal of a type is written. */
export const WRITTEN: { readonly [type: string]: string } = {
  Bytes: 'a string in quotes',
  Int: 'an integer',
  Ip: 'an address',
};

/** Values contain expressions, in any(…) and all(…), so that the rest is the subclass. */
export abstract class ValueChecker {
  readonly #source: string;
  #shown: string | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  /** @returns the array whose elements it has results for, or undefined if it has one result */
  abstract checkExpression(expression: Expression): string | undefined;
  abstract checkTest(value: Value): string | undefined;

  error(code: RuleErrorCode, span: Span, message: string, hint: string): RuleError {
    return new RuleError(code, this.#source, span, message, hint);
  }

  /** A part of the source, as people may see it. */
  text(span: Span): string {
    this.#shown ??= shownSource(this.#source);
    return this.#shown.slice(span.start, span.end);
  }

  checkValue(value: Value): ValueType {
    const { base } = value;
    let type = base.kind === 'field' ? this.#typeOfField(base.name, base.span) : this.#checkCall(base);
    let each = false;
    for (const [at, index] of value.indexes.entries()) {
      type = this.#checkIndex(value, index, at, type);
      each ||= index.kind === 'each';
    }
    return { type, each };
  }

  #checkIndex(value: Value, index: Index, at: number, type: Type): Type {
    const isRight =
      index.kind === 'each' ? isArray(type) || isMap(type) : index.kind === 'at' ? isArray(type) : isMap(type);
    if (!isRight)
      throw this.error(
        'INDEX_TYPE',
        index.span,
        `\`${this.text(index.span)}\` takes nothing out of ${describeType(type)}.`,
        isArray(type)
          ? 'Elements of an array are [0], [1] or, each of them, [*].'
          : isMap(type)
            ? 'Values of a map are ["key"] or, each of them, [*].'
            : 'Remove it.',
      );
    const isLower = value.base.kind === 'field' && fieldOf(value.base.name)?.hasLowerCaseKeys;
    if (isLower && at === 0 && index.kind === 'key' && /[A-Z]/.test(index.key))
      throw this.error(
        'KEY_CASE',
        index.span,
        'Names of headers are in lower case, so this one never occurs.',
        `Write ["${index.key.toLowerCase()}"].`,
      );
    return itemOf(type);
  }

  #typeOfField(name: string, span: Span): Type {
    const field = fieldOf(name);
    if (field) return field.type;
    const shown = this.text(span);
    const isFunction = Object.hasOwn(SIGNATURES, name);
    const negated = /^not(.+)/.exec(name)?.[1];
    const suggestion =
      negated !== undefined && fieldOf(negated) ? `not ${negated}` : suggestName(name, Object.keys(FIELDS));
    throw this.error(
      'FIELD_UNKNOWN',
      span,
      isFunction ? `\`${shown}\` is a function.` : `There is no field \`${shown.slice(0, 80)}\`.`,
      isFunction
        ? `Write its arguments: \`${shown}(…)\`.`
        : suggestion === undefined
          ? 'docs/gateway-rules.md lists the fields.'
          : `Did you mean \`${suggestion}\`?`,
    );
  }

  #checkCall(call: Call): Type {
    const signature = this.#signatureOf(call);
    const { parameters, optional = 0, isVariadic } = signature;
    const min = parameters.length - optional;
    const max = isVariadic ? Number.POSITIVE_INFINITY : parameters.length;
    if (call.args.length < min || call.args.length > max)
      throw this.error(
        'ARGUMENT_COUNT',
        call.args[max]?.span ?? call.span,
        `${call.name} has ${call.args.length} argument${call.args.length === 1 ? '' : 's'}.`,
        `Write ${call.name}(${parameters.map(({ name }) => name).join(', ')}${isVariadic ? ', …' : ''}).`,
      );
    if (isTest(call)) return this.#checkTestCall(call);
    const types = call.args.map((argument, at) => {
      const parameter = parameters[Math.min(at, parameters.length - 1)] as Parameter;
      return this.#checkArgument(call, argument, parameter, at);
    });
    const [first] = types;
    const mixed = signature.returns === 'first' ? types.findIndex(({ type }) => type !== first?.type) : -1;
    if (mixed !== -1)
      throw this.error(
        'ARGUMENT_TYPE',
        call.args[mixed]?.span ?? call.span,
        `Arguments of ${call.name} are of two types: ${first?.type} and ${types[mixed]?.type}.`,
        'Join strings with strings, and arrays with arrays of the same type.',
      );
    const returned = returnOf(signature, first?.type);
    if (first?.each && !hasArrays(returned))
      throw this.error(
        'INDEX_TYPE',
        call.args[0]?.span ?? call.span,
        `${call.name} returns an array, and would return an array of arrays here.`,
        'Take one element instead of `[*]`.',
      );
    return first?.each ? arrayOf(returned) : returned;
  }

  #signatureOf(call: Call): Signature {
    const signature = signatureOf(call.name);
    if (signature) return signature;
    const instead = Object.hasOwn(LEFT_OUT, call.name) ? LEFT_OUT[call.name] : undefined;
    if (instead !== undefined)
      throw this.error('NOT_SUPPORTED', call.nameSpan, `The function ${call.name} is not supported.`, instead);
    const suggestion = suggestName(call.name, Object.keys(SIGNATURES));
    throw this.error(
      'FUNCTION_UNKNOWN',
      call.nameSpan,
      fieldOf(call.name) ? `\`${call.name}\` is a field.` : `There is no function \`${call.name.slice(0, 80)}\`.`,
      fieldOf(call.name)
        ? 'Remove the parentheses.'
        : suggestion === undefined
          ? 'docs/gateway-rules.md lists the functions.'
          : `Did you mean \`${suggestion}\`?`,
    );
  }

  #checkTestCall(call: Call): Type {
    const [argument] = call.args;
    const isValue = argument?.kind === 'value';
    const elements = isValue
      ? this.checkTest(argument)
      : isExpression(argument)
        ? this.checkExpression(argument)
        : undefined;
    if (elements !== undefined) return 'Bool';
    throw this.error(
      'ARGUMENT_TYPE',
      argument?.span ?? call.span,
      `${call.name} tests each element of an array, and none is named here.`,
      `Write [*] behind an array, as in ${call.name}(http.request.headers.names[*] == "x-debug").`,
    );
  }

  #checkArgument(call: Call, argument: Argument, parameter: Parameter, at: number): ValueType {
    if (isExpression(argument))
      throw this.error(
        'ARGUMENT_TYPE',
        argument.span,
        `${call.name} takes a value as \`${parameter.name}\`, not an expression.`,
        'Write a field, a function or a literal.',
      );
    const isLiteral = argument.kind !== 'value';
    if (isLiteral ? parameter.literal === 'never' : parameter.literal === 'only')
      throw this.error(
        'ARGUMENT_LITERAL',
        argument.span,
        `\`${parameter.name}\` of ${call.name} is ${isLiteral ? 'a literal' : 'not a literal'}.`,
        isLiteral
          ? 'Write a field or a function.'
          : `Write ${parameter.types.map((type) => WRITTEN[type]).join(' or ')}.`,
      );
    const found = isLiteral ? { type: LITERAL_TYPES[argument.kind], each: false } : this.checkValue(argument);
    if (found.each && at > 0)
      throw this.error(
        'EACH_NOT_FIRST',
        argument.span,
        `[*] stands in argument ${at + 1} of ${call.name}.`,
        'Only the first argument of a function can go through an array.',
      );
    const expected = parameter.types.map(describeType).join(' or ');
    if (!parameter.types.includes(found.type) || (isLiteral && /range|network/.test(argument.kind)))
      throw this.error(
        'ARGUMENT_TYPE',
        argument.span,
        `\`${parameter.name}\` of ${call.name} is ${describeType(found.type)}.`,
        isArray(found.type) && !parameter.types.some(isArray) ? 'Write [*] behind it.' : `Write ${expected}.`,
      );
    const wanted = isLiteral ? parameter.check?.(argument) : undefined;
    if (wanted === undefined) return found;
    throw this.error(
      'ARGUMENT_VALUE',
      argument.span,
      `\`${parameter.name}\` of ${call.name} is out of range.`,
      `Write ${wanted}.`,
    );
  }
}

/** Neither a value nor a literal. */
export const isExpression = (argument: Argument | undefined): argument is Expression =>
  argument !== undefined && !(argument.kind in LITERAL_TYPES) && argument.kind !== 'value';

/** With its article. */
export const describeType = (type: Type): string =>
  `${/^(?:Int|Ip|Array)/.test(type) ? 'an' : type === 'Bytes' ? '' : 'a'} ${type}`.trim();
