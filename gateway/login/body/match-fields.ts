// Which fields of a request a server may take for one that a login has, and what it reads there.

import type { Field } from './fields.ts';
import { folded, segmentsOf } from './names.ts';

/** A member of the body, as a login names it. */
export interface Target {
  readonly letters: string;
  readonly segments: readonly string[];
  /** Fields below it are other ones: it is a username, or an object of which others are members. */
  readonly hasMembers: boolean;
}

/**
 * @param paths a name that ends in a colon is followed by a type (Zope's `name:string`), which
 * makes something else of its value
 */
export function targetsOf(paths: readonly (readonly string[])[], kind: 'username' | 'password'): readonly Target[] {
  const targets = paths.map((path) => ({
    letters: folded(path.join('')),
    segments: path.flatMap(segmentsOf).map(folded),
    hasType: path.at(-1)?.endsWith(':') ?? false,
  }));
  return targets.map(({ hasType, ...target }) => ({
    ...target,
    hasMembers: (kind === 'username' && !hasType) || targets.some(({ segments }) => isBelow(segments, target.segments)),
  }));
}

const isBelow = (segments: readonly string[], parent: readonly string[]): boolean =>
  segments.length > parent.length && parent.every((segment, i) => segment === segments[i]);

/** A shorter name stands in many a picture, by chance. */
export const isLong = ({ letters, segments }: Target): boolean => (segments.at(-1) ?? letters).length > 2;

/** What fields that match have as their values. */
export interface Matches {
  readonly texts: readonly string[];
  /** One of each field, without blanks around it, and none that is empty. */
  readonly values: readonly string[];
  /** Whether any field matches, readable or not. */
  readonly isFound: boolean;
  /** Whether one of them is no text: a number or a file, which some servers read all the same. */
  readonly isUnread?: boolean;
  /** Why servers may differ in what they read. */
  readonly problem?: string | undefined;
}

/**
 * Every server reads one of these values, if it reads any.
 * @param fields of one source
 */
export function matchFields(targets: readonly Target[], fields: readonly Field[]): Matches {
  const texts: string[] = [];
  let isFound = false;
  let isUnread = false;
  let problem: string | undefined;
  const counts = new Map<Target, number>();
  const values = new Map<Target, Values>();
  const all: string[] = [];
  for (const field of fields) {
    const letters = folded(field.path.join(''));
    const segments = field.path.map(folded).filter((segment) => segment !== '');
    for (const target of targets) {
      const isSame = letters === target.letters;
      const isMember = !target.hasMembers && isBelow(segments, target.segments);
      if (!isSame && !isMember && segments.at(-1) !== target.segments.at(-1)) continue;
      isFound = true;
      isUnread ||= field.texts.length === 0;
      texts.push(...field.texts);
      all.push(...filledOf(field.texts));
      takeValue(values, target, field, isSame);
      if (isSame) counts.set(target, (counts.get(target) ?? 0) + 1);
      if (isMember) problem ??= 'a field has members';
      if (field.texts.length === 0 && (isSame || isMember)) problem ??= 'a field is no text';
    }
  }
  if ([...counts.values()].some((count) => count > 1)) problem ??= 'a field stands twice';
  if ([...values.values()].some(isAmbiguous)) problem ??= 'a field stands elsewhere with another value';
  return { texts, values: all, isFound, isUnread, problem };
}

/** @param texts what servers may read in one field */
export const filledOf = ([text = '']: readonly string[]): readonly string[] =>
  text.trim() === '' ? [] : [text.trim()];

/** Values of one field. */
interface Values {
  /** Under its own name. */
  readonly own: Set<string>;
  /** In places where a server might look for it. */
  readonly others: Set<string>;
}

function takeValue(values: Map<Target, Values>, target: Target, { texts: [text] }: Field, isOwn: boolean): void {
  if (text === undefined) return;
  const { own, others } = values.get(target) ?? { own: new Set(), others: new Set() };
  (isOwn ? own : others).add(text.trim());
  values.set(target, { own, others });
}

/**
 * No form has them. An attacker's own login would tell by its response whether a guess beside it is
 * leaked, and would count at everybody whom it names.
 */
const isAmbiguous = ({ own, others }: Values): boolean =>
  own.size > 0 ? [...others].some((value) => !own.has(value)) : others.size > 2;
