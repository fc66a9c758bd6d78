// The syntax tree of a rule. Each node knows which part of the source it stands for.

import type { Address } from '../../addresses/address.ts';
import type { Span } from './rule-error.ts';

/** An expression is true, false or unknown; with `[*]` in it, it is so for each element. */
export type Expression = Logic | Not | Group | Test | Comparison;

export interface Logic {
  readonly kind: 'logic';
  readonly operator: LogicOperator;
  /** At least two, none of which is a `Logic` that binds less or equally: that needs a `Group`. */
  readonly items: readonly Expression[];
  readonly span: Span;
}

export interface Not {
  readonly kind: 'not';
  readonly item: Expression;
  readonly span: Span;
}

/** Parentheses, kept so that a rule is printed as it was written. */
export interface Group {
  readonly kind: 'group';
  readonly item: Expression;
  readonly span: Span;
}

/** A value of type Bool by itself. */
export interface Test {
  readonly kind: 'test';
  readonly value: Value;
  readonly span: Span;
}

export type Comparison = Ordering | Contains | Matches | Wildcard | InSet | InList;

export interface Ordering extends Compares {
  readonly kind: 'ordering';
  readonly operator: OrderingOperator;
  readonly literal: Literal;
}

export interface Contains extends Compares {
  readonly kind: 'contains';
  readonly literal: BytesLiteral;
}

export interface Matches extends Compares {
  readonly kind: 'matches';
  readonly pattern: PatternLiteral;
}

export interface Wildcard extends Compares {
  readonly kind: 'wildcard';
  readonly isStrict: boolean;
  readonly literal: BytesLiteral;
}

export interface InSet extends Compares {
  readonly kind: 'in-set';
  /** At least one. */
  readonly items: readonly Literal[];
}

export interface InList extends Compares {
  readonly kind: 'in-list';
  /** Without its `$`. */
  readonly list: string;
  readonly listSpan: Span;
}

interface Compares {
  readonly value: Value;
  readonly operatorSpan: Span;
  readonly span: Span;
}

/** A field or the result of a function, and what is taken out of it. */
export interface Value {
  readonly kind: 'value';
  readonly base: Field | Call;
  readonly indexes: readonly Index[];
  readonly span: Span;
}

export interface Field {
  readonly kind: 'field';
  readonly name: string;
  readonly span: Span;
}

export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Argument[];
  readonly span: Span;
  readonly nameSpan: Span;
}

/** An expression that is only a value is a `Value` here, never a `Test`. */
export type Argument = Value | Literal | Expression;

export type Index =
  | { readonly kind: 'at'; readonly position: number; readonly span: Span }
  | { readonly kind: 'key'; readonly key: string; readonly span: Span }
  | { readonly kind: 'each'; readonly span: Span };

export type Literal = BytesLiteral | IntLiteral | IntRange | AddressLiteral | NetworkLiteral | AddressRange;

/** Bytes are text of which each character is one byte (latin1). */
export interface BytesLiteral {
  readonly kind: 'bytes';
  readonly bytes: string;
  readonly span: Span;
}

export interface PatternLiteral {
  readonly kind: 'pattern';
  readonly pattern: string;
  readonly span: Span;
}

export interface IntLiteral {
  readonly kind: 'int';
  readonly value: number;
  readonly span: Span;
}

export interface IntRange {
  readonly kind: 'int-range';
  readonly first: number;
  readonly last: number;
  readonly span: Span;
}

export interface AddressLiteral {
  readonly kind: 'address';
  readonly address: Address;
  readonly span: Span;
}

export interface NetworkLiteral {
  readonly kind: 'network';
  readonly first: Address;
  readonly last: Address;
  readonly bits: number;
  readonly span: Span;
}

export interface AddressRange {
  readonly kind: 'address-range';
  readonly first: Address;
  readonly last: Address;
  readonly span: Span;
}

export type LogicOperator = 'or' | 'xor' | 'and';
export type OrderingOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** What `parseRule` returns. */
export interface Rule {
  readonly source: string;
  readonly expression: Expression;
}
