// Which of many rules can concern a request: most begin with a host or a path of their own.

import type { Context, Scheme } from './scheme.ts';
import type { Comparison, Expression, Value } from './syntax/ast.ts';

/** What a string must be if a rule is not to be false. */
export type Requirement = { readonly slot: number } & (
  | { readonly values: readonly string[] }
  | { readonly prefix: string }
);

/** A requirement of the whole rule, the most selective one; undefined if there is none. */
export function requirementOf(expression: Expression, scheme: Pick<Scheme, 'slotOf'>): Requirement | undefined {
  switch (expression.kind) {
    case 'group':
      return requirementOf(expression.item, scheme);
    case 'logic': {
      if (expression.operator !== 'and') return undefined;
      const found = expression.items.map((item) => requirementOf(item, scheme)).filter((one) => one !== undefined);
      return found.find((one) => 'values' in one) ?? found[0];
    }
    case 'test':
      return requirementOfCall(expression.value, scheme);
    case 'not':
      return undefined;
    default:
      return requirementOfComparison(expression, scheme);
  }
}

function requirementOfComparison(comparison: Comparison, scheme: Pick<Scheme, 'slotOf'>): Requirement | undefined {
  const slot = slotOf(comparison.value, scheme);
  const literals =
    comparison.kind === 'in-set'
      ? comparison.items
      : comparison.kind === 'ordering' && comparison.operator === '=='
        ? [comparison.literal]
        : [];
  const values = literals.flatMap((literal) => (literal.kind === 'bytes' ? [literal.bytes] : []));
  return slot === undefined || values.length === 0 ? undefined : { slot, values };
}

/** `starts_with(field, "…")` */
function requirementOfCall({ base, indexes }: Value, scheme: Pick<Scheme, 'slotOf'>): Requirement | undefined {
  if (base.kind !== 'call' || base.name !== 'starts_with' || indexes.length > 0) return undefined;
  const [source, start] = base.args;
  const slot = source?.kind === 'value' ? slotOf(source, scheme) : undefined;
  if (slot === undefined || start?.kind !== 'bytes' || start.bytes === '') return undefined;
  return { slot, prefix: start.bytes };
}

const slotOf = ({ base, indexes }: Value, scheme: Pick<Scheme, 'slotOf'>): number | undefined =>
  base.kind === 'field' && indexes.length === 0 ? scheme.slotOf(base.name) : undefined;

export interface RuleIndex {
  /**
   * Positions of the rules, ascending, that may be true or unknown in one of the contexts: all
   * without a context.
   */
  candidates(contexts: readonly Context[]): readonly number[];
}

export function createRuleIndex(requirements: readonly (Requirement | undefined)[]): RuleIndex {
  const always = Uint8Array.from(requirements, (requirement) => (requirement === undefined ? 1 : 0));
  const fields = new Map<number, FieldIndex>();
  for (const [position, requirement] of requirements.entries()) {
    if (requirement === undefined) continue;
    const field = fields.get(requirement.slot) ?? new FieldIndex();
    fields.set(requirement.slot, field);
    field.add(requirement, position);
  }
  const candidates = (contexts: readonly Context[]): readonly number[] => {
    const marks = contexts.length === 0 ? always.slice().fill(1) : always.slice();
    for (const context of contexts) for (const [slot, field] of fields) field.mark(context.read(slot), marks);
    const positions: number[] = [];
    for (let position = 0; position < marks.length; position++) if (marks[position] === 1) positions.push(position);
    return positions;
  };
  return { candidates };
}

/** Rules by what they require of one field. */
class FieldIndex {
  readonly #all: number[] = [];
  readonly #byValue = new Map<string, number[]>();
  /** By length, then by prefix: a request is looked up once for each length that occurs. */
  readonly #byPrefix = new Map<number, Map<string, number[]>>();

  add(requirement: Requirement, position: number): void {
    this.#all.push(position);
    if ('values' in requirement) {
      for (const value of requirement.values) push(this.#byValue, value, position);
      return;
    }
    const { prefix } = requirement;
    const ofLength = this.#byPrefix.get(prefix.length) ?? new Map<string, number[]>();
    this.#byPrefix.set(prefix.length, ofLength);
    push(ofLength, prefix, position);
  }

  /** A missing value fulfils nothing; an unknown one might fulfil everything. */
  mark(value: unknown, marks: Uint8Array): void {
    if (value === undefined) markAll(this.#all, marks);
    if (typeof value !== 'string') return;
    markAll(this.#byValue.get(value), marks);
    for (const [length, ofLength] of this.#byPrefix) markAll(ofLength.get(value.slice(0, length)), marks);
  }
}

function push(map: Map<string, number[]>, key: string, position: number): void {
  const positions = map.get(key);
  if (positions) positions.push(position);
  else map.set(key, [position]);
}

function markAll(positions: readonly number[] | undefined, marks: Uint8Array): void {
  if (positions) for (const position of positions) marks[position] = 1;
}
