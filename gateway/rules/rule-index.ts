// Which of many rules can concern a request: most look for a host, path, text or network of their
// own. Each value is read once for all rules, and compared with what they look for together.

import { createMembership } from './membership.ts';
import type { Requirement } from './requirement.ts';
import type { MaybeValue, RuleValue } from './schema/types.ts';
import type { Context } from './scheme.ts';
import type { Literal } from './syntax/ast.ts';

export interface RuleIndex {
  /**
   * Positions of the rules, ascending, that may be true or unknown in one of the contexts: all
   * without a context.
   */
  candidates(contexts: readonly Context[]): readonly number[];
}

export function createRuleIndex(requirements: readonly (Requirement | undefined)[]): RuleIndex {
  const all = [...requirements.keys()];
  const always = all.filter((position) => !requirements[position]);
  const values = [...Map.groupBy(all, (position) => requirements[position]?.name)].flatMap(([name, positions]) =>
    name === undefined ? [] : [new ValueIndex(requirements, positions)],
  );
  const candidates = (contexts: readonly Context[]): readonly number[] => {
    if (contexts.length === 0) return all;
    const found: number[] = [];
    for (const context of contexts) for (const value of values) value.find(context, found);
    return found.length === 0 ? always : [...new Set([...always, ...found])].sort((a, b) => a - b);
  };
  return { candidates };
}

/** Rules by what they require of one value. */
class ValueIndex {
  readonly #positions: readonly number[];
  readonly #read: Requirement['read'];
  readonly #finders: readonly Finder[];

  constructor(requirements: readonly (Requirement | undefined)[], positions: readonly number[]) {
    const entries = positions.flatMap((position) => {
      const requirement = requirements[position];
      return requirement ? [{ position, requirement }] : [];
    });
    this.#positions = positions;
    this.#read = entries[0]?.requirement.read ?? (() => undefined);
    this.#finders = [...Map.groupBy(entries, ({ requirement }) => requirement.condition)].flatMap(
      ([condition, alike]) =>
        FINDERS[condition](alike.map(({ position, requirement }) => ({ position, literals: requirement.literals }))),
    );
  }

  /** A missing value fulfils nothing; an unknown one might fulfil everything. */
  find(context: Context, found: number[]): void {
    const value: MaybeValue = this.#read(context);
    if (value === undefined) found.push(...this.#positions);
    else if (Array.isArray(value)) for (const element of value as readonly RuleValue[]) this.#look(element, found);
    else if (value !== null) this.#look(value, found);
  }

  #look(value: RuleValue, found: number[]): void {
    for (const finder of this.#finders) finder(value, found);
  }
}

/** Adds the positions of rules whose requirement a value may fulfil. */
type Finder = (value: RuleValue, found: number[]) => void;

interface Entry {
  readonly position: number;
  readonly literals: readonly Literal[];
}

const FINDERS: { readonly [Condition in Requirement['condition']]: (entries: readonly Entry[]) => readonly Finder[] } =
  {
    is: (entries) => [findEqual(entries)],
    starts: (entries) => [findStarts(entries)],
    contains: (entries) => inGroups(entries, (literals) => containsOne(literals, '')),
    'contains-in-any-case': (entries) => inGroups(entries, (literals) => containsOne(literals, 'i')),
    network: (entries) => inGroups(entries, createMembership),
  };

function findEqual(entries: readonly Entry[]): Finder {
  const byText = positionsByText(entries);
  return (value, found) => add(byText.get(value as string), found);
}

/** A value is looked up once for each length that occurs. */
function findStarts(entries: readonly Entry[]): Finder {
  const byText = positionsByText(entries);
  const lengths = [...new Set([...byText.keys()].map(({ length }) => length))];
  return (value, found) => {
    for (const length of lengths) add(byText.get((value as string).slice(0, length)), found);
  };
}

function positionsByText(entries: readonly Entry[]): ReadonlyMap<string, readonly number[]> {
  const byText = new Map<string, number[]>();
  for (const { position, literals } of entries)
    for (const text of textsOf(literals)) {
      const positions = byText.get(text);
      if (positions) positions.push(position);
      else byText.set(text, [position]);
    }
  return byText;
}

/** One that every request fulfils makes rules of its group candidates, and no others. */
const GROUP = 32;

/** One test for the rules of a group: in most requests none of them has what it looks for. */
function inGroups(
  entries: readonly Entry[],
  createTest: (literals: readonly Literal[]) => (value: RuleValue) => boolean,
): Finder[] {
  const finders: Finder[] = [];
  for (let at = 0; at < entries.length; at += GROUP) {
    const group = entries.slice(at, at + GROUP);
    const positions = group.map(({ position }) => position);
    const test = createTest(group.flatMap(({ literals }) => literals));
    finders.push((value, found) => {
      if (test(value)) add(positions, found);
    });
  }
  return finders;
}

/** Alternatives of plain text, which take the engine no steps back. */
function containsOne(literals: readonly Literal[], flags: string): (value: RuleValue) => boolean {
  const expression = new RegExp(textsOf(literals).map(escapeText).join('|'), flags);
  return (value) => expression.test(value as string);
}

const escapeText = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const textsOf = (literals: readonly Literal[]): string[] =>
  literals.flatMap((literal) => (literal.kind === 'bytes' ? [literal.bytes] : []));

function add(positions: readonly number[] | undefined, found: number[]): void {
  if (positions) for (const position of positions) found.push(position);
}
